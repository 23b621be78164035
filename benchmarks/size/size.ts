/**
 * @file Prints the sizes of bundles, and fails when one is larger than it may be:
 *
 *     npm run size
 */
import { watched } from "./budgets.ts";
import { bundles } from "./bundles.ts";

const sizes = await bundles();
for (const [name, { most }] of Object.entries(watched)) {
  const { gzip } = sizes[name]!;
  if (gzip <= most) continue;
  console.error(`${name}: expected at most ${most} bytes by gzip, got ${gzip}. Leave something out.`);
  process.exitCode = 1;
}

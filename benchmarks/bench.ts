/**
 * @file Runs every case in every peer, in alternation, and prints tables:
 *
 *     npm run bench -- [--short] [--only PATTERN] [--json FILE]
 *
 * `--short` takes less than 3 minutes, and its figures are rougher. `--only` takes the cases whose
 * names match a regular expression. The environment variable NNXJS_PYTHON may name a Python with
 * jax, flax and optax; without it JAX is left out. All figures are also in benchmarks/results.json.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { GROUPS } from "./cases/index.ts";
import { alternate, type Effort } from "./peers/alternate.ts";
import { peers } from "./peers/peers.ts";
import { PeerProcess } from "./peers/process.ts";
import { disagreements } from "./report/agree.ts";
import { machine } from "./report/machine.ts";
import { table } from "./report/table.ts";
import { bundles } from "./size/bundles.ts";
import { startUp } from "./size/start-up.ts";

const EFFORTS = {
  full: { warmUp: 400, round: 60, rounds: 15, total: 3000 },
  short: { warmUp: 40, round: 10, rounds: 5, total: 150 },
} satisfies Record<string, Effort>;

const { values: options } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    json: { type: "string", default: fileURLToPath(new URL("results.json", import.meta.url)) },
  },
});
const only = new RegExp(options.only, "i");
const effort = options.short ? EFFORTS.short : EFFORTS.full;
const chosen = GROUPS.map((group) => ({
  ...group,
  entries: group.entries.filter((name) => only.test(name)),
}));
const results: Record<string, unknown> = { ...machine(), short: options.short };

async function compare(): Promise<void> {
  const everybody = peers(process.env.NNXJS_PYTHON);
  const processes = everybody.map((peer) => new PeerProcess(peer));
  try {
    for (const process of processes) await process.ready();
    for (const { name, title, entries, slow = [] } of chosen) {
      if (entries.length === 0) continue;
      const rows: { entry: string; outcomes: Awaited<ReturnType<typeof alternate>> }[] = [];
      for (const entry of entries) {
        const able = processes.filter(({ peer }) => !(options.short && slow.includes(peer.name)));
        rows.push({ entry, outcomes: await alternate(able, name, entry, effort) });
      }
      results[name] = rows;
      console.log(`\n${title}\n\n${table(everybody, rows)}`);
      for (const line of rows.flatMap(({ entry, outcomes }) => disagreements(entry, outcomes)))
        console.log(line);
    }
  } finally {
    for (const process of processes) process.close();
  }
}

console.log(
  Object.entries(machine())
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n"),
);
if (chosen.some(({ entries }) => entries.length > 0)) await compare();
if (only.test("start-up")) results["start-up"] = await startUp(options.short ? 3 : 9);
if (only.test("bundles")) results.bundles = await bundles();
writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
console.log(`\nWritten to ${options.json}`);

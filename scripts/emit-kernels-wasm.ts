/**
 * @file Writes packages/kernels/src/wasm/*.generated.ts.
 *
 *     node scripts/run.mjs scripts/emit-kernels-wasm.ts
 */
import { writeFileSync } from "node:fs";
import { allModules, generatedFile, generatedPlace } from "./kernels-wasm/all-modules.ts";

for (const name of Object.keys(allModules)) {
  const target = generatedPlace(name);
  writeFileSync(target, generatedFile(name));
  console.log(`Wrote ${target.pathname}`);
}

/**
 * @file Writes packages/rnglib/src/keys/wasm/kernels.generated.ts.
 *
 *     node scripts/run.mjs scripts/emit-rng-wasm.ts
 */
import { writeFileSync } from "node:fs";
import { generatedFile } from "./rng-wasm/generated-file.ts";

const target = new URL("../packages/rnglib/src/keys/wasm/kernels.generated.ts", import.meta.url);
writeFileSync(target, generatedFile());
console.log(`Wrote ${target.pathname}`);

/** @file Every module of packages/kernels/src/wasm, and the text of its file. */
import { anyMemory, encodeModule, type WasmFunction } from "../wasm-emitter/module.ts";
import { adamFunctions } from "./adam-kernel.ts";
import { normColumnsBackFunctions, normColumnsFunctions, normRowsFunctions } from "./norm-kernel.ts";
import { productFunctions } from "./product-kernel.ts";
import { extremaFunctions, sumFunctions } from "./reduce-kernel.ts";
import { entropyFunctions, logSoftmaxFunctions, softmaxFunctions } from "./softmax-kernel.ts";

/** The functions of each module, by the name of the module. */
export const allModules: Readonly<Record<string, Readonly<Record<string, WasmFunction>>>> = {
  adam: adamFunctions,
  normRows: normRowsFunctions,
  normColumns: normColumnsFunctions,
  normColumnsBack: normColumnsBackFunctions,
  product: productFunctions,
  sum: sumFunctions,
  extrema: extremaFunctions,
  softmax: softmaxFunctions,
  logSoftmax: logSoftmaxFunctions,
  entropy: entropyFunctions,
};

/** The bytes of a module. */
export const bytesOf = (name: string): Uint8Array<ArrayBuffer> => encodeModule(allModules[name]!, anyMemory);

/** The folder of the generated files. */
export const generatedFolder: URL = new URL("../../packages/kernels/src/wasm/", import.meta.url);

/** The file of a module, as it is committed. */
export function generatedFile(name: string): string {
  const functions = Object.keys(allModules[name]!);
  const bytes = bytesOf(name);
  return `/** @file A WebAssembly module in base64. Generated: node scripts/run.mjs scripts/emit-kernels-wasm.ts */
import type { WasmModule } from "./module.ts";

/** ${bytes.length} bytes. */
export const ${name}Module: WasmModule<${functions.map((each) => `"${each}"`).join(" | ")}> = {
  base64:
    "${Buffer.from(bytes).toString("base64")}",
};
`;
}

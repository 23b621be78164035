/** @file Every module of packages/kernels/src/wasm, and the text of its file. */
import { anyMemory, encodeModule, type WasmFunction } from "../wasm-emitter/module.ts";
import { textOf } from "../wasm-emitter/text.ts";
import { elementwiseModules } from "./elementwise/modules.ts";
import { depthwiseFunctions, relaxedDepthwiseFunctions } from "./depthwise-kernel.ts";
import { patchesFunctions } from "./patches-kernel.ts";
import { poolFunctions } from "./pool-kernel.ts";
import { maskFunctions } from "./mask-kernel.ts";
import { normColumnsBackFunctions, normColumnsFunctions, normRowsFunctions } from "./norm-kernel.ts";
import { productFunctions, relaxedProductFunctions } from "./product-kernel.ts";
import { productRowsFunctions, relaxedProductRowsFunctions } from "./product-rows.ts";
import {
  gateFunctions,
  gateGradientFunctions,
  relaxedStepFunctions,
  stepFunctions,
} from "./recurrent-kernel.ts";
import { extremaFunctions, sumFunctions } from "./reduce-kernel.ts";
import { moveFunctions } from "./move-kernel.ts";
import { rowsFunctions } from "./rows-kernel.ts";
import { selectFunctions } from "./select-kernel.ts";
import { entropyFunctions, logSoftmaxFunctions, softmaxFunctions } from "./softmax-kernel.ts";
import { sparseFunctions } from "./sparse-kernel.ts";
import { stepModules } from "./step-kernels.ts";

/** The functions of each module, by the name of the module. */
export const allModules: Readonly<Record<string, Readonly<Record<string, WasmFunction>>>> = {
  ...elementwiseModules,
  depthwise: depthwiseFunctions,
  patches: patchesFunctions,
  pool: poolFunctions,
  mask: maskFunctions,
  product: productFunctions,
  productRows: productRowsFunctions,
  sparse: sparseFunctions,
  sum: sumFunctions,
  extrema: extremaFunctions,
  move: moveFunctions,
  rows: rowsFunctions,
  select: selectFunctions,
  ...stepModules,
  gates: gateFunctions,
  gateGradients: gateGradientFunctions,
  steps: stepFunctions,
  normRows: normRowsFunctions,
  normColumns: normColumnsFunctions,
  normColumnsBack: normColumnsBackFunctions,
  softmax: softmaxFunctions,
  logSoftmax: logSoftmaxFunctions,
  entropy: entropyFunctions,
  relaxedProduct: relaxedProductFunctions,
  relaxedProductRows: relaxedProductRowsFunctions,
  relaxedDepthwise: relaxedDepthwiseFunctions,
  relaxedSteps: relaxedStepFunctions,
};

/** The bytes of a module. */
export const bytesOf = (name: string): Uint8Array<ArrayBuffer> => encodeModule(allModules[name]!, anyMemory);

const generatedFolder = new URL("../../packages/kernels/src/wasm/", import.meta.url);

/** Where the file of a module is. */
export const generatedPlace = (name: string): URL =>
  new URL(`${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.generated.ts`, generatedFolder);

/** The file of a module, as it is committed. */
export function generatedFile(name: string): string {
  const functions = Object.keys(allModules[name]!);
  const bytes = bytesOf(name);
  return `/** @file A WebAssembly module as text. Generated: node scripts/run.mjs scripts/emit-kernels-wasm.ts */
import type { WasmModule } from "./module.ts";

/** ${bytes.length} bytes. */
export const ${name}Module: WasmModule<${functions.map((each) => `"${each}"`).join(" | ")}> = {
  text:
    "${textOf(bytes)}",
};
`;
}

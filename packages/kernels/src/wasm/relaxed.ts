/** @file Sums of products by relaxed SIMD, for those who ask for it. */
import { depthwiseModule } from "./depthwise.generated.ts";
import { isKnown, substitute, type WasmModule } from "./module.ts";
import { productModule } from "./product.generated.ts";
import { productRowsModule } from "./product-rows.generated.ts";
import { relaxedDepthwiseModule } from "./relaxed-depthwise.generated.ts";
import { relaxedProductModule } from "./relaxed-product.generated.ts";
import { relaxedProductRowsModule } from "./relaxed-product-rows.generated.ts";
import { relaxedStepsModule } from "./relaxed-steps.generated.ts";
import { stepsModule } from "./steps.generated.ts";

const plain: ReadonlyMap<WasmModule, WasmModule> = new Map();

/** What the relaxed modules lack, those that they stand for have. */
const relaxed: ReadonlyMap<WasmModule, WasmModule> = new Map<WasmModule, WasmModule>([
  [productModule, { ...relaxedProductModule, and: productModule }],
  [productRowsModule, relaxedProductRowsModule],
  [depthwiseModule, relaxedDepthwiseModule],
  [stepsModule, { ...relaxedStepsModule, and: stepsModule }],
]);

/** Whether this engine has relaxed SIMD, once that was asked. */
let has: boolean | undefined;

/**
 * Lets kernels add products by one instruction in the place of two: fused multiply-add, of
 * WebAssembly's relaxed SIMD. Products of matrices, convolutions and recurrent layers on cpu and wasm
 * become up to 1.3 times as quick.
 *
 * The engine then decides whether a product is rounded before it is added. So the last bits of results
 * differ from those without it, and between engines and processors. It is off at first. Programs of
 * `jit` are recorded again after it changes.
 *
 * Node has relaxed SIMD since 21 (Node 20 with `--experimental-wasm-relaxed-simd`), Chrome since 114.
 * It holds for this thread: each worker asks for itself.
 * @param on - Whether to use it from now on. Where the engine does not have it, nothing changes.
 * @returns whether the engine has it.
 * @example
 * ```ts
 * import { useRelaxedSimd } from "@nnxjs/kernels";
 *
 * const isQuicker = useRelaxedSimd(true); // false where the engine does not have it
 * useRelaxedSimd(false); // the same bits everywhere again
 * ```
 */
export function useRelaxedSimd(on: boolean): boolean {
  has ??= isKnown(relaxedProductModule);
  substitute(on && has ? relaxed : plain);
  return has;
}

/** @file The two ways to add a product: plain SIMD, and relaxed SIMD. */
import { type Code, f32x4 } from "../wasm-emitter/code.ts";

/** `a * b + c` of four floats. */
export type MultiplyAdd = (a: Code, b: Code, c: Code) => Code;

/** Rounds the product and the sum, on every engine. */
export const plainMultiplyAdd: MultiplyAdd = (a, b, c) => f32x4.add(c, f32x4.mul(a, b));

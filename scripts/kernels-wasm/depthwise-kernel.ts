/** @file Depthwise convolutions, where every channel has a filter of its own, and their gradients. */
import { f32x4, type } from "../wasm-emitter/code.ts";
import type { WasmFunction } from "../wasm-emitter/module.ts";
import { type MultiplyAdd, plainMultiplyAdd } from "./multiply-add.ts";
import { make, overWindows } from "./windows.ts";

const hasWeights = true;

/** The sums of the elements times their weights. */
const convolution = (multiplyAdd: MultiplyAdd): WasmFunction =>
  overWindows(
    (width, { out, tap, weight }, locals) => {
      const sums = make(locals, type.v128, width.vectors);
      return {
        begin: sums.flatMap((sum) => sum.set(f32x4.const(0))),
        tap: sums.flatMap((sum, v) =>
          sum.set(multiplyAdd(width.load(tap.get, 16 * v), width.load(weight.get, 16 * v), sum.get)),
        ),
        end: sums.flatMap((sum, v) => width.store(out, 16 * v, sum.get)),
      };
    },
    { hasWeights },
  );

/** Adds the number of each window, times one of the two, to the other, which is written. */
const gradient = (multiplyAdd: MultiplyAdd, written: "tap" | "weight"): WasmFunction =>
  overWindows(
    (width, { out, tap, weight }, locals) => {
      const parts = make(locals, type.v128, width.vectors);
      const [to, by] = written === "tap" ? [tap, weight] : [weight, tap];
      return {
        begin: parts.flatMap((part, v) => part.set(width.load(out, 16 * v))),
        tap: parts.flatMap((part, v) =>
          width.store(
            to.get,
            16 * v,
            multiplyAdd(part.get, width.load(by.get, 16 * v), width.load(to.get, 16 * v)),
          ),
        ),
        end: [],
      };
    },
    { hasWeights },
  );

const functions = (multiplyAdd: MultiplyAdd): Readonly<Record<string, WasmFunction>> => ({
  convolution: convolution(multiplyAdd),
  inputGradient: gradient(multiplyAdd, "tap"),
  filterGradient: gradient(multiplyAdd, "weight"),
});

/** The functions of the module. */
export const depthwiseFunctions: Readonly<Record<string, WasmFunction>> = functions(plainMultiplyAdd);

/** The same by relaxed SIMD. */
export const relaxedDepthwiseFunctions: Readonly<Record<string, WasmFunction>> = functions(
  f32x4.relaxedMultiplyAdd,
);

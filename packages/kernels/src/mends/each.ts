/** @file Element-wise kernels as loops, for the dtype for which the stock kernel is wrong. */
import { backend_util, type NamedAttrMap } from "@tensorflow/tfjs-core";
import { eachRow, fold } from "../fold.ts";
import { loop, type LoopDtype } from "../memory/access.ts";
import { type Mend, mend } from "../mend.ts";

type Backends = readonly ("cpu" | "wasm")[];

/** Writes kernels of one tensor of a dtype. The stock kernel is for the others. */
export const ofEach =
  (dtype: LoopDtype) =>
  <A = NamedAttrMap>(kernelName: string, backends: Backends, of: (x: number, attrs: A) => number): Mend =>
    mend<"x", A>(kernelName, backends, ({ inputs: { x }, attrs, backend, stock }) => {
      if (x.dtype !== dtype) return stock();
      return loop(backend, [x], { shape: x.shape, dtype }, ([values], out) => {
        for (let i = 0; i < out.length; i++) out[i] = of(values![i]!, attrs);
      });
    });

/** Writes kernels of two tensors of a dtype, with broadcasting. */
export const ofPairs =
  (dtype: LoopDtype) =>
  (kernelName: string, backends: Backends, of: (a: number, b: number) => number): Mend =>
    mend<"a" | "b">(kernelName, backends, ({ inputs: { a, b }, backend, stock }) => {
      if (a.dtype !== dtype || b.dtype !== dtype) return stock();
      const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
      return loop(backend, [a, b], { shape, dtype }, ([x, y], out) => {
        if (out.length === 0) return;
        eachRow(fold(a.shape, b.shape), (fromA, fromB, to, length, stepA, stepB) => {
          for (let i = 0; i < length; i++) out[to + i] = of(x![fromA + i * stepA]!, y![fromB + i * stepB]!);
        });
      });
    });

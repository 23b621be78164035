/** @file Pools and their gradients by WebAssembly. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Axis } from "../quick/conv-geometry.ts";
import { sizeOf } from "../shape.ts";
import { wasmRun } from "./call.ts";
import { poolModule } from "./pool.generated.ts";

const ONE: Axis = { input: 1, output: 1, window: 1, stride: 1, dilation: 1, before: 0 };

/** The geometry of one to three axes, as of three. Missing ones are leading axes of size 1. */
export const threeAxes = (axes: readonly Axis[]): [Axis, Axis, Axis] =>
  [ONE, ONE, ...axes].slice(-3) as [Axis, Axis, Axis];

/** Where element `k` of window `out` is, or -1 in the padding. */
export function placeOf(axis: Axis, out: number, k: number): number {
  const at = out * axis.stride - axis.before + k * axis.dilation;
  return at >= 0 && at < axis.input ? at : -1;
}

/**
 * For each row of windows: how many rows of each window are not padding, and the offset of each of
 * its rows in an image, in bytes, or -1.
 */
function tableOf([d, h, w]: readonly [Axis, Axis, Axis], pixel: number): Int32Array {
  const tall = d.window * h.window;
  const table = new Int32Array(d.output * h.output * (1 + tall));
  let at = 0;
  for (let od = 0; od < d.output; od++) {
    for (let oh = 0; oh < h.output; oh++) {
      const count = at++;
      for (let kd = 0; kd < d.window; kd++) {
        for (let kh = 0; kh < h.window; kh++) {
          const [depth, row] = [placeOf(d, od, kd), placeOf(h, oh, kh)];
          const isInside = depth >= 0 && row >= 0;
          table[count]! += +isInside;
          table[at++] = isInside ? (depth * h.input + row) * w.input * pixel : -1;
        }
      }
    }
  }
  return table;
}

/**
 * A pool, or what its gradient is.
 * - `largest`, `means`: the pool of one array.
 * - `shares`: the gradient of `means`, of the gradient of its result.
 * - `toLargest`: that of `largest`, of the gradient of its result and its input.
 */
export type PoolFunction = "largest" | "means" | "shares" | "toLargest";

/**
 * Runs a pool.
 * @param shape - `[N, ...input, C]`, the shape that the windows read.
 * @returns `undefined` where WebAssembly is out of reach, for other dtypes than float32, and for
 * empty tensors.
 */
export function poolByWasm(
  backend: object,
  name: PoolFunction,
  inputs: readonly TensorInfo[],
  shape: readonly number[],
  axes: readonly Axis[],
): TensorInfo | undefined {
  const [images, channels] = [shape[0]!, shape.at(-1)!];
  const outputs = [images, ...axes.map((a) => a.output), channels];
  if (inputs.some(({ dtype }) => dtype !== "float32")) return undefined;
  if (sizeOf(shape) === 0 || sizeOf(outputs) === 0) return undefined;
  const three = threeAxes(axes);
  const [d, h, w] = three;
  const pixel = 4 * channels;
  const table = tableOf(three, pixel);
  const isForward = name === "largest" || name === "means";
  const results = wasmRun(backend, {
    module: poolModule,
    inputs,
    outputs: [{ shape: isForward ? outputs : shape, dtype: "float32" }],
    scratch: table.byteLength,
    run: (functions, { inputs: [first = 0, second = 0], outputs: [to = 0], scratch, memory }) => {
      new Int32Array(memory.buffer, scratch, table.length).set(table);
      if (!isForward) new Float32Array(memory.buffer, to, sizeOf(shape)).fill(0);
      const read = { largest: first, means: first, shares: to, toLargest: second }[name];
      functions[name](
        read,
        isForward ? to : first,
        to,
        scratch,
        images,
        sizeOf(shape.slice(1)) * 4,
        d.output * h.output,
        d.window * h.window,
        w.output,
        w.input,
        w.window,
        w.stride,
        w.dilation,
        w.before,
        pixel,
      );
    },
  });
  return results?.[0];
}

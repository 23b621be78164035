/** @file Loops of WebAssembly kernels over the windows of images. */
import type { Axis } from "../conv-geometry.ts";
import { sizeOf } from "../shape.ts";
import type { WasmMemory } from "../memory/heap.ts";

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

/** The windows of some images, for functions of the modules `pool` and `depthwise`. */
export interface WasmWindows {
  /** How much scratch memory a call needs. */
  readonly bytes: number;
  /**
   * Calls a function.
   * @param array - Addresses of the images, of the windows' numbers and of what else there is.
   */
  run(
    each: (...parameters: number[]) => void,
    array: number,
    out: number,
    other: number,
    scratch: number,
    memory: WasmMemory,
  ): void;
}

/** @param shape - `[N, ...input, C]` */
export function windowsAt(shape: readonly number[], axes: readonly Axis[]): WasmWindows {
  const three = threeAxes(axes);
  const [d, h, w] = three;
  const pixel = 4 * shape.at(-1)!;
  const table = tableOf(three, pixel);
  return {
    bytes: table.byteLength,
    run: (each, array, out, other, scratch, memory) => {
      new Int32Array(memory.buffer, scratch, table.length).set(table);
      each(
        array,
        out,
        other,
        scratch,
        shape[0]!,
        4 * sizeOf(shape.slice(1)),
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
  };
}

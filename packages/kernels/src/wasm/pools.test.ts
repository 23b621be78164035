import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import type { Axis } from "../conv-geometry.ts";
import { sizeOf } from "../shape.ts";
import { type PoolFunction, poolByWasm } from "./pools.ts";

/** The positions in the input that each window reads, in order; -1 for padding. */
function windowsOf(axes: readonly Axis[]): number[][] {
  let windows: number[][] = [[0]];
  for (const a of axes) {
    const along = Array.from({ length: a.output }, (_, out) =>
      Array.from({ length: a.window }, (__, k) => {
        const at = out * a.stride - a.before + k * a.dilation;
        return at >= 0 && at < a.input ? at : -1;
      }),
    );
    windows = windows.flatMap((window) =>
      along.map((ats) => window.flatMap((w) => ats.map((at) => (w < 0 || at < 0 ? -1 : w * a.input + at)))),
    );
  }
  return windows;
}

type Numbers = Float32Array | number[];

/** Each function in float64, by its definition. */
const references: Record<PoolFunction, (taps: number[], x: Numbers, dy: number, out: number[]) => number> = {
  largest: (taps, x) => Math.max(Number.NEGATIVE_INFINITY, ...taps.filter((t) => t >= 0).map((t) => x[t]!)),
  means: (taps, x) => {
    const inside = taps.filter((t) => t >= 0);
    return inside.reduce((sum, t) => sum + x[t]!, 0) / Math.max(1, inside.length);
  },
  shares: (taps, _x, dy, out) => {
    const inside = taps.filter((t) => t >= 0);
    for (const t of inside) out[t]! += dy / inside.length;
    return 0;
  },
  toLargest: (taps, x, dy, out) => {
    const value = (t: number): number => (t < 0 ? Number.NEGATIVE_INFINITY : x[t]!);
    const chosen = taps.reduce((best, t) => (value(best) >= value(t) ? best : t));
    if (chosen >= 0) out[chosen]! += dy;
    return 0;
  },
};

function reference(
  name: PoolFunction,
  x: Float32Array,
  dy: Float32Array,
  images: number,
  channels: number,
  axes: readonly Axis[],
): number[] {
  const windows = windowsOf(axes);
  const size = sizeOf(axes.map((a) => a.input));
  const isForward = name === "largest" || name === "means";
  const out = Array<number>(images * channels * (isForward ? windows.length : size)).fill(0);
  for (let n = 0; n < images; n++)
    for (let c = 0; c < channels; c++) {
      const pick = (values: Float32Array, count: number): Float32Array =>
        Float32Array.from({ length: count }, (_, i) => values[(n * count + i) * channels + c]!);
      const [xs, dys] = [pick(x, size), pick(dy, windows.length)];
      const summed = Array<number>(size).fill(0);
      windows.forEach((taps, i) => {
        const value = references[name](taps, xs, dys[i]!, summed);
        if (isForward) out[(n * windows.length + i) * channels + c] = value;
      });
      if (isForward) continue;
      for (const [i, value] of summed.entries()) out[(n * size + i) * channels + c] = value;
    }
  return out;
}

const axis = fc
  .record({
    input: fc.integer({ min: 1, max: 9 }),
    window: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    before: fc.integer({ min: 0, max: 3 }),
    after: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ after, ...a }): Axis => {
    const reach = (a.window - 1) * a.dilation + 1;
    return { ...a, output: Math.max(1, Math.floor((a.input + a.before + after - reach) / a.stride) + 1) };
  });
const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1e-42, 3e38, -1, 2];
const number = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -4, max: 4 }) },
  { weight: 4, arbitrary: fc.float({ min: -4, max: 4, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(...special) },
);

onEachBackend("pools", (backend) => {
  beforeAll(mendKernels);

  it.each(["largest", "means", "shares", "toLargest"] as const)("%s is what it should be", (name) => {
    fc.assert(
      fc.property(
        fc.array(axis, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 16, 19, 23),
        fc.array(number, { minLength: 1, maxLength: 40 }),
        (axes, images, channels, numbers) => {
          const at = (i: number): number => numbers[(i * 7) % numbers.length]!;
          const [inputs, outputs] = (["input", "output"] as const).map((key) => axes.map((a) => a[key]));
          const [shape, small] = [inputs!, outputs!].map((spatial) => [images, ...spatial, channels]);
          const tensor = (of: number[], from: number): tf.Tensor =>
            tf.tensor(
              Float32Array.from({ length: sizeOf(of) }, (_, i) => at(i + from)),
              of,
            );
          const [x, dy] = [tensor(shape!, 0), tensor(small!, 3)];
          const given = { largest: [x], means: [x], shares: [dy], toLargest: [dy, x] }[name];
          const info = poolByWasm(tf.backend(), name, given, shape!, axes)!;
          const y = tf.engine().makeTensorFromTensorInfo(info);
          const [xs, dys] = [x, dy].map((each) => each.dataSync() as Float32Array);
          const wanted = reference(name, xs!, dys!, images, channels, axes);
          const got = y.dataSync();
          const scale = Math.max(1, ...[...xs!, ...dys!].map(Math.abs).filter((v) => v < 1e30));
          const wrong = wanted.findIndex((value, i) => {
            // Sums of the largest numbers overflow in float32, but not in float64.
            if (Math.abs(value) > 1e37) return false;
            if (Number.isNaN(value)) return !(Number.isNaN(got[i]!) || Math.abs(got[i]!) > 1e37);
            if (name === "largest") return got[i] !== Math.fround(value);
            return !(
              Math.abs(got[i]! - value) <= 1e-5 * Math.max(scale, Math.abs(value)) || Math.abs(got[i]!) > 1e37
            );
          });
          expect([wrong, got[wrong], wanted[wrong]]).toEqual([-1, undefined, undefined]);
          tf.dispose([x, dy, y]);
        },
      ),
      { numRuns: 300, seed: 7 },
    );
  });

  it("leave empty tensors, other dtypes and what they do not use alone", () => {
    const axes: Axis[] = [{ input: 2, output: 1, window: 2, stride: 1, dilation: 1, before: 0 }];
    const before = [tf.memory().numTensors, tf.engine().backend.numDataIds()];
    tf.tidy(() => {
      expect(poolByWasm(tf.backend(), "largest", [tf.zeros([0, 2, 1])], [0, 2, 1], axes)).toBeUndefined();
      expect(
        poolByWasm(tf.backend(), "largest", [tf.ones([1, 2, 1], "int32")], [1, 2, 1], axes),
      ).toBeUndefined();
      // wasm has no pool of int32.
      if (backend === "wasm") return;
      const ints = tf.maxPool(tf.tensor4d([1, 5, 3, 2], [1, 2, 2, 1], "int32"), 2, 1, "valid");
      expect([...ints.dataSync()]).toEqual([5]);
    });
    expect([tf.memory().numTensors, tf.engine().backend.numDataIds()]).toEqual(before);
  });
});

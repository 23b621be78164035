import { flattenState, isVariableState, state, valueAndGrad } from "@nnxjs/nnx-core";
import { initializers, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { relativeError } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { expectGradients, expectLayer } from "../../test/golden.ts";
import { Conv, ConvTranspose, type ConvOptions, type ConvTransposeOptions } from "../index.ts";
import type { Padding, Pads } from "./padding.ts";

const rngs = () => new Rngs(0);
const conv = (
  inFeatures: number,
  outFeatures: number,
  size: number | readonly number[],
  options: Omit<ConvOptions, "rngs"> = {},
) => new Conv(inFeatures, outFeatures, size, { ...options, rngs: rngs() });
const transposed = (
  inFeatures: number,
  outFeatures: number,
  size: number | readonly number[],
  options: Omit<ConvTransposeOptions, "rngs"> = {},
) => new ConvTranspose(inFeatures, outFeatures, size, { ...options, rngs: rngs() });

onEachBackend("convolutions", () => {
  it.each<[string, () => Conv]>([
    ...(["SAME", "VALID", "CIRCULAR", "REFLECT", "CAUSAL"] as const).map((padding): [string, () => Conv] => [
      `Conv1d_k3_${padding}`,
      () => conv(2, 3, 3, { padding }),
    ]),
    ["Conv1d_stride2_dil2_same", () => conv(2, 3, [3], { strides: 2, kernelDilation: 2 })],
    ["Conv2d_3x3_same", () => conv(2, 3, [3, 3])],
    ["Conv2d_2x2_stride2_valid", () => conv(2, 3, [2, 2], { strides: [2, 2], padding: "VALID" })],
    ["Conv2d_groups2", () => conv(4, 4, [3, 3], { featureGroupCount: 2 })],
    [
      "Conv2d_pad_pairs",
      () =>
        conv(1, 2, [3, 3], {
          padding: [
            [1, 0],
            [0, 2],
          ],
        }),
    ],
  ])("%s equals Flax's", (name, make) => {
    expectLayer(name, make(), (m, x) => m.forward(x!));
  });

  it.each<[string, () => ConvTranspose]>([
    ...(["SAME", "VALID", "CIRCULAR"] as const).map((padding): [string, () => ConvTranspose] => [
      `ConvTranspose1d_k3_s2_${padding}`,
      () => transposed(2, 3, [3], { strides: 2, padding }),
    ]),
    ["ConvTranspose2d_same_s2", () => transposed(2, 3, [3, 3], { strides: 2 })],
    [
      "ConvTranspose2d_same_s2_transpose_kernel",
      () => transposed(2, 3, [3, 3], { strides: 2, transposeKernel: true }),
    ],
  ])("%s equals Flax's", (name, make) => {
    expectLayer(name, make(), (m, x) => m.forward(x!));
  });

  it("have Flax's gradients", () => {
    expectGradients("Conv2d", conv(2, 3, [3, 3]), (m, x) => m.forward(x));
    expectGradients("Conv1d_causal_dil2", conv(2, 3, 3, { padding: "CAUSAL", kernelDilation: 2 }), (m, x) =>
      m.forward(x),
    );
    expectGradients("ConvTranspose2d_s2", transposed(2, 3, [3, 3], { strides: 2 }), (m, x) => m.forward(x));
  });

  it.each<[string, number[], () => Conv]>([
    ["three axes", [2, 3, 4, 3, 2], () => conv(2, 3, [2, 3, 2])],
    [
      "three axes, strides and dilation",
      [1, 5, 6, 5, 2],
      () => conv(2, 2, [2, 2, 2], { strides: 2, kernelDilation: [2, 1, 2] }),
    ],
    [
      "three axes in groups",
      [1, 3, 3, 3, 4],
      () => conv(4, 6, [2, 2, 2], { featureGroupCount: 2, padding: 1 }),
    ],
    [
      "one filter bank per channel",
      [2, 5, 4, 3],
      () => conv(3, 6, [3, 2], { featureGroupCount: 3, strides: [1, 2] }),
    ],
    [
      "one filter bank per channel, dilated",
      [2, 7, 3],
      () => conv(3, 3, 3, { featureGroupCount: 3, kernelDilation: 2 }),
    ],
    [
      "dilated input",
      [1, 4, 3, 2],
      () => conv(2, 3, [3, 3], { inputDilation: [2, 3], padding: [[2, 1], 1] }),
    ],
    [
      "padding that cuts off",
      [1, 6, 5, 2],
      () =>
        conv(2, 2, [2, 2], {
          padding: [
            [-1, 1],
            [2, -2],
          ],
          strides: 2,
        }),
    ],
    ["reflected twice over", [1, 3, 2, 1], () => conv(1, 2, [7, 5], { padding: "REFLECT" })],
    ["around more than once", [1, 2, 3, 1], () => conv(1, 2, [6, 8], { padding: "CIRCULAR" })],
  ])("%s equals the sum that defines it, and so does its gradient", (_name, shape, make) => {
    const layer = make();
    const x = tf.randomNormal(shape, 0, 1, "float32", 3);
    const wanted = reference(layer, x);
    const y = layer.forward(x);
    expect(y.shape).toEqual(wanted.shape);
    expect(relativeError(y.dataSync(), wanted.data)).toBeLessThan(1e-5);
    const seed = tf.randomNormal(y.shape, 0, 1, "float32", 4);
    // The layer is linear in the input and in the kernel, so gradient · direction is the exact
    // change.
    const [, [grads, ofInput]] = valueAndGrad((m: Conv, v: tf.Tensor) => tf.sum(tf.mul(m.forward(v), seed)), {
      argnums: [0, 1],
    })(layer, x);
    const value = dot(wanted.data, seed.dataSync());
    expect(dot(ofInput.dataSync(), x.dataSync())).toBeCloseTo(value, 3);
    const [, ofKernel] = flattenState(grads).map(([, leaf]) =>
      isVariableState(leaf) ? (leaf.value as tf.Tensor) : null,
    );
    expect(dot(ofKernel!.dataSync(), layer.kernel.value.dataSync())).toBeCloseTo(value, 3);
  });
});

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a, (v, i) => v * b[i]!).reduce((s, v) => s + v, 0);

/** A convolution by its definition, index by index. */
function reference(layer: Conv, x: tf.Tensor): { shape: number[]; data: number[] } {
  const axes = layer.kernelSize.length;
  const [batch, ...rest] = x.shape as [number, ...number[]];
  const spatial = rest.slice(0, axes);
  const windows = layer.kernelSize.map((k, i) => (k - 1) * layer.kernelDilation[i]! + 1);
  const spread = spatial.map((n, i) => (n - 1) * layer.inputDilation[i]! + 1);
  const pads = windows.map((w, i) => padsOf(layer.padding, i, spread[i]!, w, layer.strides[i]!));
  const out = spread.map(
    (n, i) => Math.floor((n + pads[i]![0] + pads[i]![1] - windows[i]!) / layer.strides[i]!) + 1,
  );
  const values = x.dataSync();
  const kernel = layer.kernel.value.dataSync();
  const inGroup = layer.inFeatures / layer.featureGroupCount;
  const outGroup = layer.outFeatures / layer.featureGroupCount;
  const at = (position: number, i: number): number => {
    const n = spatial[i]!;
    if (layer.padding === "CIRCULAR") return ((position % n) + n) % n;
    if (layer.padding === "REFLECT") {
      let p = position;
      while (n > 1 && (p < 0 || p >= n)) p = p < 0 ? -p : 2 * (n - 1) - p;
      return n === 1 ? 0 : p;
    }
    const d = layer.inputDilation[i]!;
    return position % d === 0 && position >= 0 && position / d < n ? position / d : -1;
  };
  const data: number[] = [];
  for (const [n, ...place] of indices([batch, ...out, layer.outFeatures])) {
    const o = place.pop()!;
    let total = 0;
    for (const k of indices([...layer.kernelSize])) {
      const from = k.map((j, i) =>
        at(place[i]! * layer.strides[i]! + j * layer.kernelDilation[i]! - pads[i]![0], i),
      );
      if (from.includes(-1)) continue;
      for (let c = 0; c < inGroup; c++) {
        const channel = Math.floor(o / outGroup) * inGroup + c;
        const source = [...from, channel].reduce((s, j, i) => s * [...spatial, layer.inFeatures][i]! + j, n!);
        const weight = [...k, c, o].reduce(
          (s, j, i) => s * [...layer.kernelSize, inGroup, layer.outFeatures][i]! + j,
          0,
        );
        total += values[source]! * kernel[weight]!;
      }
    }
    data.push(total);
  }
  return { shape: [batch, ...out, layer.outFeatures], data };
}

function padsOf(padding: Padding, axis: number, size: number, window: number, stride: number): Pads {
  if (padding === "SAME") {
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + window - size, 0);
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  }
  if (padding === "CIRCULAR" || padding === "REFLECT")
    return [Math.floor((window - 1) / 2), Math.floor(window / 2)];
  if (typeof padding === "number") return [padding, padding];
  const item = (padding as readonly (number | Pads)[])[axis]!;
  return typeof item === "number" ? [item, item] : item;
}

function* indices(shape: readonly number[]): Generator<number[]> {
  const total = shape.reduce((product, n) => product * n, 1);
  for (let flat = 0; flat < total; flat++) {
    const index: number[] = [];
    let rest = flat;
    for (const n of [...shape].reverse()) {
      index.unshift(rest % n);
      rest = Math.floor(rest / n);
    }
    yield index;
  }
}

describe("Conv", () => {
  it("takes any number of batch axes", () => {
    const layer = conv(2, 3, [3, 3]);
    const x = tf.randomNormal([2, 3, 5, 4, 2], 0, 1, "float32", 1);
    const y = layer.forward(x);
    expect(y.shape).toEqual([2, 3, 5, 4, 3]);
    const first = layer.forward(tf.squeeze(tf.slice(x, [0, 0, 0, 0, 0], [1, 1, 5, 4, 2]), [0, 1]));
    expect(first.shape).toEqual([5, 4, 3]);
    expect(
      relativeError(tf.slice(y, [0, 0, 0, 0, 0], [1, 1, 5, 4, 3]).dataSync(), first.dataSync()),
    ).toBeLessThan(1e-6);
  });

  it("multiplies its kernel with a mask, which is part of its state", () => {
    const mask = tf.tensor3d([1, 0, 1], [3, 1, 1]);
    const layer = conv(1, 1, 3, { mask, kernelInit: initializers.ones, padding: "VALID" });
    expect([...layer.forward(tf.tensor3d([1, 2, 4, 8], [1, 4, 1])).dataSync()]).toEqual([5, 10]);
    expect(flattenState(state(layer)).map(([path]) => path.join("."))).toEqual(["bias", "kernel", "mask"]);
  });

  it("takes a convolution of one's own", () => {
    const calls: unknown[] = [];
    const layer = conv(2, 3, [3, 3], {
      strides: 2,
      precision: "high",
      useBias: false,
      convGeneralDilated: (x, _kernel, options) => {
        calls.push(options);
        return tf.zeros([x.shape[0]!, 1, 1, 3]);
      },
    });
    expect(layer.forward(tf.ones([5, 4, 4, 2])).shape).toEqual([5, 1, 1, 3]);
    expect(calls).toEqual([
      {
        strides: [2, 2],
        padding: [
          [0, 1],
          [0, 1],
        ],
        inputDilation: [1, 1],
        kernelDilation: [1, 1],
        featureGroupCount: 1,
        precision: "high",
      },
    ]);
  });

  it.each([
    [
      "other channels",
      () => conv(3, 4, [3, 3]).forward(tf.ones([1, 5, 5, 2])),
      /Conv\.forward: expected an input of shape \[\.\.\., height, width, 3\] for a kernel of shape \[3, 3, 3, 4\], got a float32\[1,5,5,2\]/,
    ],
    ["too few axes", () => conv(3, 4, [3, 3]).forward(tf.ones([5, 3])), /got a float32\[5,3\]/],
    [
      "an input smaller than the window",
      () => conv(1, 1, 3, { padding: "VALID" }).forward(tf.ones([1, 2, 1])),
      /at least 3 elements along spatial axis 0.*got 2 of a float32\[1,2,1\]/,
    ],
    [
      "groups that do not divide",
      () => conv(3, 4, 3, { featureGroupCount: 2 }),
      /featureGroupCount to divide inFeatures and outFeatures, got 2 for 3 and 4/,
    ],
    [
      "causal padding over two axes",
      () => conv(1, 1, [3, 3], { padding: "CAUSAL" }),
      /"CAUSAL" padding with one spatial axis, got 2/,
    ],
    ["padding that is none", () => conv(1, 1, [3, 3], { padding: [1] }), /2 integers or pairs of integers/],
    [
      "names of paddings with a dilated input",
      () => conv(1, 1, 3, { inputDilation: 2 }).forward(tf.ones([1, 4, 1])),
      /padding in numbers with inputDilation, got "SAME"/,
    ],
    [
      "another number of strides",
      () => conv(1, 1, 3, { strides: [1, 2] }),
      /strides to be one number or 1, one per spatial axis, got \[1, 2\]/,
    ],
    [
      "a mask of another shape",
      () => conv(1, 1, 3, { mask: tf.ones([3]) }),
      /a mask of the kernel's shape \[3, 1, 1\], got a float32\[3\]/,
    ],
    ["four spatial axes", () => conv(1, 1, [1, 1, 1, 1]), /1 to 3 axes, got \[1, 1, 1, 1\]/],
    [
      "a dtype that tensorflow.js lacks",
      () => conv(1, 1, 3, { dtype: "bfloat16" as "float32" }),
      /Conv: expected dtype "float32", got "bfloat16"/,
    ],
    [
      "causal transposed convolution",
      () => transposed(1, 1, 3, { padding: "CAUSAL" }),
      /ConvTranspose: expected "SAME", "VALID", "CIRCULAR" or numbers for padding, got "CAUSAL"/,
    ],
    [
      "other channels, transposed",
      () => transposed(3, 4, 3).forward(tf.ones([1, 5, 2])),
      /ConvTranspose\.forward: expected an input of shape \[\.\.\., width, 3\]/,
    ],
  ])("refuses %s", (_name, run, message) => {
    expect(run).toThrow(message);
  });
});

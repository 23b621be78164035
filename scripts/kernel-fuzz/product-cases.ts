/** @file Cases of products, of windows, and of rows. */
import * as tf from "@tensorflow/tfjs-core";
import { normalizeBackLoop, normalizeLoop } from "../../packages/kernels/src/own/norm-loops.ts";
import type { NormAttrs } from "../../packages/kernels/src/own/norm-layout.ts";
import type { Axis } from "../../packages/kernels/src/conv-geometry.ts";
import { broadcasting } from "./elementwise-cases.ts";
import { type Plain, type Random, sizeOf } from "./random.ts";
import type { Case } from "./run.ts";

type Make = (random: Random) => Case;
const run = (name: string, inputs: Record<string, tf.Tensor>, attrs: object = {}): tf.Tensor =>
  tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap);
const float = (shape: readonly number[], values: ArrayLike<number>): Plain => ({
  shape,
  dtype: "float32",
  values: Array.from(values),
});

/** Sizes around those of tiles and blocks. */
const extent = (random: Random): number =>
  random.of([0, 1, 1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 15, 16, 17, 31, 33, random.int(34, 70)]);

/** op(a) @ op(b) with broadcast batches; batches in front. */
function multiplied(a: Plain, b: Plain, ta: boolean, tb: boolean): Plain {
  const [a0, a1] = a.shape.slice(-2) as [number, number];
  const [b0, b1] = b.shape.slice(-2) as [number, number];
  const [m, k, n] = [ta ? a1 : a0, ta ? a0 : a1, tb ? b0 : b1];
  const index = (x: Plain): Plain => {
    const batch = x.shape.slice(0, -2);
    return { shape: batch, dtype: "int32", values: Array.from({ length: sizeOf(batch) }, (_, i) => i) };
  };
  const which: [number, number][] = [];
  const { shape } = broadcasting([index(a), index(b)], "int32", (x, y) => which.push([x, y]));
  const values = which.flatMap(([x, y]) => {
    const [atA, atB] = [x * a0 * a1, y * b0 * b1];
    const out: number[] = [];
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++)
          sum +=
            a.values[atA + (ta ? p * a1 + i : i * a1 + p)]! * b.values[atB + (tb ? j * b1 + p : p * b1 + j)]!;
        out.push(sum);
      }
    return out;
  });
  return float([...shape, m, n], values);
}

/** Operands of a product; rarely with numbers that are not finite. */
function factors(random: Random): [a: Plain, b: Plain, ta: boolean, tb: boolean] {
  const batch = random.chance(0.5) ? [] : random.shape(3).map((n) => Math.min(n, 4));
  const [m, k, n] = [extent(random), random.chance(0.03) ? 600 : extent(random), extent(random)];
  const [ta, tb] = [random.chance(0.4), random.chance(0.4)];
  const kind = random.chance(0.1) ? "wild" : "plain";
  const own = (): number[] => (batch.length > 0 ? random.narrower(batch) : []);
  const a = random.tensor([...own(), ...(ta ? [k, m] : [m, k])], "float32", kind);
  return [a, random.tensor([...own(), ...(tb ? [n, k] : [k, n])], "float32", kind), ta, tb];
}

/** What rounding may do to sums of so many products: NaN and infinities are compared as well. */
const CLOSE = { ulps: 16, within: 1e-4, anyZero: true };

/** Sums of huge numbers may be infinite in one order alone. */
const isWild = (inputs: readonly Plain[]): boolean =>
  inputs.some((x) => x.values.some((v) => Math.abs(v) > 1e15 && Number.isFinite(v)));
const calmed = (x: Plain): Plain => ({
  ...x,
  values: x.values.map((v) => (Math.abs(v) > 100 && Number.isFinite(v) ? v / Math.abs(v) : v)),
});

const matMul: Make = (random) => {
  let [a, b, ta, tb] = factors(random);
  if (isWild([a, b])) [a, b] = [calmed(a), calmed(b)];
  if (a.shape.length === b.shape.length && random.chance(0.1) && ta !== tb) b = a;
  return {
    name: "BatchMatMul",
    inputs: [a, b],
    run: ([x, y]) => run("BatchMatMul", { a: x!, b: y! }, { transposeA: ta, transposeB: tb }),
    expected: [multiplied(a, b, ta, tb)],
    ...CLOSE,
    note: { ta, tb },
  };
};

const acts: Readonly<Record<string, (x: number) => number>> = {
  linear: (x) => x,
  relu: (x) => (Number.isNaN(x) ? x : Math.max(0, x)),
  relu6: (x) => (Number.isNaN(x) ? x : Math.min(6, Math.max(0, x))),
  elu: (x) => (x >= 0 ? x : Math.expm1(x)),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  leakyrelu: (x) => (x >= 0 ? x : 0.3 * x),
};

const fusedMatMul: Make = (random) => {
  let [a, b, ta, tb] = factors(random);
  [a, b] = [calmed(a), calmed(b)];
  const n = b.shape.at(tb ? -2 : -1)!;
  const bias = random.chance(0.7) ? random.tensor([n], "float32", "plain") : undefined;
  const activation = random.of([...Object.keys(acts), "prelu"]);
  const slope = random.tensor([n], "float32", "plain");
  const product = multiplied(a, b, ta, tb);
  const values = product.values.map((v, i) => {
    const z = v + (bias ? bias.values[i % n]! : 0);
    return activation === "prelu" ? (z < 0 ? z * slope.values[i % n]! : z) : acts[activation]!(z);
  });
  return {
    name: "_FusedMatMul",
    inputs: [a, b, slope, ...(bias ? [bias] : [])],
    run: ([x, y, alpha, z]) =>
      run(
        "_FusedMatMul",
        {
          a: x!,
          b: y!,
          ...(z && { bias: z }),
          ...(activation === "prelu" && { preluActivationWeights: alpha! }),
        },
        { transposeA: ta, transposeB: tb, activation, leakyreluAlpha: 0.3 },
      ),
    expected: [{ ...product, values }],
    ...CLOSE,
    note: { ta, tb, activation },
  };
};

const EQUATIONS = [
  "ij,jk->ik",
  "ij,kj->ki",
  "bij,bjk->bik",
  "bqhd,bkhd->bhqk",
  "bhqk,bkhd->bqhd",
  "ij,ij->",
  "i,j->ij",
  "ii,i->i",
  "abc->ca",
  "abc,cd,de->abe",
  "ab,cb->b",
  "bnd,dhk->bhnk",
  "ijk,kl,jm->ilm",
];
const einsum: Make = (random) => {
  const equation = random.of(EQUATIONS.filter((e) => e !== "ii,i->i"));
  const [left, right] = equation.split("->") as [string, string];
  const terms = left.split(",");
  const size = new Map<string, number>();
  for (const letter of left.replaceAll(",", "").split(""))
    size.set(letter, size.get(letter) ?? random.of([0, 1, 2, 3, 4, 5, 8, 9]));
  const inputs = terms.map((t) =>
    random.tensor(
      t.split("").map((l) => size.get(l)!),
      "float32",
      "plain",
    ),
  );
  const letters = [...size.keys()];
  const outShape = right.split("").map((l) => size.get(l)!);
  const values = Array<number>(sizeOf(outShape)).fill(0);
  const at = (t: string, place: Map<string, number>): number =>
    t.split("").reduce((sum, l) => sum * size.get(l)! + place.get(l)!, 0);
  const visit = (depth: number, place: Map<string, number>): void => {
    const letter = letters[depth];
    if (letter === undefined) {
      values[at(right, place)]! += inputs.reduce((p, x, i) => p * x.values[at(terms[i]!, place)]!, 1);
      return;
    }
    for (let i = 0; i < size.get(letter)!; i++) visit(depth + 1, place.set(letter, i));
  };
  if (sizeOf(letters.map((l) => size.get(l)!)) < 300_000) visit(0, new Map());
  else return einsum(random);
  return {
    name: "Einsum",
    inputs,
    run: (xs) => tf.einsum(equation, ...xs),
    expected: [float(outShape, values)],
    ...CLOSE,
    note: equation,
  };
};

/** Axes whose outputs are as many as given: padding may be beyond the input, or be a crop. */
function geometry(random: Random, count: number): Axis[] {
  const isStrided = random.chance(0.5);
  return Array.from({ length: count }, (): Axis => {
    // tensorflow.js, which computes where WebAssembly is out of reach, has no strides with dilations.
    const [stride, dilation] = isStrided ? [random.of([1, 1, 2, 3]), 1] : [1, random.of([1, 1, 2])];
    const window = random.of([1, 1, 2, 3, 5]);
    const input = random.of([1, 2, 3, 4, 5, 8, 11]);
    const before = random.of([0, 0, 1, 2, window - 1]);
    const span = (window - 1) * dilation + 1;
    const after = Math.max(0, random.of([0, 1, span - 1]), span - input - before);
    return {
      input,
      output: Math.floor((input + before + after - span) / stride) + 1,
      window,
      stride,
      dilation,
      before,
    };
  });
}

/** Calls `each` with the places of windows and taps that are inside. */
function eachTap(axes: readonly Axis[], each: (input: number, output: number, tap: number) => void): void {
  const visit = (depth: number, i: number, o: number, t: number): void => {
    const axis = axes[depth];
    if (!axis) {
      each(i, o, t);
      return;
    }
    for (let out = 0; out < axis.output; out++)
      for (let k = 0; k < axis.window; k++) {
        const at = out * axis.stride - axis.before + k * axis.dilation;
        if (at >= 0 && at < axis.input)
          visit(depth + 1, i * axis.input + at, o * axis.output + out, t * axis.window + k);
      }
  };
  visit(0, 0, 0, 0);
}

/** Usual numbers; now and then NaN and infinities among them. They are not for filters: 0 times NaN is NaN. */
const numbers = (random: Random, shape: readonly number[]): Plain =>
  calmed(random.tensor(shape, "float32", random.chance(0.1) ? "wild" : "plain"));

const convolution: Make = (random) => {
  const axes = geometry(random, random.int(2, 3));
  const batch = random.of([0, 1, 1, 2, 3]);
  const groups = random.of([1, 1, 1, 2, 3, 4]);
  const [own, wide] = random.chance(0.3)
    ? [1, random.of([1, 1, 2])]
    : [random.of([1, 2, 3, 5, 8]), random.of([1, 2, 3, 4, 9])];
  const [I, O] = [groups * own, groups * wide];
  const spatial = (key: "input" | "output" | "window"): number[] => axes.map((a) => a[key]);
  const [inputs, outputs, windows] = [
    sizeOf(spatial("input")),
    sizeOf(spatial("output")),
    sizeOf(spatial("window")),
  ];
  if (batch * outputs * windows * own * O > 400_000) return convolution(random);
  const x = numbers(random, [batch, ...spatial("input"), I]);
  const filter = random.tensor([...spatial("window"), own, O], "float32", "plain");
  const dy = random.tensor([batch, ...spatial("output"), O], "float32", "plain");
  const [y, dx, dw] = [
    Array(sizeOf(dy.shape)).fill(0),
    Array(sizeOf(x.shape)).fill(0),
    Array(sizeOf(filter.shape)).fill(0),
  ] as [number[], number[], number[]];
  for (let n = 0; n < batch; n++)
    eachTap(axes, (i, o, t) => {
      for (let c = 0; c < O; c++)
        for (let p = 0; p < own; p++) {
          const atX = (n * inputs + i) * I + Math.floor(c / wide) * own + p;
          const atY = (n * outputs + o) * O + c;
          const atW = (t * own + p) * O + c;
          y[atY]! += x.values[atX]! * filter.values[atW]!;
          dx[atX]! += dy.values[atY]! * filter.values[atW]!;
          dw[atW]! += dy.values[atY]! * x.values[atX]!;
        }
    });
  return {
    name: "NnxConvolution",
    inputs: [x, filter, dy],
    run: ([a, b, c]) => [
      run("NnxConvolution", { x: a!, filter: b! }, { axes, groups }),
      run("NnxConvolutionInputGradient", { dy: c!, filter: b! }, { axes, groups }),
      run("NnxConvolutionFilterGradient", { x: a!, dy: c! }, { axes, groups }),
    ],
    expected: [float(dy.shape, y), float(x.shape, dx), float(filter.shape, dw)],
    ...CLOSE,
    note: { groups, axes: axes.map((a) => Object.values(a).join(" ")) },
  };
};

/** tensorflow.js's own names, on what it can do: against its cpu kernels. */
const conv2D: Make = (random) => {
  const isDepthwise = random.chance(0.4);
  const [h, w] = [random.int(1, 9), random.int(1, 9)];
  const [kh, kw] = [random.int(1, Math.min(3, h)), random.int(1, Math.min(3, w))];
  const [I, O, N] = [random.of([1, 2, 3, 4]), random.of([1, 2, 3, 8]), random.of([0, 1, 2])];
  const strides: [number, number] = random.chance(0.6) ? [1, 1] : [random.int(1, 3), random.int(1, 3)];
  const dilations: [number, number] =
    strides[0] + strides[1] > 2 || random.chance(0.7) ? [1, 1] : [random.int(1, 2), random.int(1, 2)];
  const pad = dilations[0] + dilations[1] > 2 ? "same" : random.of(["same", "valid"] as const);
  const x = numbers(random, [N, h, w, I]);
  const filter = random.tensor([kh, kw, I, O], "float32", "plain");
  const conv = isDepthwise ? tf.depthwiseConv2d : tf.conv2d;
  return {
    name: isDepthwise ? "DepthwiseConv2dNative" : "Conv2D",
    inputs: [x, filter],
    run: ([a, b]) => conv(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad, "NHWC", dilations),
    expected: "stock",
    ...CLOSE,
    note: { strides, dilations, pad },
  };
};

const fusedConv: Make = (random) => {
  const [h, w] = [random.int(1, 9), random.int(1, 9)];
  const [kh, kw] = [random.int(1, Math.min(3, h)), random.int(1, Math.min(3, w))];
  const [I, O, N] = [random.of([1, 2, 3, 4]), random.of([1, 2, 3, 8]), random.of([0, 1, 2])];
  const isDepthwise = random.chance(0.4);
  const outputs = isDepthwise ? I : O;
  const activation = random.of(["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu"] as const);
  const x = numbers(random, [N, h, w, I]);
  const filter = random.tensor(isDepthwise ? [kh, kw, I, 1] : [kh, kw, I, O], "float32", "plain");
  const bias = random.tensor([outputs], "float32", "plain");
  const slope = random.tensor([outputs], "float32", "plain");
  const fused = isDepthwise ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
  return {
    name: isDepthwise ? "FusedDepthwiseConv2D" : "FusedConv2D",
    inputs: [x, filter, bias, slope],
    run: ([a, b, c, d]) =>
      fused({
        x: a as tf.Tensor4D,
        filter: b as tf.Tensor4D,
        strides: 1,
        pad: "same",
        activation,
        bias: c!,
        leakyreluAlpha: 0.3,
        ...(activation === "prelu" && { preluActivationWeights: d! }),
      }),
    expected: "stock",
    ...CLOSE,
    note: { activation },
  };
};

const pools: Make = (random) => {
  const axes = geometry(random, random.int(1, 3));
  const [batch, channels] = [random.of([0, 1, 2]), random.of([1, 2, 3, 4, 5, 9])];
  const [inputs, outputs] = [sizeOf(axes.map((a) => a.input)), sizeOf(axes.map((a) => a.output))];
  if (batch * outputs * sizeOf(axes.map((a) => a.window)) * channels > 100_000) return pools(random);
  const x = random.tensor([batch, ...axes.map((a) => a.input), channels]);
  const dy = random.tensor([batch, ...axes.map((a) => a.output), channels], "float32", "plain");
  const size = sizeOf(dy.shape);
  const [mean, dMean, dMax] = [
    Array(size).fill(0),
    Array(sizeOf(x.shape)).fill(0),
    Array(sizeOf(x.shape)).fill(0),
  ] as [number[], number[], number[]];
  const counts = Array<number>(outputs).fill(0);
  eachTap(axes, (_i, o) => void counts[o]!++);
  const calm = { ...x, values: x.values.map((v) => (Math.abs(v) > 100 ? 1 : v)) };
  for (let n = 0; n < batch; n++)
    eachTap(axes, (i, o) => {
      for (let c = 0; c < channels; c++) {
        const [from, to] = [(n * inputs + i) * channels + c, (n * outputs + o) * channels + c];
        mean[to]! += calm.values[from]! / counts[o]!;
        dMean[from]! += dy.values[to]! / counts[o]!;
      }
    });
  const first = Array<number>(size).fill(-1);
  const best = Array<number>(size).fill(Number.NEGATIVE_INFINITY);
  // Values that differ: which of several largest ones is chosen, other tests say.
  const other = {
    ...x,
    values: x.values.map((v, i) => (Number.isFinite(v) ? v : 0) + i * 1e-3).map(Math.fround),
  };
  for (let n = 0; n < batch; n++)
    eachTap(axes, (i, o) => {
      for (let c = 0; c < channels; c++) {
        const [from, to] = [(n * inputs + i) * channels + c, (n * outputs + o) * channels + c];
        if (other.values[from]! > best[to]!) [best[to], first[to]] = [other.values[from]!, from];
      }
    });
  for (const [to, from] of first.entries()) if (from >= 0) dMax[from]! += dy.values[to]!;
  const ties = new Set(other.values).size < other.values.length;
  return {
    name: "NnxPools",
    inputs: [calm, dy, other],
    run: ([a, b, c]) => [
      run("NnxMeanPool", { x: a! }, { axes }),
      run("NnxPoolShares", { dy: b! }, { axes }),
      ties
        ? tf.zeros(dMax.length ? (x.shape as number[]) : (x.shape as number[]))
        : run("NnxMaxPoolGradient", { dy: b!, x: c! }, { axes }),
    ],
    expected: [float(dy.shape, mean), float(x.shape, dMean), float(x.shape, ties ? dMax.map(() => 0) : dMax)],
    ulps: 8,
    within: 2e-5,
    anyZero: true,
    note: axes.map((a) => Object.values(a).join(" ")),
  };
};

const maxPool: Make = (random) => {
  const is3D = random.chance(0.3);
  const shape = [
    random.of([0, 1, 2]),
    ...Array.from({ length: is3D ? 3 : 2 }, () => random.int(1, 7)),
    random.of([1, 2, 3, 4, 9]),
  ];
  const window = shape.slice(1, -1).map((n) => random.int(1, Math.min(n, 3)));
  const strides = window.map(() => random.int(1, 3));
  const pad = random.of(["same", "valid"] as const);
  const x = random.tensor(shape);
  const axes = window.map((k, i): Axis => {
    const [input, stride] = [shape[i + 1]!, strides[i]!];
    const output = pad === "same" ? Math.ceil(input / stride) : Math.ceil((input - k + 1) / stride);
    const before = pad === "same" ? Math.floor(Math.max(0, (output - 1) * stride + k - input) / 2) : 0;
    return { input, output, window: k, stride, dilation: 1, before };
  });
  const [inputs, outputs, channels] = [
    sizeOf(axes.map((a) => a.input)),
    sizeOf(axes.map((a) => a.output)),
    shape.at(-1)!,
  ];
  const out = [shape[0]!, ...axes.map((a) => a.output), channels];
  const values = Array<number>(sizeOf(out)).fill(Number.NEGATIVE_INFINITY);
  for (let n = 0; n < shape[0]!; n++)
    eachTap(axes, (i, o) => {
      for (let c = 0; c < channels; c++) {
        const to = (n * outputs + o) * channels + c;
        values[to] = Math.max(values[to]!, x.values[(n * inputs + i) * channels + c]!);
      }
    });
  return {
    name: is3D ? "MaxPool3D" : "MaxPool",
    inputs: [x],
    run: ([t]) =>
      run(
        is3D ? "MaxPool3D" : "MaxPool",
        { x: t! },
        { filterSize: window, strides, pad, dataFormat: is3D ? "NDHWC" : "NHWC" },
      ),
    expected: [float(out, values)],
    anyZero: true,
    note: { window, strides, pad },
  };
};

const { exp, log } = Math;
/** Softmax's family on rows of one length; wild rows hold -Infinity and large numbers. */
const rowKernels: Make = (random) => {
  const length = random.of([1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 100]);
  const rows = random.of([0, 1, 2, 3, 7, 20]);
  const raw = random.tensor([rows, length], "float32", "plain");
  const big = random.of([1, 1, 30, 80, 3000]);
  const x = float(
    [rows, length],
    raw.values.map((v) => Math.fround(v * big)),
  );
  const dy = random.tensor([rows, length], "float32", "plain");
  const small = random.tensor([rows], "float32", "plain");
  const ids: Plain = {
    shape: [rows],
    dtype: "int32",
    values: Array.from({ length: rows }, () => random.int(-1, length)),
  };
  const labels = float(
    [rows, length],
    raw.values.map((_, i) => (i % 3 === 0 ? 0 : random.unit() / length)),
  );
  const list = <T>(of: (from: number, row: number) => T): T[] =>
    Array.from({ length: rows }, (_, row) => of(row * length, row));
  const lse = list((from) => {
    const own = x.values.slice(from, from + length);
    const top = Math.max(...own);
    return top + log(own.reduce((sum, v) => sum + exp(v - top), 0));
  });
  const each = (of: (i: number, row: number) => number): number[] =>
    Array.from({ length: rows * length }, (_, i) => of(i, Math.floor(i / length)));
  const p = each((i, row) => exp(x.values[i]! - lse[row]!));
  const logP = each((i, row) => x.values[i]! - lse[row]!);
  const sumOf = (of: (i: number) => number): number[] =>
    list((from) => Array.from({ length }, (_, i) => of(from + i)).reduce((a, b) => a + b, 0));
  const f32 = (values: number[]): Plain => float([rows, length], values.map(Math.fround));
  const [P, L] = [f32(p), f32(logP)];
  const dot = sumOf((i) => P.values[i]! * dy.values[i]!);
  const total = sumOf((i) => dy.values[i]!);
  const ofLabels = sumOf((i) => labels.values[i]!);
  const has = (row: number): boolean => ids.values[row]! >= 0 && ids.values[row]! < length;
  const at = { length };
  return {
    name: "NnxSoftmaxFamily",
    inputs: [x, dy, small, ids, labels, P, L],
    run: ([t, d, s, i, l, soft, logs]) => [
      tf.softmax(t!),
      run("NnxSoftmaxBack", { y: soft!, dy: d! }, at),
      run("NnxLogSoftmax", { logits: t! }, at),
      run("NnxLogSoftmaxBack", { y: logs!, dy: d! }, at),
      run("NnxLogSumExp", { x: t! }, at),
      run("NnxLogSumExpBack", { x: t!, dy: s! }, at),
      run("NnxLabelEntropy", { logits: t!, ids: i! }, at),
      run("NnxLabelEntropyBack", { logits: t!, ids: i!, dy: s! }, at),
      run("NnxEntropy", { logits: t!, labels: l! }, { length, skipsZeros: true }),
      run("NnxEntropyBack", { logits: t!, labels: l!, dy: s! }, at),
    ],
    expected: [
      float([rows, length], p),
      float(
        [rows, length],
        each((i, row) => P.values[i]! * (dy.values[i]! - dot[row]!)),
      ),
      float([rows, length], logP),
      float(
        [rows, length],
        each((i, row) => dy.values[i]! - total[row]! * exp(L.values[i]!)),
      ),
      float([rows], lse),
      float(
        [rows, length],
        each((i, row) => p[i]! * small.values[row]!),
      ),
      float(
        [rows],
        list((from, row) => (has(row) ? -logP[from + ids.values[row]!]! : Number.NaN)),
      ),
      float(
        [rows, length],
        each((i, row) => small.values[row]! * (p[i]! - +(i - row * length === ids.values[row]!))),
      ),
      float(
        [rows],
        sumOf((i) => (labels.values[i]! === 0 ? 0 : -labels.values[i]! * logP[i]!)),
      ),
      float(
        [rows, length],
        each((i, row) => small.values[row]! * (p[i]! * ofLabels[row]! - labels.values[i]!)),
      ),
    ],
    ulps: 8,
    within: [1e-6, 2e-6, 1e-6 * big, 2e-5, 1e-6, 1e-6, 1e-6 * big, 1e-6, 3e-6 * big, 3e-6].map((v) => v * 2),
    anyZero: true,
    note: { big },
  };
};

const normalized: Make = (random) => {
  const [outer, rows, groups, size] = [
    random.int(1, 4),
    random.of([1, 1, 2, 3, 9, 70]),
    random.int(1, 5),
    random.of([1, 1, 2, 3, 4, 7, 33]),
  ] as const;
  const [hasScale, hasBias] = [random.chance(0.7), random.chance(0.6)];
  const usesMean = random.chance(0.8);
  const attrs: NormAttrs = {
    outer,
    rows,
    groups,
    size,
    epsilon: 1e-3,
    usesMean,
    isFast: !usesMean || random.chance(0.5),
    byGroup: random.chance(0.4),
    withMoments: random.chance(0.5),
  };
  const shape = [outer * rows * groups * size];
  const vector = [attrs.byGroup ? groups : groups * size];
  const [x, dy] = [random.tensor(shape, "float32", "plain"), random.tensor(shape, "float32", "plain")];
  const [scale, bias] = [
    random.tensor(vector, "float32", "plain"),
    random.tensor(vector, "float32", "plain"),
  ];
  const of = (x1: Plain): Float32Array => Float32Array.from(x1.values);
  const moments = outer * groups;
  const made = {
    y: new Float32Array(shape[0]!),
    mean: new Float32Array(moments),
    variance: new Float32Array(moments),
    dx: new Float32Array(shape[0]!),
    dScale: new Float32Array(vector[0]!),
    dBias: new Float32Array(vector[0]!),
  };
  normalizeLoop(
    of(x),
    hasScale ? of(scale) : undefined,
    hasBias ? of(bias) : undefined,
    attrs,
    made.y,
    made.mean,
    made.variance,
  );
  normalizeBackLoop(of(x), of(dy), hasScale ? of(scale) : undefined, attrs, made.dx, made.dScale, made.dBias);
  const kernel = (name: string, inputs: Record<string, tf.Tensor>): tf.Tensor[] =>
    [
      tf.engine().runKernel(name, inputs, attrs as unknown as tf.NamedAttrMap) as tf.Tensor | tf.Tensor[],
    ].flat();
  return {
    name: "NnxNormalize",
    inputs: [x, scale, bias, dy],
    run: ([t, s, b, d]) => [
      ...kernel("NnxNormalize", { x: t!, ...(hasScale && { scale: s! }), ...(hasBias && { bias: b! }) }),
      ...kernel("NnxNormalizeBack", { x: t!, dy: d!, ...(hasScale && { scale: s! }) }),
    ],
    expected: [
      float(shape, made.y),
      ...(attrs.withMoments ? [float([moments], made.mean), float([moments], made.variance)] : []),
      float(shape, made.dx),
      float(vector, made.dScale),
      float(vector, made.dBias),
    ],
    ulps: 16,
    within: 3e-4,
    anyZero: true,
    note: attrs,
  };
};

export const productCases: readonly Make[] = [
  matMul,
  matMul,
  fusedMatMul,
  einsum,
  convolution,
  convolution,
  conv2D,
  fusedConv,
  pools,
  maxPool,
  rowKernels,
  normalized,
];

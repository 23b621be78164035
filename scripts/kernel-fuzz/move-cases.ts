/** @file Cases of kernels that move elements, and of reductions. */
import * as tf from "@tensorflow/tfjs-core";
import { type Dtype, type Plain, type Random, sizeOf } from "./random.ts";
import type { Case } from "./run.ts";

const dtypes: readonly Dtype[] = ["float32", "int32", "bool"];
type Make = (random: Random) => Case;

const moving = (name: string, inputs: readonly Plain[], run: Case["run"], note?: unknown): Case => ({
  name,
  inputs,
  run,
  expected: "stock",
  note,
  isExact: true,
});

const slice: Make = (random) => {
  const shape = random.shape();
  const begin = shape.map((n) => random.int(0, n));
  const size = shape.map((n, i) => (random.chance(0.3) ? -1 : random.int(0, n - begin[i]!)));
  const x = random.tensor(shape, random.of(dtypes));
  return moving("Slice", [x], ([t]) => tf.slice(t!, begin, size), { begin, size });
};

const stridedSlice: Make = (random) => {
  const shape = random.shape(6, 1).map((n) => Math.max(n, 1));
  const strides = shape.map(() => random.of([1, 1, 2, 3, -1, -2]));
  const begin = shape.map((n) => random.int(-n - 1, n + 1));
  const end = shape.map((n) => random.int(-n - 1, n + 1));
  const mask = (): number => (random.chance(0.5) ? 0 : random.below(2 ** shape.length));
  const masks = [mask(), mask(), 0, random.chance(0.2) ? 1 : 0, random.chance(0.2) ? mask() : 0] as const;
  const x = random.tensor(shape, random.of(dtypes));
  const run: Case["run"] = ([t]) => tf.stridedSlice(t!, begin, end, strides, ...masks);
  // An end before the begin: tensorflow.js's own kernel throws, where ours has no elements.
  return { ...moving("StridedSlice", [x], run, { begin, end, strides, masks }), isRefused: true };
};

const unpack: Make = (random) => {
  const shape = random.shape(7, 1);
  const axis = random.below(shape.length);
  if (shape[axis] === 0) shape[axis] = 2;
  const x = random.tensor(shape, random.of(dtypes));
  return moving(
    "Unpack",
    [x],
    ([t]) => tf.unstack(t!, random.chance(0.5) ? axis : axis - shape.length),
    axis,
  );
};

const split: Make = (random) => {
  const shape = random.shape(7, 1);
  const axis = random.below(shape.length);
  const sizes = Array.from({ length: random.int(1, 4) }, () => random.int(0, 4));
  shape[axis] = sizes.reduce((a, b) => a + b, 0);
  const x = random.tensor(shape, random.of(dtypes));
  return moving("SplitV", [x], ([t]) => tf.split(t!, sizes, axis), { sizes, axis });
};

const concat: Make = (random) => {
  const shape = random.shape(7, 1);
  const axis = random.below(shape.length);
  const dtype = random.of(dtypes);
  const inputs = Array.from({ length: random.int(1, 5) }, () =>
    random.tensor(
      shape.map((n, i) => (i === axis ? random.int(0, 4) : n)),
      dtype,
    ),
  );
  if (inputs.length > 1 && random.chance(0.3)) inputs[1] = inputs[0]!;
  return moving(
    "Concat",
    inputs,
    (xs) => tf.concat([...xs], random.chance(0.5) ? axis : axis - shape.length),
    axis,
  );
};

const pack: Make = (random) => {
  const shape = random.shape(6);
  const axis = random.int(0, shape.length);
  const dtype = random.of(dtypes);
  const inputs = Array.from({ length: random.int(1, 5) }, () => random.tensor(shape, dtype));
  if (inputs.length > 1 && random.chance(0.3)) inputs[1] = inputs[0]!;
  return moving("Pack", inputs, (xs) => tf.stack([...xs], axis), axis);
};

const transpose: Make = (random) => {
  const shape = random.shape();
  const perm = random.shuffled(shape.map((_, i) => i));
  const x = random.tensor(shape, random.of(dtypes));
  return moving("Transpose", [x], ([t]) => tf.transpose(t!, perm), perm);
};

const tile: Make = (random) => {
  const shape = random.shape(7, 1);
  const reps = shape.map(() => random.of([1, 1, 2, 3, 0]));
  while (sizeOf(shape) * sizeOf(reps) > 30_000) reps[reps.findIndex((n) => n > 1)] = 1;
  const x = random.tensor(shape, random.of(dtypes));
  return moving("Tile", [x], ([t]) => tf.tile(t!, reps), reps);
};

const reverse: Make = (random) => {
  const shape = random.shape();
  const axes = shape.map((_, i) => i).filter(() => random.chance(0.5));
  const x = random.tensor(shape, random.of(dtypes));
  return moving("Reverse", [x], ([t]) => tf.reverse(t!, axes), axes);
};

const pad: Make = (random) => {
  const shape = random.shape(7, 1);
  while (sizeOf(shape) > 2000) shape[random.below(shape.length)] = 1;
  const paddings = shape.map((): [number, number] => [random.of([0, 0, 1, 2]), random.of([0, 0, 1, 3])]);
  const dtype = random.of(dtypes);
  const value =
    dtype === "float32" ? random.of([0, 1.5, Number.NaN, Number.NEGATIVE_INFINITY]) : random.below(2);
  const x = random.tensor(shape, dtype);
  return moving("PadV2", [x], ([t]) => tf.pad(t!, paddings, value), { paddings, value: String(value) });
};

const gather: Make = (random) => {
  const shape = random.shape(5, 1).map((n) => Math.max(1, n));
  const axis = random.below(shape.length);
  const batchDims = random.chance(0.4) ? random.int(0, axis) : 0;
  const own = [...shape.slice(0, batchDims), ...random.shape(batchDims === axis ? 3 : 2)];
  while (sizeOf(own) * sizeOf(shape) > 40_000 && own.length > batchDims) own.pop();
  const ids: Plain = {
    shape: own,
    dtype: "int32",
    values: Array.from({ length: sizeOf(own) }, () => random.below(shape[axis]!)),
  };
  const x = random.tensor(shape, random.of(dtypes));
  const counted = random.chance(0.2) && batchDims > 0 ? batchDims - own.length : batchDims;
  return moving("GatherV2", [x, ids], ([t, i]) => tf.gather(t!, i as tf.Tensor1D, axis, counted), {
    axis,
    batchDims: counted,
  });
};

/** What tensorflow.js refuses is refused, and nothing is read outside. */
const wrongGather: Make = (random) => {
  const shape = random.shape(3, 2).map((n) => Math.max(2, n));
  const [axis, batchDims] = [1, random.of([0, 1, 1, 2, -3])];
  const ids: Plain = { shape: [shape[0]! + random.of([0, 1, -1]), 3], dtype: "int32", values: [] };
  const values = Array.from({ length: sizeOf(ids.shape) }, () =>
    random.of([0, 1, random.of([0, -1, shape[1]!])]),
  );
  return moving(
    "GatherV2",
    [random.tensor(shape), { ...ids, values }],
    ([t, i]) => tf.gather(t!, i as tf.Tensor1D, axis, batchDims),
    { axis, batchDims },
  );
};

const gatherNd: Make = (random) => {
  const shape = random.shape(4, 1).map((n) => Math.max(1, n));
  const depth = random.int(1, shape.length);
  const outer = random.shape(2).map((n) => Math.min(n, 9));
  const values = Array.from({ length: sizeOf(outer) * depth }, (_, i) => random.below(shape[i % depth]!));
  const ids: Plain = { shape: [...outer, depth], dtype: "int32", values };
  return moving("GatherNd", [random.tensor(shape, random.of(dtypes)), ids], ([t, i]) => tf.gatherND(t!, i!));
};

const scatterNd: Make = (random) => {
  const shape = random.shape(4, 1).map((n) => Math.max(1, n));
  const depth = random.int(1, shape.length);
  const outer = [random.int(0, 9)];
  const values = Array.from({ length: sizeOf(outer) * depth }, (_, i) => random.below(shape[i % depth]!));
  const ids: Plain = { shape: [...outer, depth], dtype: "int32", values };
  const updates = random.tensor(
    [...outer, ...shape.slice(depth)],
    random.of(["float32", "int32"] as const),
    "plain",
  );
  return {
    ...moving("ScatterNd", [ids, updates], ([i, u]) => tf.scatterND(i!, u!, shape)),
    isExact: false,
    ulps: 2,
    within: 1e-6,
  };
};

const segmentSum: Make = (random) => {
  const shape = random.shape(4, 1);
  const count = random.int(1, 9);
  const ids: Plain = {
    shape: [shape[0]!],
    dtype: "int32",
    values: Array.from({ length: shape[0]! }, () => random.int(-1, count)),
  };
  const x = random.tensor(shape, random.of(["float32", "int32"] as const), "plain");
  const words = sizeOf(shape.slice(1));
  const values = Array<number>(count * words).fill(0);
  for (const [n, id] of ids.values.entries())
    if (id >= 0 && id < count)
      for (let k = 0; k < words; k++) values[id * words + k]! += x.values[n * words + k]!;
  return {
    name: "UnsortedSegmentSum",
    inputs: [x, ids],
    run: ([t, i]) => tf.unsortedSegmentSum(t!, i as tf.Tensor1D, count),
    expected: [{ shape: [count, ...shape.slice(1)], dtype: x.dtype, values }],
    ulps: 4,
    within: 1e-5,
    note: count,
  };
};

const oneHot: Make = (random) => {
  const shape = random.shape(3);
  const [depth, dtype] = [random.int(1, 12), random.of(dtypes)];
  const ids: Plain = {
    shape,
    dtype: "int32",
    values: Array.from({ length: sizeOf(shape) }, () => random.int(-2, depth + 1)),
  };
  const [on, off] = dtype === "float32" ? [random.of([1, 0.5, Number.NaN]), random.of([0, -1])] : [1, 0];
  const last = shape.length;
  const values = Array.from({ length: sizeOf(shape) * depth }, (_, i) =>
    ids.values[Math.floor(i / depth)] === i % depth ? on : off,
  );
  return {
    name: "OneHot",
    inputs: [ids],
    run: ([i]) =>
      tf.engine().runKernel("OneHot", { indices: i! }, { depth, onValue: on, offValue: off, dtype }),
    expected: [{ shape: [...shape, depth], dtype, values }],
    note: { depth, dtype, last },
  };
};

const rows: Make = (random) => {
  const shape = random.shape(3, 1);
  const own = random.shape(2);
  const count = shape[0]!;
  const ids: Plain = {
    shape: own,
    dtype: "int32",
    values: Array.from({ length: sizeOf(own) }, () => random.int(-count - 2, count + 1)),
  };
  const words = sizeOf(shape.slice(1));
  const outside = random.of(["nan", "zero"] as const);
  const x = random.tensor(shape);
  const values = ids.values.flatMap((id) => {
    const row = id < 0 ? id + count : id;
    const is = row >= 0 && row < count;
    return Array.from({ length: words }, (_, j) =>
      is ? x.values[row * words + j]! : outside === "nan" ? Number.NaN : 0,
    );
  });
  return {
    name: "NnxTakeRows",
    inputs: [x, ids],
    run: ([t, i]) => tf.engine().runKernel("NnxTakeRows", { x: t!, ids: i! }, { outside }),
    expected: [{ shape: [...own, ...shape.slice(1)], dtype: "float32", values }],
    note: outside,
  };
};

const rowSums: Make = (random) => {
  const rest = random.shape(2);
  const own = random.shape(2);
  const count = random.int(0, 9);
  const ids: Plain = {
    shape: own,
    dtype: "int32",
    values: Array.from({ length: sizeOf(own) }, () => random.int(-count - 2, count + 1)),
  };
  const words = sizeOf(rest);
  const x = random.tensor([...own, ...rest], "float32", "plain");
  const values = Array<number>(count * words).fill(0);
  for (const [n, id] of ids.values.entries()) {
    const row = id < 0 ? id + count : id;
    if (row >= 0 && row < count)
      for (let j = 0; j < words; j++) values[row * words + j]! += x.values[n * words + j]!;
  }
  return {
    name: "NnxAddRows",
    inputs: [x, ids],
    run: ([t, i]) => tf.engine().runKernel("NnxAddRows", { x: t!, ids: i! }, { count }),
    expected: [{ shape: [count, ...rest], dtype: "float32", values }],
    ulps: 4,
    within: 1e-4,
  };
};

const identity: Make = (random) => {
  const x = random.tensor(random.shape(), random.of(dtypes));
  return {
    name: "Identity",
    inputs: [x],
    run: ([t]) => [tf.clone(t!), tf.cast(t!, x.dtype)],
    expected: [x, x],
  };
};

/** Joins the numbers that are reduced, in order. */
function reduced(
  x: Plain,
  axes: readonly number[],
  keeps: boolean,
  dtype: Dtype,
  of: (list: number[]) => number,
): Plain {
  const shape = x.shape.map((n, i) => (axes.includes(i) ? 1 : n));
  const lists = Array.from({ length: sizeOf(shape) }, (): number[] => []);
  x.values.forEach((value, index) => {
    let [rest, at, step] = [index, 0, 1];
    for (let axis = x.shape.length - 1; axis >= 0; axis--) {
      const place = rest % x.shape[axis]!;
      rest = Math.floor(rest / x.shape[axis]!);
      if (!axes.includes(axis)) at += place * step;
      step *= shape[axis]!;
    }
    lists[at]!.push(value);
  });
  return { shape: keeps ? shape : shape.filter((_, i) => !axes.includes(i)), dtype, values: lists.map(of) };
}

const sum = (list: number[]): number => list.reduce((a, b) => a + b, 0);
const most = (list: number[]): number => list.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
const least = (list: number[]): number => list.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);

const reduction: Make = (random) => {
  const shape = random.shape();
  const axes = shape.map((_, i) => i).filter(() => random.chance(0.5));
  const keeps = random.chance(0.5);
  const name = random.of(["Sum", "Mean", "Max", "Min", "Prod"]);
  const isExtreme = name === "Max" || name === "Min";
  const x = random.tensor(shape, "float32", isExtreme ? "wild" : "plain");
  const count = sizeOf(axes.map((axis) => shape[axis]!));
  const of = {
    Sum: sum,
    Mean: (list: number[]) => sum(list) / list.length,
    Max: most,
    Min: least,
    Prod: (list: number[]) => list.reduce((a, b) => a * b, 1),
  }[name]!;
  return {
    name,
    inputs: [x],
    run: ([t]) =>
      ({ Sum: tf.sum, Mean: tf.mean, Max: tf.max, Min: tf.min, Prod: tf.prod })[name]!(t!, axes, keeps),
    expected: [reduced(x, axes, keeps, "float32", of)],
    ulps: isExtreme ? 0 : name === "Prod" ? 4 * count + 4 : 4,
    within: isExtreme ? 0 : (name === "Mean" ? 1 : Math.sqrt(count) + 1) * 1e-6 * (name === "Mean" ? 5 : 2),
    stockWithin: isExtreme ? 0 : 1e-5 * count,
    anyZero: true,
    note: { axes, keeps },
  };
};

/** NaN and infinities in sums. */
const wildSum: Make = (random) => {
  const shape = random.shape(4, 1);
  const axes = shape.map((_, i) => i).filter(() => random.chance(0.5));
  const x = random.tensor(shape, "float32", "plain");
  const values = x.values.map((v) =>
    random.chance(0.01) ? random.of([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) : v,
  );
  const wild = { ...x, values };
  return {
    name: "Sum",
    inputs: [wild],
    run: ([t]) => tf.sum(t!, axes),
    expected: [reduced(wild, axes, false, "float32", sum)],
    ulps: 8,
    within: 1e-3,
    anyZero: true,
    note: { axes, wild: true },
  };
};

const intReduction: Make = (random) => {
  const shape = random.shape();
  const axes = shape.map((_, i) => i).filter(() => random.chance(0.5));
  const name = random.of(["Sum", "Max", "Min"]);
  const x = random.tensor(shape, "int32", "plain");
  const isNothing = (list: number[]): boolean => list.length === 0;
  const of = {
    Sum: sum,
    Max: (l: number[]) => (isNothing(l) ? -(2 ** 31) : most(l)),
    Min: (l: number[]) => (isNothing(l) ? 2 ** 31 - 1 : least(l)),
  }[name]!;
  return {
    name,
    inputs: [x],
    run: ([t]) => ({ Sum: tf.sum, Max: tf.max, Min: tf.min })[name]!(t!, axes),
    expected: [reduced(x, axes, false, "int32", of)],
    note: { axes },
  };
};

const logical: Make = (random) => {
  const shape = random.shape();
  const axes = shape.map((_, i) => i).filter(() => random.chance(0.5));
  const name = random.of(["All", "Any"] as const);
  const x = random.tensor(shape, "bool");
  const of = (list: number[]): number =>
    name === "All" ? +list.every((v) => v !== 0) : +list.some((v) => v !== 0);
  return {
    name,
    inputs: [x],
    run: ([t]) => (name === "All" ? tf.all : tf.any)(t!, axes),
    expected: [reduced(x, axes, false, "bool", of)],
    note: { axes },
  };
};

const place: Make = (random) => {
  const shape = random.shape(7, 1).map((n) => Math.max(n, 1));
  const axis = random.below(shape.length);
  const name = random.of(["ArgMax", "ArgMin"] as const);
  const sign = name === "ArgMax" ? 1 : -1;
  const x = random.tensor(shape, random.of(["float32", "int32"] as const));
  const values = x.values.map((v) => (Number.isNaN(v) ? 0 : v));
  const calm = { ...x, values };
  const of = (list: number[]): number => list.findIndex((v) => list.every((w) => sign * v >= sign * w));
  return {
    name,
    inputs: [calm],
    run: ([t]) => (name === "ArgMax" ? tf.argMax : tf.argMin)(t!, axis),
    expected: [reduced(calm, [axis], false, "int32", of)],
    note: { axis },
  };
};

export const moveCases: readonly Make[] = [
  slice,
  stridedSlice,
  unpack,
  split,
  concat,
  pack,
  transpose,
  tile,
  reverse,
  pad,
  gather,
  wrongGather,
  gatherNd,
  scatterNd,
  segmentSum,
  oneHot,
  rows,
  rowSums,
  identity,
  reduction,
  reduction,
  reduction,
  wildSum,
  intReduction,
  logical,
  place,
];

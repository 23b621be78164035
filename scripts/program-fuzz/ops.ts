/** @file Ops of random programs: each picks values that it can take, and says how it is called. */
import { fusedMatMul } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../../packages/nnx/src/index.ts";
import { type Random, sizeOf } from "../kernel-fuzz/random.ts";

type Tensor = tf.Tensor;

/** What is known of a value when a program is made. */
export interface Value {
  readonly slot: number;
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Whether all ways of computing it give the same numbers: jumps come of exact ones alone. */
  readonly isExact: boolean;
}

/** One op of a program. */
export interface Step {
  readonly inputs: readonly Value[];
  readonly run: (inputs: readonly Tensor[]) => Tensor | Tensor[];
  /** Whether it gives exact results of exact inputs. */
  readonly isExact: boolean;
}

/** @returns nothing where no values fit. */
export type Maker = (random: Random, values: readonly Value[]) => Step | undefined;

type Fits = (value: Value) => boolean;
type Unary = (x: Tensor) => Tensor;
type Binary = (x: Tensor, y: Tensor) => Tensor;
type Reduce = (x: Tensor, axes?: number | number[], keepDims?: boolean) => Tensor;

const isFloat: Fits = ({ dtype }) => dtype === "float32";
const isBool: Fits = ({ dtype }) => dtype === "bool";
const isNumber: Fits = ({ dtype }) => dtype !== "bool";
const isExactNumber: Fits = (value) => isNumber(value) && value.isExact;
const isFull: Fits = ({ shape }) => shape.length > 0 && sizeOf(shape) > 0;
const both =
  (...all: readonly Fits[]): Fits =>
  (value) =>
    all.every((fits) => fits(value));

const pick = (random: Random, values: readonly Value[], fits: Fits): Value | undefined => {
  const found = values.filter(fits);
  return found.length > 0 ? random.of(found) : undefined;
};

/** Whether two shapes are broadcast to one. */
const fitTogether = (a: readonly number[], b: readonly number[]): boolean =>
  Array.from({ length: Math.min(a.length, b.length) }, (_, i) => [a.at(-1 - i)!, b.at(-1 - i)!]).every(
    ([x, y]) => x === y || x === 1 || y === 1,
  );

const unary =
  (f: Unary, fits: Fits = isFloat, isExact = true): Maker =>
  (random, values) => {
    const x = pick(random, values, fits);
    return x && { inputs: [x], run: ([t]) => f(t!), isExact };
  };

const binary =
  (f: Binary, fits: Fits = isNumber, isExact = true): Maker =>
  (random, values) => {
    const x = pick(random, values, fits);
    const y =
      x &&
      pick(
        random,
        values,
        both(fits, (v) => v.dtype === x.dtype && fitTogether(v.shape, x.shape)),
      );
    return y && { inputs: [x, y], run: ([a, b]) => f(a!, b!), isExact };
  };

/** An axis, counted from either end. */
const axisIn = (random: Random, { shape }: Value): number => random.int(-shape.length, shape.length - 1);

const reduction =
  (f: Reduce, fits: Fits, isExact: boolean): Maker =>
  (random, values) => {
    const x = pick(random, values, both(fits, isFull));
    if (!x) return undefined;
    const some = random.shuffled(x.shape.map((_, i) => i)).slice(0, random.int(1, x.shape.length));
    const axes = random.of([undefined, axisIn(random, x), some]);
    const keepDims = random.chance(0.5);
    return { inputs: [x], run: ([t]) => f(t!, axes, keepDims), isExact };
  };

const alongAxis =
  (f: (x: Tensor, axis: number, random: Random) => Tensor | Tensor[], fits: Fits, isExact: boolean): Maker =>
  (random, values) => {
    const x = pick(random, values, both(fits, isFull));
    if (!x) return undefined;
    const axis = axisIn(random, x);
    return { inputs: [x], run: ([t]) => f(t!, axis, random), isExact };
  };

/** Something that is decided once for each shape. */
const shaped =
  <C>(
    fits: Fits,
    choose: (random: Random, value: Value) => C,
    f: (x: Tensor, choice: C) => Tensor | Tensor[],
  ): Maker =>
  (random, values) => {
    const x = pick(random, values, fits);
    if (!x) return undefined;
    const choice = choose(random, x);
    return { inputs: [x], run: ([t]) => f(t!, choice), isExact: true };
  };

/** Whole numbers from 0 to n - 1. */
const idsOf = (x: Tensor, n: number): Tensor => {
  const floats = tf.cast(x, "float32");
  return tf.cast(tf.mod(tf.abs(tf.where(tf.isFinite(floats), floats, tf.zerosLike(floats))), n), "int32");
};

const lookUp: Maker = (random, values) => {
  const x = pick(random, values, isFull);
  const ids = pick(
    random,
    values,
    both(isExactNumber, ({ shape }) => sizeOf(shape) < 20),
  );
  if (!x || !ids) return undefined;
  const axis = axisIn(random, x);
  return {
    inputs: [x, ids],
    run: ([t, i]) => tf.gather(t!, idsOf(i!, x.shape.at(axis)!), axis),
    isExact: true,
  };
};

const where: Maker = (random, values) => {
  const c = pick(random, values, isBool);
  const x = c && pick(random, values, ({ shape }) => fitTogether(shape, c.shape));
  const y =
    x &&
    pick(
      random,
      values,
      (v) => v.dtype === x.dtype && [c, x].every((each) => fitTogether(v.shape, each.shape)),
    );
  return y && { inputs: [c, x, y], run: ([a, b, d]) => tf.where(a!, b!, d!), isExact: true };
};

const joined =
  (f: (all: Tensor[], axis: number) => Tensor): Maker =>
  (random, values) => {
    const x = pick(random, values, ({ shape }) => shape.length > 0 && shape.length < 4);
    if (!x) return undefined;
    const y = pick(random, values, (v) => v.dtype === x.dtype && String(v.shape) === String(x.shape))!;
    const axis = random.below(x.shape.length);
    return { inputs: [x, y], run: (all) => f([...all], axis), isExact: true };
  };

const product: Maker = (random, values) => {
  const isMatrix = both(isFloat, ({ shape }) => shape.length >= 2);
  const x = pick(random, values, isMatrix);
  if (!x) return undefined;
  const [left, right] = [random.chance(0.4), random.chance(0.4)];
  const inner = x.shape.at(left ? -2 : -1);
  const y = pick(
    random,
    values,
    both(
      isMatrix,
      ({ shape }) =>
        shape.at(right ? -1 : -2) === inner && fitTogether(shape.slice(0, -2), x.shape.slice(0, -2)),
    ),
  );
  return y && { inputs: [x, y], run: ([a, b]) => tf.matMul(a!, b!, left, right), isExact: false };
};

/** A dense layer with or without a bias and bounds, as layers compute it. */
const dense: Maker = (random, values) => {
  const x = pick(random, values, both(isFloat, isFull));
  const kernel =
    x &&
    pick(
      random,
      values,
      both(isFloat, ({ shape }) => shape.length === 2 && shape[0] === x.shape.at(-1)),
    );
  if (!kernel) return undefined;
  const fitsKernel: Fits = ({ shape }) => shape.length === 1 && shape[0] === kernel.shape[1];
  const bias = random.chance(0.6) ? pick(random, values, both(isFloat, fitsKernel)) : undefined;
  const bound = random.of<Unary>([(y) => y, tf.relu, tf.relu, tf.relu6]);
  return {
    inputs: bias ? [x, kernel, bias] : [x, kernel],
    run: ([a, b, c]) => bound(fusedMatMul(a!, b!, c ?? null)),
    isExact: false,
  };
};

/** A value as images, whatever shape it has. */
const asImages = (x: Tensor): tf.Tensor4D => {
  const [h, w, c] = [x.rank > 2 ? x.shape.at(-3)! : 1, x.shape.at(-2)!, x.shape.at(-1)!];
  return tf.reshape(x, [-1, h, w, c]);
};
const isImage = both(isFloat, isFull, ({ shape }) => shape.length > 1);
const side = (x: Tensor): [number, number] => [
  Math.min(2, asImages(x).shape[1]),
  Math.min(2, x.shape.at(-2)!),
];

const slope: Maker = (random, values) => {
  const x = pick(random, values, isFloat);
  const y =
    x &&
    pick(
      random,
      values,
      both(isFloat, ({ shape }) => String(shape) === String(x.shape)),
    );
  if (!y) return undefined;
  const f = random.of<Binary>([
    (a, b) => tf.sum(tf.mul(tf.tanh(a), b)),
    (a, b) => tf.mean(tf.square(tf.sub(a, b))),
    (a, b) => tf.sum(tf.mul(tf.relu(a), b)),
  ]);
  return { inputs: [x, y], run: ([a, b]) => nnx.grad((v: Tensor) => f(v, b!))(a!), isExact: false };
};

const named = <F>(names: string, make: (name: string) => F): (readonly [string, F])[] =>
  names.split(" ").map((name) => [name, make(name)]);
const op = <F>(name: string): F => (tf as unknown as Record<string, F>)[name]!;

/** All ops, by what a message calls them. */
export const makers: readonly (readonly [name: string, make: Maker])[] = [
  ...named("add sub mul maximum minimum squaredDifference", (name) => binary(op(name))),
  ...named("div pow", (name) => binary(op(name), isFloat, false)),
  ...named("equal less greaterEqual", (name) => binary(op(name), isExactNumber)),
  ...named("logicalAnd logicalOr logicalXor", (name) => binary(op(name), isBool)),
  ...named("abs neg relu relu6 square isNaN onesLike clone", (name) => unary(op(name))),
  ...named("floor round sign", (name) =>
    unary(
      op(name),
      both(isFloat, ({ isExact }) => isExact),
    ),
  ),
  ...named("exp tanh sigmoid elu softplus log", (name) => unary(op(name), isFloat, false)),
  ...named("gelu silu", (name) => unary((nnx as unknown as Record<string, Unary>)[name]!, isFloat, false)),
  ["logicalNot", unary((x) => tf.logicalNot(x), isBool)],
  ["toFloat", unary((x) => tf.cast(x, "float32"), isExactNumber)],
  ["toBool", unary((x) => tf.cast(x, "bool"), isExactNumber)],
  ...named("sum mean prod logSumExp", (name) => reduction(op(name), isFloat, false)),
  ...named("max min", (name) => reduction(op(name), isNumber, true)),
  ...named("all any", (name) => reduction(op(name), isBool, true)),
  ["sum of bools", reduction(tf.sum, isBool, true)],
  ...named("argMax argMin", (name) => alongAxis(op(name), isExactNumber, true)),
  ["cumsum", alongAxis((x, axis) => tf.cumsum(x, axis < 0 ? axis + x.rank : axis), isFloat, false)],
  ["softmax", alongAxis((x, axis) => nnx.softmax(x, { axis }), isFloat, false)],
  ["unstack", alongAxis((x, axis) => tf.unstack(x, axis), isFull, true)],
  ["reverse", alongAxis((x, axis) => tf.reverse(x, axis), isFull, true)],
  [
    "transpose",
    shaped(
      () => true,
      (random, { shape }) => random.shuffled(shape.map((_, i) => i)),
      (x, perm) => tf.transpose(x, perm),
    ),
  ],
  [
    "reshape",
    shaped(
      () => true,
      (random, { shape }) => random.of([[...shape, 1], [1, ...shape], [sizeOf(shape)]]),
      (x, to) => tf.reshape(x, to),
    ),
  ],
  [
    "slice",
    shaped(
      isFull,
      (random, { shape }) => shape.map((n) => random.below(n)),
      (x, begin) => tf.slice(x, begin),
    ),
  ],
  [
    "pad",
    shaped(
      both(isNumber, ({ shape }) => shape.length > 0 && shape.length < 5),
      (random, { shape }) => shape.map((): [number, number] => [random.below(2), random.below(3)]),
      (x, paddings) => tf.pad(x, paddings, 2),
    ),
  ],
  [
    "tile",
    shaped(
      both(isFull, ({ shape }) => sizeOf(shape) < 60),
      (random, { shape }) => shape.map(() => random.int(1, 2)),
      (x, reps) => tf.tile(x, reps),
    ),
  ],
  [
    "oneHot",
    shaped(
      both(isExactNumber, ({ shape }) => sizeOf(shape) < 20 && shape.length < 4),
      (random) => random.int(1, 4),
      (x, depth) => tf.oneHot(idsOf(x, 5), depth),
    ),
  ],
  [
    "topk",
    shaped(
      both(isExactNumber, isFull),
      (random, { shape }) => random.int(1, shape.at(-1)!),
      (x, k) => {
        const { values, indices } = tf.topk(tf.cast(idsOf(x, 9), "float32"), k);
        return [values, indices];
      },
    ),
  ],
  ["gather", lookUp],
  ["where", where],
  ["concat", joined((all, axis) => tf.concat(all, axis))],
  ["stack", joined((all, axis) => tf.stack(all, axis))],
  ["matMul", product],
  ["dense", dense],
  ["maxPool", unary((x) => tf.maxPool(asImages(x), side(x), 1, "same"), isImage)],
  ["avgPool", unary((x) => tf.avgPool(asImages(x), side(x), 1, "valid"), isImage, false)],
  [
    "conv2d",
    unary(
      (x) => tf.conv2d(asImages(x), tf.ones([...side(x), x.shape.at(-1)!, 2]), 1, "same"),
      isImage,
      false,
    ),
  ],
  ["grad", slope],
];

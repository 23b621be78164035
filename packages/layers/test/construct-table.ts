/** @file How to construct each class of this package, for laws that all constructors obey. */
import { Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../src/index.ts";

/** A class of layers, as plain JavaScript sees it. */
export interface ConstructEntry {
  readonly type: new (...args: readonly unknown[]) => object;
  /** The arguments before the options. */
  readonly args: () => readonly unknown[];
  /** The required options. */
  readonly options?: () => Readonly<Record<string, unknown>>;
  /** Whether `{ rngs }` is required, optional or unknown. */
  readonly rngs: "required" | "optional" | "none";
  /** Options with which the constructor uses every initializer. */
  readonly drawsAll?: Readonly<Record<string, unknown>>;
}

const rngs = (): Rngs => new Rngs({ params: 0, dropout: 1, dropconnect: 2, carry: 3 });
const linear = () => new nnx.Linear(3, 4, { rngs: rngs() });
const gru = () => new nnx.GRUCell(2, 3, { rngs: rngs() });
const entry = (
  type: unknown,
  args: () => readonly unknown[],
  more: Partial<Omit<ConstructEntry, "type" | "args">> = {},
): ConstructEntry => ({ type: type as ConstructEntry["type"], args, rngs: "required", ...more });
const optional = { rngs: "optional" } as const;

/** Every class with its own constructor. */
export const constructTable: readonly ConstructEntry[] = [
  entry(nnx.Linear, () => [2, 3]),
  entry(nnx.LinearGeneral, () => [[2, 3], 4], { options: () => ({ axis: [-2, -1] }) }),
  entry(nnx.Einsum, () => ["ab,bc->ac", [2, 3], [3]]),
  entry(nnx.Embed, () => [5, 3]),
  entry(nnx.Conv, () => [2, 3, [3, 3]]),
  entry(nnx.ConvTranspose, () => [2, 3, [3, 3]]),
  entry(nnx.BatchNorm, () => [3]),
  entry(nnx.LayerNorm, () => [3]),
  entry(nnx.RMSNorm, () => [3]),
  entry(nnx.GroupNorm, () => [4], { options: () => ({ numGroups: 2 }) }),
  entry(nnx.InstanceNorm, () => [3]),
  entry(nnx.WeightNorm, () => [new nnx.Sequential(linear(), new nnx.Linear(4, 2, { rngs: rngs() }))]),
  entry(nnx.SpectralNorm, () => [linear()]),
  entry(nnx.Dropout, () => [0.5], optional),
  entry(nnx.DropConnectLinear, () => [linear(), 0.5], optional),
  entry(nnx.DropConnectConv, () => [new nnx.Conv(1, 1, 1, { rngs: rngs() }), 0.5], optional),
  entry(nnx.PReLU, () => [0.1], { rngs: "none" }),
  entry(nnx.LoRA, () => [3, 2, 4]),
  entry(nnx.LoRALinear, () => [3, 4], { options: () => ({ loraRank: 2 }) }),
  entry(nnx.MultiHeadAttention, () => [2, 4], { drawsAll: { normalizeQk: true } }),
  entry(nnx.SimpleCell, () => [2, 3]),
  entry(nnx.GRUCell, () => [2, 3]),
  entry(nnx.LSTMCell, () => [2, 3]),
  entry(nnx.OptimizedLSTMCell, () => [2, 3]),
  entry(nnx.RNN, () => [gru()], optional),
  entry(nnx.Bidirectional, () => [new nnx.RNN(gru()), new nnx.RNN(gru())], optional),
];

/** Constructs the class of an entry, with additional options. */
export function build(made: ConstructEntry, more: Readonly<Record<string, unknown>> = {}): object {
  const own = made.rngs === "none" ? {} : { rngs: rngs() };
  return new made.type(...made.args(), { ...own, ...made.options?.(), ...more });
}

/** A call with options, as plain JavaScript sees it: the forward of a layer, or a function. */
export interface CallEntry {
  readonly name: string;
  /** The required options of the call. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly call: (options: unknown) => unknown;
  /** Options that are checked later, or may have any value. */
  readonly free?: readonly string[];
}

type Call = (options: unknown) => unknown;
const loose = <A extends readonly unknown[]>(f: (...args: never) => unknown): ((...args: A) => unknown) =>
  f as (...args: A) => unknown;
/** Calls the forward of a layer on an input, with options. */
const forward =
  (make: () => object, ...inputs: readonly (readonly number[])[]): Call =>
  (options) => {
    const layer = make() as { forward: (...args: readonly unknown[]) => unknown };
    return layer.forward(...inputs.map((shape) => tf.ones([...shape])), options);
  };
const norm = (type: ConstructEntry["type"]) => forward(() => new type(4, { rngs: rngs() }), [2, 3, 4]);
const after =
  (f: (...args: never) => unknown, ...args: readonly unknown[]): Call =>
  (options) =>
    loose(f)(...args.map((arg) => (Array.isArray(arg) ? tf.ones(arg as number[]) : arg)), options);
const carried = (cell: (more: object) => { initializeCarry(shape: readonly number[], o: object): unknown }) =>
  ((options) => cell({}).initializeCarry([5, 2], options as object)) satisfies Call;

const attention = (more: object) => new nnx.MultiHeadAttention(2, 4, { rngs: rngs(), ...more });
const heads = [1, 3, 2, 4];

/** Every forward and function of this package that takes options. */
export const callTable: readonly CallEntry[] = [
  {
    name: "Einsum.forward",
    call: forward(() => new nnx.Einsum("ab,bc->ac", [3, 4], null, { rngs: rngs() }), [2, 3]),
  },
  { name: "BatchNorm.forward", call: norm(nnx.BatchNorm as unknown as ConstructEntry["type"]) },
  { name: "LayerNorm.forward", call: norm(nnx.LayerNorm as unknown as ConstructEntry["type"]) },
  { name: "RMSNorm.forward", call: norm(nnx.RMSNorm as unknown as ConstructEntry["type"]) },
  {
    name: "GroupNorm.forward",
    call: forward(() => new nnx.GroupNorm(4, 2, { rngs: rngs() }), [2, 3, 4]),
  },
  { name: "InstanceNorm.forward", call: norm(nnx.InstanceNorm as unknown as ConstructEntry["type"]) },
  {
    name: "SpectralNorm.forward",
    call: forward(() => new nnx.SpectralNorm(linear(), { rngs: rngs() }), [2, 3]),
  },
  { name: "Dropout.forward", call: forward(() => new nnx.Dropout(0.5, { rngs: rngs() }), [2, 3]) },
  {
    name: "DropConnectLinear.forward",
    call: forward(() => new nnx.DropConnectLinear(linear(), 0.5, { rngs: rngs() }), [2, 3]),
  },
  {
    name: "DropConnectConv.forward",
    call: forward(
      () => new nnx.DropConnectConv(new nnx.Conv(3, 1, 1, { rngs: rngs() }), 0.5, { rngs: rngs() }),
      [2, 5, 3],
    ),
  },
  {
    name: "MultiHeadAttention.forward",
    call: forward(() => attention({ decode: false, deterministic: true }), [2, 3, 4]),
  },
  { name: "RNN.forward", call: forward(() => new nnx.RNN(gru()), [2, 4, 2]), free: ["initialCarry"] },
  {
    name: "Bidirectional.forward",
    call: forward(() => new nnx.Bidirectional(new nnx.RNN(gru()), new nnx.RNN(gru())), [2, 4, 2]),
    free: ["initialCarry"],
  },
  {
    name: "SimpleCell.initializeCarry",
    options: { rngs: rngs() },
    call: carried(() => new nnx.SimpleCell(2, 3, { rngs: rngs() })),
  },
  { name: "GRUCell.initializeCarry", options: { rngs: rngs() }, call: carried(gru) },
  {
    name: "LSTMCell.initializeCarry",
    options: { rngs: rngs() },
    call: carried(() => new nnx.LSTMCell(2, 3, { rngs: rngs() })),
  },
  {
    name: "OptimizedLSTMCell.initializeCarry",
    options: { rngs: rngs() },
    call: carried(() => new nnx.OptimizedLSTMCell(2, 3, { rngs: rngs() })),
  },
  {
    name: "convGeneralDilated",
    options: {
      strides: [1],
      padding: [[0, 0]],
      inputDilation: [1],
      kernelDilation: [1],
      featureGroupCount: 1,
      precision: null,
    },
    call: after(nnx.convGeneralDilated, [1, 4, 2], [2, 2, 3]),
  },
  { name: "softmax", call: after(nnx.softmax, [2, 3]) },
  { name: "logSoftmax", call: after(nnx.logSoftmax, [2, 3]) },
  { name: "logsumexp", call: after(nnx.logsumexp, [2, 3]) },
  { name: "logsumexp", call: after(nnx.logsumexpWithSign, [2, 3]) },
  { name: "standardize", call: after(nnx.standardize, [2, 3]) },
  { name: "gelu", call: after(nnx.gelu, [2, 3]) },
  { name: "oneHot", call: (options) => loose(nnx.oneHot)(tf.tensor1d([0, 1], "int32"), 3, options) },
  { name: "pool", call: (options) => loose(nnx.pool)(tf.ones([1, 3, 1]), "add", [2], options) },
  { name: "avgPool", call: (options) => loose(nnx.avgPool)(tf.ones([1, 3, 1]), [2], options) },
  { name: "maxPool", call: (options) => loose(nnx.maxPool)(tf.ones([1, 3, 1]), [2], options) },
  { name: "minPool", call: (options) => loose(nnx.minPool)(tf.ones([1, 3, 1]), [2], options) },
  { name: "makeAttentionMask", call: after(nnx.makeAttentionMask, [2, 3], [2, 4]) },
  { name: "makeCausalMask", call: after(nnx.makeCausalMask, [2, 3]) },
  { name: "combineMasks", call: (options) => loose(nnx.combineMasks)([tf.ones([1, 3])], options) },
  { name: "dotProductAttention", call: after(nnx.dotProductAttention, heads, heads, heads) },
  { name: "dotProductAttention", call: after(nnx.dotProductAttentionWeights, heads, heads) },
  { name: "flipSequences", options: { numBatchDims: 1 }, call: after(nnx.flipSequences, [2, 3]) },
];

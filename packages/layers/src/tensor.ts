/** @file The only file of this package that names the array library. */
import { isRecording } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";

/** An immutable array: tensorflow.js's. */
export type Tensor<R extends tf.Rank = tf.Rank> = tf.Tensor<R>;

/** What most ops take: numbers become float32 scalars. */
export type Operand = Tensor | number;

type Unary = <T extends Tensor>(x: T) => T;
type Binary = (a: Operand, b: Operand) => Tensor;
type Reduction = (x: Tensor, axis?: number | number[], keepDims?: boolean) => Tensor;

export const isTensor = (x: unknown): x is Tensor => x instanceof tf.Tensor;

export const abs: Unary = tf.abs;
export const add: Binary = tf.add;
export const broadcastTo: typeof tf.broadcastTo = tf.broadcastTo;
export const cast: typeof tf.cast = tf.cast;
export const clone: Unary = tf.clone;
export const concat: typeof tf.concat = tf.concat;
export const div: Binary = tf.div;
export const elu: Unary = tf.elu;
export const equal: Binary = tf.equal;
export const erf: Unary = tf.erf;
export const exp: Unary = tf.exp;
export const expandDims: typeof tf.expandDims = tf.expandDims;
export const expm1: Unary = tf.expm1;
export const greater: Binary = tf.greater;
export const greaterEqual: Binary = tf.greaterEqual;
export const leakyRelu: <T extends Tensor>(x: T, negativeSlope?: number) => T = tf.leakyRelu;
export const less: Binary = tf.less;
export const log: Unary = tf.log;
export const log1p: Unary = tf.log1p;
export const logicalAnd: typeof tf.logicalAnd = tf.logicalAnd;
export const logicalNot: typeof tf.logicalNot = tf.logicalNot;
export const max: Reduction = tf.max;
export const maximum: Binary = tf.maximum;
export const mean: Reduction = tf.mean;
export const min: Reduction = tf.min;
export const minimum: Binary = tf.minimum;
export const mul: Binary = tf.mul;
export const neg: Unary = tf.neg;
export const notEqual: Binary = tf.notEqual;
export const ones: typeof tf.ones = tf.ones;
export const pad: (x: Tensor, widths: [number, number][], value?: number) => Tensor = tf.pad;
export const relu: Unary = tf.relu;
export const relu6: Unary = tf.relu6;
export const reshape: typeof tf.reshape = tf.reshape;
export const reverse: typeof tf.reverse = tf.reverse;
export const rsqrt: Unary = tf.rsqrt;
export const scalar: typeof tf.scalar = tf.scalar;
export const selu: Unary = tf.selu;
export const sigmoid: Unary = tf.sigmoid;
export const slice: typeof tf.slice = tf.slice;
export const softmax: typeof tf.softmax = tf.softmax;
export const softplus: Unary = tf.softplus;
export const split: typeof tf.split = tf.split;
export const sqrt: Unary = tf.sqrt;
export const square: Unary = tf.square;
export const squeeze: typeof tf.squeeze = tf.squeeze;
export const stack: typeof tf.stack = tf.stack;
export const sub: Binary = tf.sub;
export const sum: Reduction = tf.sum;
export const tanh: Unary = tf.tanh;
export const tidy: typeof tf.tidy = tf.tidy;
export const tile: typeof tf.tile = tf.tile;
export const transpose: typeof tf.transpose = tf.transpose;
export const unstack: typeof tf.unstack = tf.unstack;
export const where: (condition: Tensor, a: Operand, b: Operand) => Tensor = tf.where;
export const zeros: typeof tf.zeros = tf.zeros;
export const zerosLike: Unary = tf.zerosLike;

/** What the wasm backend knows of data: the shape it was made with, whatever reshaping said since. */
interface WasmBackend {
  readonly dataIdMap: { get(dataId: object): { readonly shape: readonly number[] } };
}

const FUSED = "_FusedMatMul";

/** Whether the fused kernel of this backend takes this bias: wasm's looks at the shape that the data were made with. */
const takesBias = (backend: object, bias: Tensor): boolean =>
  !("dataIdMap" in backend) || (backend as WasmBackend).dataIdMap.get(bias.dataId).shape.length === 1;

/**
 * `a @ b + bias` over the last axis of a, as one kernel. The kernel is called directly: `tf.fused.matMul` and the engine cost more than the
 * product of small layers, and the former brings a gradient that asks for the transposed products that are slow on wasm.
 * @param a - `[..., inner]`
 * @param b - `[inner, columns]`
 * @param bias - `[columns]`, or `null`.
 * @returns `[..., columns]`
 */
export function fusedMatMul(a: Tensor, b: Tensor, bias: Tensor | null): Tensor {
  const [inner = 0, columns = 0] = b.shape;
  const rows = a.size / inner;
  const shape = a.rank === 2 ? [rows, columns] : [...a.shape.slice(0, -1), columns];
  const engine = tf.engine();
  const { backend, backendName } = engine;
  const kernel =
    isRecording() || (backendName !== "cpu" && backendName !== "wasm")
      ? null
      : tf.getKernel(FUSED, backendName);
  if (!kernel) {
    const flat = a.rank === 2 ? a : tf.reshape(a, [rows, inner]);
    const product = tf.matMul(flat as tf.Tensor2D, b as tf.Tensor2D);
    const y = bias ? tf.add(product, bias) : product;
    return a.rank === 2 ? y : tf.reshape(y, shape);
  }
  const fused = bias !== null && takesBias(backend, bias);
  // The kernels read shapes of rank 3, and nothing of a tensor but these.
  const inputs = {
    a: { dataId: a.dataId, shape: [1, rows, inner], dtype: a.dtype },
    b: { dataId: b.dataId, shape: [1, inner, columns], dtype: b.dtype },
    ...(fused ? { bias } : {}),
  };
  const attrs = { transposeA: false, transposeB: false, activation: "linear" };
  const { dataId } = kernel.kernelFunc({ inputs, attrs, backend }) as tf.TensorInfo;
  const y = engine.makeTensorFromTensorInfo({ dataId, shape, dtype: "float32" });
  return bias && !fused ? tf.add(y, bias) : y;
}

export const matMul = (a: Tensor, b: Tensor): Tensor => tf.matMul(a, b);

/** The slices of x at these positions along an axis. */
export const gather = (x: Tensor, positions: readonly number[], axis = 0): Tensor =>
  tf.gather(x, tf.tensor1d([...positions], "int32"), axis);

/** Values of any dtype in a shape. */
export const tensorOf = (
  values: readonly number[],
  shape: readonly number[],
  dtype: "float32" | "int32" | "bool",
): Tensor => tf.tensor([...values], [...shape], dtype);

/** One row of zeros and a one per id; ids outside `[0, depth)` give zeros. */
export const oneHotRows = (ids: Tensor, depth: number): Tensor => tf.oneHot(ids, depth) as Tensor;

/** The values, for decisions that depend on them. Waits for the backend. */
export const valuesOf = (x: Tensor): ArrayLike<number> => x.dataSync() as ArrayLike<number>;

interface SpatialOptions {
  readonly strides: readonly number[];
  /** Not negative. */
  readonly padding: readonly (readonly [number, number])[];
  readonly dilations: readonly number[];
}

type Pair = [number, number];

const explicitPadding = (padding: SpatialOptions["padding"]): [Pair, Pair, Pair, Pair] => {
  const [rows = [0, 0], columns = [0, 0]] = padding;
  return [[0, 0], [...rows], [...columns], [0, 0]];
};

/** A convolution over two or three spatial axes: `[n, ...spatial, in]` with `[...window, in, out]`. */
export function convSpatial(
  x: Tensor,
  kernel: Tensor,
  { strides, padding, dilations }: SpatialOptions,
): Tensor {
  if (x.rank === 4) {
    const pads = explicitPadding(padding);
    return tf.conv2d(
      x as tf.Tensor4D,
      kernel as tf.Tensor4D,
      strides as Pair,
      pads,
      "NHWC",
      dilations as Pair,
    );
  }
  // tf.conv3d takes no numbers for its padding.
  const padded = padding.every(([before, after]) => before === 0 && after === 0)
    ? x
    : tf.pad(x, [[0, 0], ...padding.map(([before, after]): Pair => [before, after]), [0, 0]]);
  type Triple = [number, number, number];
  return tf.conv3d(
    padded as tf.Tensor5D,
    kernel as tf.Tensor5D,
    strides as Triple,
    "valid",
    "NDHWC",
    dilations as Triple,
  );
}

/** A convolution in which every channel has filters of its own: `[n, h, w, c]` with `[rows, columns, c, filters]`. */
export const depthwiseSpatial = (x: Tensor, kernel: Tensor, how: SpatialOptions): Tensor =>
  tf.depthwiseConv2d(
    x as tf.Tensor4D,
    kernel as tf.Tensor4D,
    how.strides as Pair,
    explicitPadding(how.padding),
    "NHWC",
    how.dilations as Pair,
  );

/** Mean or maximum of windows that lie within the input, over two or three spatial axes. */
export function poolValid(
  x: Tensor,
  kind: "avg" | "max",
  window: readonly number[],
  strides: readonly number[],
): Tensor {
  if (x.rank === 4) {
    const pool = kind === "avg" ? tf.avgPool : tf.maxPool;
    return pool(x as tf.Tensor4D, window as Pair, strides as Pair, "valid");
  }
  if (kind === "max") return maxPool3d(x, window, strides);
  type Triple = [number, number, number];
  return tf.avgPool3d(x as tf.Tensor5D, window as Triple, strides as Triple, "valid");
}

/** Height and width, then depth: the wasm kernel for all three starts at the smallest positive number. */
function maxPool3d(
  x: Tensor,
  [kd = 1, kh = 1, kw = 1]: readonly number[],
  [sd = 1, sh = 1, sw = 1]: readonly number[],
): Tensor {
  const [n = 0, depth = 0, height = 0, width = 0, channels = 0] = x.shape;
  const planes = tf.reshape(x, [n * depth, height, width, channels]) as tf.Tensor4D;
  const flat = tf.maxPool(planes, [kh, kw], [sh, sw], "valid");
  const [, h, w] = flat.shape;
  const columns = tf.reshape(flat, [n, depth, h * w, channels]) as tf.Tensor4D;
  const pooled = tf.maxPool(columns, [kd, 1], [sd, 1], "valid");
  return tf.reshape(pooled, [n, pooled.shape[1], h, w, channels]);
}

/** @file The only file of this package that names the array library. */
import { mendKernels } from "@nnxjs/gradients";
import { isRecording } from "@nnxjs/nnx-core/internal";
import * as tf from "@tensorflow/tfjs-core";

/** An immutable array: tensorflow.js's. */
export type Tensor<R extends tf.Rank = tf.Rank> = tf.Tensor<R>;

/** What most ops take: numbers become float32 scalars. */
export type Operand = Tensor | number;

type Unary = <T extends Tensor>(x: T) => T;
type Binary = (a: Operand, b: Operand) => Tensor;
type Reduction = (x: Tensor, axis?: number | number[], keepDims?: boolean) => Tensor;

/**
 * An op on kernels that are right: tensorflow.js's own lose NaN, stop at six axes, or read what is
 * not theirs.
 */
const op = <F extends (...args: never[]) => unknown>(run: F): F =>
  ((...args) => {
    mendKernels();
    return run(...args);
    // The same arguments and the same result.
  }) as F;

export const isTensor = (x: unknown): x is Tensor => x instanceof tf.Tensor;

export const abs: Unary = op(tf.abs);
export const add: Binary = op(tf.add);
export const broadcastTo: (x: Tensor, shape: number[]) => Tensor = op((x: Tensor, shape: number[]) =>
  // tensorflow.js leaves out axes that are repeated no times.
  shape.includes(0) ? tf.zeros(shape, x.dtype) : tf.broadcastTo(x, shape),
);
export const cast: typeof tf.cast = op(tf.cast);
export const concat: typeof tf.concat = op(tf.concat);
export const div: Binary = op(tf.div);
export const elu: Unary = op(tf.elu);
export const equal: Binary = op(tf.equal);
export const erf: Unary = op(tf.erf);
export const exp: Unary = op(tf.exp);
export const expandDims: typeof tf.expandDims = op(tf.expandDims);
export const expm1: Unary = op(tf.expm1);
export const greater: Binary = op(tf.greater);
export const greaterEqual: Binary = op(tf.greaterEqual);
export const leakyRelu: <T extends Tensor>(x: T, negativeSlope?: number) => T = op(tf.leakyRelu);
export const less: Binary = op(tf.less);
export const log: Unary = op(tf.log);
export const logicalAnd: typeof tf.logicalAnd = op(tf.logicalAnd);
export const max: Reduction = op(tf.max);
export const maximum: Binary = op(tf.maximum);
export const mean: Reduction = op(tf.mean);
export const minimum: Binary = op(tf.minimum);
export const mul: Binary = op(tf.mul);
export const neg: Unary = op(tf.neg);
export const notEqual: Binary = op(tf.notEqual);
export const ones: typeof tf.ones = op(tf.ones);
export const pad: (x: Tensor, widths: [number, number][], value?: number) => Tensor = op(tf.pad);
export const relu: Unary = op(tf.relu);
export const relu6: Unary = op(tf.relu6);
export const reshape: typeof tf.reshape = op(tf.reshape);
export const reverse: typeof tf.reverse = op(tf.reverse);
export const rsqrt: Unary = op(tf.rsqrt);
export const scalar: typeof tf.scalar = tf.scalar;
export const selu: Unary = op(tf.selu);
export const sigmoid: Unary = op(tf.sigmoid);
export const slice: typeof tf.slice = op(tf.slice);
export const softmax: typeof tf.softmax = op(tf.softmax);
export const softplus: Unary = op(tf.softplus);
export const split: typeof tf.split = op(tf.split);
export const square: Unary = op(tf.square);
export const squeeze: typeof tf.squeeze = op(tf.squeeze);
export const stack: typeof tf.stack = op(tf.stack);
export const sub: Binary = op(tf.sub);
export const sum: Reduction = op(tf.sum);
export const tanh: Unary = op(tf.tanh);
export const tidy: typeof tf.tidy = tf.tidy;
export const transpose: typeof tf.transpose = op(tf.transpose);
export const unstack: typeof tf.unstack = op(tf.unstack);
export const where: (condition: Tensor, a: Operand, b: Operand) => Tensor = op(tf.where);
export const zeros: typeof tf.zeros = op(tf.zeros);
export const zerosLike: Unary = op(tf.zerosLike);

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
  mendKernels();
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

export const matMul: (a: Tensor, b: Tensor) => Tensor = op(tf.matMul);

/** The slices of x at these positions along an axis. */
export const gather = (x: Tensor, positions: readonly number[], axis = 0): Tensor =>
  gatherAt(x, tf.tensor1d([...positions], "int32"), axis);

/** The slices of x at the positions that a tensor holds, along an axis. */
export const gatherAt: (x: Tensor, positions: Tensor, axis?: number) => Tensor = op(tf.gather);

/** Values of any dtype in a shape. */
export const tensorOf = (
  values: readonly number[],
  shape: readonly number[],
  dtype: "float32" | "int32" | "bool",
): Tensor => tf.tensor([...values], [...shape], dtype);

/** One row of zeros and a one per id; ids outside `[0, depth)` give zeros. */
export const oneHotRows = (ids: Tensor, depth: number): Tensor =>
  // tensorflow.js takes two classes at least.
  depth > 1 ? tf.oneHot(ids, depth) : tf.slice(tf.oneHot(ids, 2), [0, 0], [ids.size, depth]);

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
  mendKernels();
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
export function depthwiseSpatial(x: Tensor, kernel: Tensor, how: SpatialOptions): Tensor {
  mendKernels();
  return tf.depthwiseConv2d(
    x as tf.Tensor4D,
    kernel as tf.Tensor4D,
    how.strides as Pair,
    explicitPadding(how.padding),
    "NHWC",
    how.dilations as Pair,
  );
}

/** Mean or maximum of windows that lie within the input, over two or three spatial axes. */
export function poolValid(
  x: Tensor,
  kind: "avg" | "max",
  window: readonly number[],
  strides: readonly number[],
): Tensor {
  mendKernels();
  if (x.rank === 4) {
    const pool = kind === "avg" ? tf.avgPool : tf.maxPool;
    return pool(x as tf.Tensor4D, window as Pair, strides as Pair, "valid");
  }
  const pool = kind === "avg" ? tf.avgPool3d : tf.maxPool3d;
  type Triple = [number, number, number];
  return pool(x as tf.Tensor5D, window as Triple, strides as Triple, "valid");
}

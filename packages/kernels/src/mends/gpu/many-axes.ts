/** @file Kernels of webgl and webgpu that take few axes. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { fold } from "../../fold.ts";
import { GPU, runForEach } from "../../gpu/program.ts";
import { aroundAxis, axesOf, keepDims, sizeOf, withShape } from "../../shape.ts";
import { filled, type LoopDtype } from "../../memory/access.ts";
import { type Mend, mend, reshaped, scoped } from "../mend.ts";

const select: Mend = mend<"condition" | "t" | "e">(
  "Select",
  GPU,
  "Takes up to four axes.",
  ({ inputs: { condition, t, e }, backend, stock }) => {
    const { shape } = t;
    // `tf.where` does not repeat along axes of no elements.
    const empty = [condition, t, e].find((each) => sizeOf(each.shape) === 0);
    if (empty) {
      const whole = tf.backend_util.assertAndGetBroadcastShape(shape, e.shape);
      return filled(
        backend,
        { shape: sizeOf(whole) === 0 ? whole : empty.shape, dtype: t.dtype as LoopDtype },
        0,
      );
    }
    if (shape.length <= 4) return stock();
    return scoped(() => {
      const isOfRows = condition.shape.length === 1;
      const flat = isOfRows ? [shape[0]!, sizeOf(shape.slice(1))] : [sizeOf(shape)];
      const [t2, e2] = [reshaped(t, flat), reshaped(e, flat)];
      const c = isOfRows ? condition : reshaped(condition, flat);
      return withShape(stock({ condition: c, t: t2, e: e2 }), shape);
    });
  },
);

type Pads = readonly (readonly [number, number])[];

/** Joins each axis that gets no padding to the one before it. */
function joined(shape: readonly number[], pads: Pads): { sizes: number[]; around: [number, number][] } {
  const sizes: number[] = [];
  const around: [number, number][] = [];
  shape.forEach((size, axis) => {
    const [before, after] = pads[axis]!;
    const last = sizes.length - 1;
    if (last >= 0 && before === 0 && after === 0) {
      sizes[last]! *= size;
      around[last] = [around[last]![0] * size, around[last]![1] * size];
    } else {
      sizes.push(size);
      around.push([before, after]);
    }
  });
  return { sizes, around };
}

const pad: Mend = mend<"x", { paddings: [number, number][]; constantValue: number }>(
  "PadV2",
  GPU,
  "Of more than four axes: throws (webgl), or returns the values of earlier tensors (webgpu).",
  ({ inputs: { x }, attrs: { paddings, constantValue }, backend, stock }) => {
    const shape = x.shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]);
    if (sizeOf(x.shape) === 0 && sizeOf(shape) > 0 && x.dtype !== "string" && x.dtype !== "complex64")
      return filled(backend, { shape, dtype: x.dtype }, constantValue);
    if (x.shape.length <= 4) return stock();
    return scoped(() => {
      // Each time the axes are padded that fit into four, the others later.
      const at = paddings.flatMap(([before, after], axis) => (before + after > 0 ? [axis] : []));
      const now = at.slice(0, 3);
      const first = paddings.map((each, axis): [number, number] => (now.includes(axis) ? each : [0, 0]));
      const rest = paddings.map((each, axis): [number, number] => (now.includes(axis) ? [0, 0] : each));
      const { sizes, around } = joined(x.shape, first);
      const between = x.shape.map((size, axis) => size + first[axis]![0] + first[axis]![1]);
      const padded = stock({ x: reshaped(x, sizes) }, { paddings: around });
      if (at.length <= 3) return withShape(padded, between);
      const whole = tf.engine().makeTensorFromTensorInfo(withShape(padded, between));
      return tf.pad(whole, rest, constantValue);
    });
  },
);

interface ReduceAttrs {
  axis?: number | number[] | null;
  /** The name that `Max` has for `axis`. */
  reductionIndices?: number | number[] | null;
  keepDims?: boolean;
}

/** Joins neighbouring axes that are both reduced, or both not. */
function joinedFor(shape: readonly number[], axes: readonly number[]): { sizes: number[]; axes: number[] } {
  const sizes: number[] = [];
  const reduced: boolean[] = [];
  shape.forEach((size, axis) => {
    const isReduced = axes.includes(axis);
    if (sizes.length > 0 && reduced.at(-1) === isReduced) sizes[sizes.length - 1]! *= size;
    else {
      sizes.push(size);
      reduced.push(isReduced);
    }
  });
  return { sizes, axes: reduced.flatMap((is, axis) => (is ? [axis] : [])) };
}

const reduction = (kernelName: string): Mend =>
  mend<"x", ReduceAttrs>(kernelName, GPU, "Takes up to six axes.", ({ inputs: { x }, attrs, stock }) => {
    if (x.shape.length <= 4 || sizeOf(x.shape) === 0) return stock();
    const over = axesOf(attrs.axis ?? attrs.reductionIndices, x.shape.length);
    const { sizes, axes } = joinedFor(x.shape, over);
    const shape = attrs.keepDims ? keepDims(x.shape, over) : x.shape.filter((_, i) => !over.includes(i));
    const along = (y: Tensor, over: number[]): TensorInfo =>
      stock(
        { x: y },
        { ...("reductionIndices" in attrs ? { reductionIndices: over } : { axis: over }), keepDims: false },
      );
    return scoped(() => {
      if (sizes.length <= 4) return withShape(along(reshaped(x, sizes), axes), shape);
      // The same along one axis after the other.
      const left = [...sizes];
      let y = x as Tensor;
      for (const axis of axes) {
        y = tf.engine().makeTensorFromTensorInfo(along(reshaped(y, aroundAxis(left, axis)), [1]));
        left[axis] = 1;
      }
      return reshaped(y, [...shape]);
    });
  });

/** Kernels of the last axis alone. */
const overLast = (kernelName: string): Mend =>
  mend<"logits", { dim?: number; axis?: number }>(
    kernelName,
    GPU,
    "Takes up to six axes.",
    ({ inputs: { logits }, stock }) => {
      const { shape } = logits;
      if (shape.length <= 4 || sizeOf(shape) === 0) return stock();
      const last = shape.at(-1)!;
      return scoped(() =>
        withShape(
          stock(
            { logits: reshaped(logits, [sizeOf(shape) / last, last]) },
            kernelName === "Softmax" ? { dim: 1 } : { axis: 1 },
          ),
          shape,
        ),
      );
    },
  );

/** Kernels of single elements. */
const flat = (kernelName: string): Mend =>
  mend<"x">(kernelName, GPU, "Takes up to six axes.", ({ inputs: { x }, stock }) => {
    if (x.shape.length <= 6) return stock();
    return scoped(() => withShape(stock({ x: reshaped(x, [sizeOf(x.shape)]) }), x.shape));
  });

/** Kernels of two inputs that are right where those are of one shape, or of few axes. */
const pairs = (kernelName: string): Mend =>
  mend<"a" | "b">(
    kernelName,
    GPU,
    "Throws from seven axes on. webgpu's repeats wrong elements from five on.",
    ({ inputs: { a, b }, stock }) => {
      if (a.shape.length <= 4 && b.shape.length <= 4) return stock();
      return scoped(() => {
        const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
        const folded = fold(a.shape, b.shape);
        const [x, y] =
          folded.axes.length <= 4
            ? [reshaped(a, folded.a), reshaped(b, folded.b)]
            : [a, b].map((each) => reshaped(tf.broadcastTo(each as Tensor, shape), [sizeOf(shape)]));
        return withShape(stock({ a: x!, b: y! }), shape);
      });
    },
  );

const PAIRS =
  "Equal NotEqual Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr Maximum Minimum Mod Atan2 Add Sub Multiply SquaredDifference FloorDiv".split(
    " ",
  );

const fill: Mend = mend<never, tf.FillAttrs>("Fill", GPU, "Takes up to six axes.", ({ attrs, stock }) => {
  const { shape } = attrs;
  return shape.length <= 6 ? stock() : withShape(stock(undefined, { shape: [sizeOf(shape)] }), shape);
});

const slice: Mend = mend<"x", { begin: number[]; size: number[] }>(
  "Slice",
  GPU,
  "Takes up to six axes.",
  ({ inputs: { x }, attrs, stock }) => {
    if (x.shape.length <= 6) return stock();
    const { begin, size } = attrs;
    return scoped(() => {
      const shape = [...x.shape];
      let y = x as Tensor;
      x.shape.forEach((whole, axis) => {
        const length = size[axis] === -1 ? whole - begin[axis]! : size[axis]!;
        if (length === whole) return;
        const [before, , after] = aroundAxis(shape, axis);
        y = tf.slice(reshaped(y, [before, whole, after]), [0, begin[axis]!, 0], [before, length, after]);
        shape[axis] = length;
      });
      return reshaped(y, shape);
    });
  },
);

const UNARY = [
  ..."Abs Acosh Asin Asinh Atan Atanh Ceil Cosh Elu Erf Exp Expm1 Floor IsFinite IsInf IsNan LogicalNot Neg".split(
    " ",
  ),
  ..."Reciprocal Round Rsqrt Selu Sigmoid Sign Sinh Softplus Sqrt Square Step Tan Tanh Cast ClipByValue ZerosLike OnesLike".split(
    " ",
  ),
];

const tile: Mend = mend<"x", tf.TileAttrs>(
  "Tile",
  GPU,
  "Takes up to five axes.",
  ({ inputs: { x }, attrs: { reps }, stock }) => {
    if (x.shape.length <= 4 || sizeOf(x.shape) === 0) return stock();
    return scoped(() => {
      const shape = [...x.shape];
      let y = x as Tensor;
      reps.forEach((times, axis) => {
        if (times === 1) return;
        y = tf.tile(reshaped(y, [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis))]), [1, times]);
        shape[axis]! *= times;
      });
      return reshaped(y, shape);
    });
  },
);

/** Of this many axes and fewer, the stock kernel transposes. */
const MOST_TRANSPOSED = 6;

/** Moves elements one by one. */
const MOVED = (sizes: readonly number[], perm: readonly number[]): string => {
  const lines = ["var_int rest = at; var_int place = 0; var_int left = 0;"];
  for (const axis of [...perm].reverse())
    lines.push(
      `left = rest / ${sizes[axis]}; place += (rest - left * ${sizes[axis]}) * ${sizeOf(sizes.slice(axis + 1))}; rest = left;`,
    );
  return `${lines.join(" ")} return getX(place);`;
};

/** Leaves out axes of size 1, and joins axes that stay neighbours. */
const transpose: Mend = mend<"x", tf.TransposeAttrs>(
  "Transpose",
  GPU,
  "Takes up to six axes.",
  ({ inputs: { x }, attrs: { perm }, backend, stock }) => {
    if (x.shape.length <= MOST_TRANSPOSED) return stock();
    const shape = perm.map((axis) => x.shape[axis]!);
    const dtype = x.dtype as LoopDtype;
    if (sizeOf(shape) === 0) return filled(backend, { shape, dtype }, 0);
    const long = x.shape.flatMap((size, axis) => (size > 1 ? [axis] : []));
    const groups: number[][] = [];
    for (const axis of perm.filter((each) => long.includes(each)).map((each) => long.indexOf(each))) {
      const last = groups.at(-1);
      if (last && last.at(-1) === axis - 1) last.push(axis);
      else groups.push([axis]);
    }
    const order = groups.map((_, i) => i).sort((i, j) => groups[i]![0]! - groups[j]![0]!);
    const sizes = order.map((i) => sizeOf(groups[i]!.map((axis) => x.shape[long[axis]!]!)));
    const moved = groups.map((_, i) => order.indexOf(i));
    return scoped(() => {
      if (groups.length <= 1) return reshaped(x, shape);
      if (groups.length <= MOST_TRANSPOSED)
        return withShape(stock({ x: reshaped(x, sizes) }, { perm: moved }), shape);
      const program = {
        name: `transpose ${sizes.join()} of ${moved.join()}`,
        body: MOVED(sizes, moved),
        inputs: ["X"],
      };
      return withShape(
        runForEach(backend, program, [reshaped(x, [sizeOf(shape)])], sizeOf(shape), dtype),
        shape,
      );
    });
  },
);

const prelu: Mend = mend<"x" | "alpha">(
  "Prelu",
  GPU,
  "Takes up to six axes (webgl), or four: webgpu returns the values of earlier tensors from five on.",
  ({ inputs: { x, alpha }, stock }) => {
    if (x.shape.length <= 4) return stock();
    const [values, slopes] = [x as Tensor, alpha as Tensor];
    return scoped(() => tf.where(tf.less(values, 0), tf.mul(values, slopes), values));
  },
);

/** Replacements of kernels that take few axes, and of a product. */
export const gpuShapeMends: readonly Mend[] = [
  select,
  pad,
  ...["Sum", "Mean", "Prod", "Max", "Min", "All", "Any"].map(reduction),
  overLast("Softmax"),
  overLast("LogSoftmax"),
  ...UNARY.map(flat),
  ...PAIRS.map(pairs),
  slice,
  fill,
  tile,
  transpose,
  prelu,
];

/** @file Kernels of webgl and webgpu that move elements, and take few axes. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { GPU, runForEach } from "../../gpu/program.ts";
import { aroundAxis, sizeOf, withShape } from "../../shape.ts";
import { filled, type LoopDtype } from "../../memory/access.ts";
import { type Mend, mend, reshaped, scoped } from "../../mend.ts";

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

const slice: Mend = mend<"x", { begin: number[]; size: number[] }>(
  "Slice",
  GPU,
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

const tile: Mend = mend<"x", tf.TileAttrs>("Tile", GPU, ({ inputs: { x }, attrs: { reps }, stock }) => {
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
});

const fill: Mend = mend<never, tf.FillAttrs>("Fill", GPU, ({ attrs, stock }) => {
  const { shape } = attrs;
  return shape.length <= 6 ? stock() : withShape(stock(undefined, { shape: [sizeOf(shape)] }), shape);
});

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

/** Replacements of kernels that move, repeat or fill in elements. */
export const moveAxesMends: readonly Mend[] = [pad, slice, fill, tile, transpose];

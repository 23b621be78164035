/** @file Kernels that change the order or the number of elements. */
import { util } from "@tensorflow/tfjs-core";
import type { CastAttrs, PadV2Attrs, ReverseAttrs, TileAttrs, TransposeAttrs } from "@tensorflow/tfjs-core";
import type { Mend } from "../mend.ts";
import { type Axis, stepsOf } from "./block.ts";
import { moveOne, share } from "./move.ts";
import { mover } from "./mover.ts";

const BOTH = ["cpu", "wasm"] as const;
const transpose: Mend = mover<TransposeAttrs>("Transpose", BOTH, (backend, [x], { perm }) => {
  const shape = perm.map((axis) => x!.shape[axis]!);
  const longer = perm.filter((axis) => x!.shape[axis] !== 1);
  // Axes of size 1 may go anywhere.
  if (longer.every((axis, i) => i === 0 || axis > longer[i - 1]!)) return share(backend, x!, shape);
  const [from, to] = [stepsOf(x!.shape), stepsOf(shape)];
  const axes = shape.map((size, i) => ({ size, from: from[perm[i]!]!, to: to[i]! }));
  return moveOne(backend, [x!], { shape, parts: [{ input: 0, axes, from: 0, to: 0 }] });
});

const tile: Mend = mover<TileAttrs>("Tile", BOTH, (backend, [x], { reps }) => {
  const shape = x!.shape.map((size, axis) => size * reps[axis]!);
  const [from, to] = [stepsOf(x!.shape), stepsOf(shape)];
  const axes = x!.shape.flatMap((size, axis): Axis[] => [
    { size: reps[axis]!, from: 0, to: size * to[axis]! },
    { size, from: from[axis]!, to: to[axis]! },
  ]);
  return moveOne(backend, [x!], { shape, parts: [{ input: 0, axes, from: 0, to: 0 }] });
});

const reverse: Mend = mover<ReverseAttrs>("Reverse", BOTH, (backend, [x], { dims }) => {
  const { shape } = x!;
  if (shape.length === 0) return share(backend, x!, shape);
  const turned = util.parseAxisParam(dims, shape);
  const steps = stepsOf(shape);
  let from = 0;
  const axes = shape.map((size, axis): Axis => {
    const step = steps[axis]!;
    if (!turned.includes(axis)) return { size, from: step, to: step };
    from += (size - 1) * step;
    return { size, from: -step, to: step };
  });
  return moveOne(backend, [x!], { shape, parts: [{ input: 0, axes, from, to: 0 }] });
});

const pad: Mend = mover<PadV2Attrs>("PadV2", BOTH, (backend, [x], attrs) => {
  const { paddings, constantValue } = attrs;
  const shape = x!.shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]);
  const [from, to] = [stepsOf(x!.shape), stepsOf(shape)];
  const axes = x!.shape.map((size, i) => ({ size, from: from[i]!, to: to[i]! }));
  const start = paddings.reduce((sum, [before], axis) => sum + before * to[axis]!, 0);
  const isPadded = paddings.some(([before, after]) => before > 0 || after > 0);
  return moveOne(backend, [x!], {
    shape,
    parts: [{ input: 0, axes, from: 0, to: start }],
    rest: isPadded ? constantValue : undefined,
  });
});

/** cpu's shares data already. */
const identity: Mend = mover("Identity", ["wasm"], (backend, [x]) => share(backend, x!, x!.shape));

const cast: Mend = mover<CastAttrs>("Cast", ["wasm"], (backend, [x], { dtype }) =>
  x!.dtype === dtype ? share(backend, x!, x!.shape) : undefined,
);

/** Quicker kernels that arrange. */
export const layouts: readonly Mend[] = [transpose, tile, reverse, pad, identity, cast];

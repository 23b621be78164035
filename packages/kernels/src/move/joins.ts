/** @file Kernels that put tensors together. */
import { backend_util, util } from "@tensorflow/tfjs-core";
import type { ConcatAttrs, PackAttrs, TensorInfo } from "@tensorflow/tfjs-core";
import type { Mend } from "../mend.ts";
import { sameShape } from "../shape.ts";
import { stepsOf } from "./block.ts";
import { moveOne, share } from "./move.ts";
import { mover } from "./mover.ts";

/** One tensor after another along an axis. All have their shapes in `shapes`, which may be views. */
function placed(
  backend: object,
  inputs: readonly TensorInfo[],
  shapes: readonly (readonly number[])[],
  axis: number,
  shape: readonly number[],
): TensorInfo {
  const to = stepsOf(shape);
  let begin = 0;
  const parts = shapes.map((own, input) => {
    const from = stepsOf(own);
    const axes = own.map((size, i) => ({ size, from: from[i]!, to: to[i]! }));
    const part = { input, axes, from: 0, to: begin * to[axis]! };
    begin += own[axis]!;
    return part;
  });
  return moveOne(backend, inputs, { shape, parts });
}

const concat: Mend = mover<ConcatAttrs>("Concat", ["cpu", "wasm"], (backend, inputs, attrs) => {
  const [axis] = util.parseAxisParam(attrs.axis, inputs[0]!.shape) as [number];
  const shapes = inputs.map((x) => x.shape);
  backend_util.assertParamsConsistent(shapes, axis);
  return placed(backend, inputs, shapes, axis, backend_util.computeOutShape(shapes, axis));
});

const pack: Mend = mover<PackAttrs>("Pack", ["cpu", "wasm"], (backend, inputs, attrs) => {
  const [{ shape }] = inputs as [TensorInfo];
  // The stock kernel has the words for this.
  if (inputs.some((x) => !sameShape(x.shape, shape))) return undefined;
  const axis = attrs.axis < 0 ? attrs.axis + shape.length + 1 : attrs.axis;
  const one = [...shape.slice(0, axis), 1, ...shape.slice(axis)];
  if (inputs.length === 1) return share(backend, inputs[0]!, one);
  return placed(
    backend,
    inputs,
    inputs.map(() => one),
    axis,
    one.map((size, i) => (i === axis ? inputs.length : size)),
  );
});

/** Quicker kernels that put tensors together. */
export const joins: readonly Mend[] = [concat, pack];

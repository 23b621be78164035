/** @file The kernels of recurrent cells over all steps. */
import {
  gruGradientOver,
  lstmGradientOver,
  product,
  recurrentKernelNames as names,
  type SequenceAttrs,
  type SimpleAttrs,
  simpleGradientOver,
} from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type { NamedAttrMap, Tensor } from "@tensorflow/tfjs-core";
import { gruSteps, lstmSteps, simpleSteps } from "./recurrent-steps.ts";
import type { GradientRule } from "./rule.ts";

type Thunks<I extends string> = Readonly<Record<I, () => Tensor>>;

/**
 * A rule of a kernel with several outputs, which saves all its inputs and outputs. `backward` runs
 * once for all inputs; the thunks may share what it computed, and must return new tensors.
 */
const sequenceRule = <I extends string, A>(
  kernelName: string,
  inputs: readonly I[],
  outputs: number,
  backward: (
    dys: readonly Tensor[],
    inputs: Readonly<Record<I, Tensor>>,
    outputs: readonly Tensor[],
    attrs: A,
  ) => Thunks<I>,
): GradientRule => ({
  kernelName,
  inputsToSave: [...inputs],
  outputsToSave: Array<boolean>(outputs).fill(true),
  gradFunc: (dy: Tensor | Tensor[], saved: Tensor[], attrs: NamedAttrMap) =>
    backward(
      Array.isArray(dy) ? dy : [dy],
      // tensorflow.js saves the inputs in this order, and then the outputs.
      Object.fromEntries(inputs.map((name, i) => [name, saved[i]])) as Record<I, Tensor>,
      saved.slice(inputs.length),
      attrs as unknown as A,
    ),
});

/** A tensor of its own with the same values, since tensorflow.js disposes what a thunk returns. */
const own = (x: Tensor) => (): Tensor => tf.reshape(x, x.shape);

/** The carries before each step: the first one, and all results but the last. */
function before(first: Tensor, hs: Tensor, { timeMajor, reverse }: SequenceAttrs): Tensor {
  const axis = timeMajor ? 0 : 1;
  const start = tf.expandDims(first, axis);
  const steps = hs.shape[axis]! - 1;
  if (steps === 0) return start;
  const kept = tf.slice(
    hs,
    hs.shape.map((_, i) => (i === axis && reverse ? 1 : 0)),
    hs.shape.map((size, i) => (i === axis ? steps : size)),
  );
  return tf.concat(reverse ? [kept, start] : [start, kept], axis);
}

const asMatrix = (x: Tensor): Tensor => tf.reshape(x, [-1, x.shape.at(-1)!]);

/** The gradient of the kernel, by one product for all steps. */
const ofKernel = (first: Tensor, hs: Tensor, dp: Tensor, attrs: SequenceAttrs) => (): Tensor =>
  product(asMatrix(before(first, hs, attrs)), asMatrix(dp), true, false);

const lstm = sequenceRule<"x" | "kernel" | "c" | "h", SequenceAttrs>(
  names.lstm,
  ["x", "kernel", "c", "h"],
  3,
  ([dh, dc], { x, kernel, c, h }, [hs, cs, activations], attrs) => {
    const found = lstmGradientOver(
      { activations: activations!, cs: cs!, c, kernel, dh: dh!, dc: dc! },
      attrs,
    );
    if (!found) {
      const steps = lstmSteps(x, kernel, [c, h], [dc!, dh!], attrs);
      const [dFirstC, dFirstH] = steps.first as [Tensor, Tensor];
      return { x: own(steps.x), kernel: own(steps.kernel), c: own(dFirstC), h: own(dFirstH) };
    }
    const [dx, dFirstC, dFirstH] = found as [Tensor, Tensor, Tensor];
    return { x: own(dx), kernel: ofKernel(h, hs!, dx, attrs), c: own(dFirstC), h: own(dFirstH) };
  },
);

const gru = sequenceRule<"x" | "kernel" | "h", SequenceAttrs>(
  names.gru,
  ["x", "kernel", "h"],
  2,
  ([dh], { x, kernel, h }, [hs, activations], attrs) => {
    const found = gruGradientOver({ activations: activations!, hs: hs!, h, kernel, dh: dh! }, attrs);
    if (!found) {
      const steps = gruSteps(x, kernel, h, dh!, attrs);
      return { x: own(steps.x), kernel: own(steps.kernel), h: own(steps.first[0]!) };
    }
    const [dx, dp, dFirst] = found as [Tensor, Tensor, Tensor];
    return { x: own(dx), kernel: ofKernel(h, hs!, dp, attrs), h: own(dFirst) };
  },
);

const simple = sequenceRule<"x" | "kernel" | "h", SimpleAttrs>(
  names.simple,
  ["x", "kernel", "h"],
  1,
  ([dh], { x, kernel, h }, [hs], attrs) => {
    const found = simpleGradientOver({ hs: hs!, kernel, dh: dh! }, attrs);
    if (!found) {
      const steps = simpleSteps(x, kernel, h, dh!, attrs);
      return { x: own(steps.x), kernel: own(steps.kernel), h: own(steps.first[0]!) };
    }
    const [dx, dFirst] = found as [Tensor, Tensor];
    return { x: own(dx), kernel: ofKernel(h, hs!, dx, attrs), h: own(dFirst) };
  },
);

/** Rules for the kernels of recurrent cells. */
export const recurrentRules: readonly GradientRule[] = [lstm, gru, simple];

/**
 * @file The gradients of recurrent cells step by step, in ops. These are for gradients of
 * gradients, and for where the kernels cannot run.
 */
import type { SequenceAttrs, SimpleAttrs } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { product } from "@nnxjs/kernels/internal";

const axisOf = ({ timeMajor }: SequenceAttrs): number => (timeMajor ? 0 : 1);

/** The steps of an array, in the order of the cell. */
function stepsOf(x: Tensor, attrs: SequenceAttrs): Tensor[] {
  const steps = tf.unstack(x, axisOf(attrs));
  // A copy, since the list of `unstack` belongs to the tape.
  return attrs.reverse ? [...steps].reverse() : steps;
}

const joined = (steps: readonly Tensor[], attrs: SequenceAttrs): Tensor =>
  tf.stack(attrs.reverse ? [...steps].reverse() : [...steps], axisOf(attrs));

const parts = (x: Tensor, count: number): Tensor[] => tf.split(x, count, -1);
const slopeOfLogistic = (y: Tensor): Tensor => tf.mul(y, tf.sub(1, y));
const slopeOfTanh = (y: Tensor): Tensor => tf.sub(1, tf.square(y));

/** What `pullBack` makes of the gradients of one step's results. */
interface Step {
  /** The gradient of what the input adds, and that of the carry's product. */
  readonly dx: Tensor;
  readonly dp: Tensor;
  /** The gradients of the carry before, but for the share that its product has in that of h. */
  readonly carry: readonly Tensor[];
}

interface Cell {
  readonly kernel: Tensor;
  /** The first carry. Its last part is h, which the kernel multiplies. */
  readonly first: readonly Tensor[];
  /** Computes one step, and returns the next carry. */
  readonly step: (
    x: Tensor,
    p: Tensor,
    carry: readonly Tensor[],
  ) => { next: readonly Tensor[]; pullBack: (dys: readonly Tensor[]) => Step };
}

/** The gradients of a cell over all steps. */
interface Gradients {
  readonly x: Tensor;
  readonly kernel: Tensor;
  /** Those of the first carry. */
  readonly first: readonly Tensor[];
}

/** @param dys - The gradients of each part of the carries at all steps. */
function through(
  x: Tensor,
  { kernel, first, step }: Cell,
  dys: readonly Tensor[],
  attrs: SequenceAttrs,
): Gradients {
  const taken: { h: Tensor; pullBack: (dys: readonly Tensor[]) => Step }[] = [];
  let carry = first;
  for (const each of stepsOf(x, attrs)) {
    const h = carry.at(-1)!;
    const { next, pullBack } = step(each, tf.matMul(h, kernel), carry);
    taken.push({ h, pullBack });
    carry = next;
  }
  const given = dys.map((dy) => stepsOf(dy, attrs));
  const dxs: Tensor[] = [];
  let back: readonly Tensor[] | undefined;
  let dKernel: Tensor | undefined;
  for (let s = taken.length - 1; s >= 0; s--) {
    const { h, pullBack } = taken[s]!;
    const {
      dx,
      dp,
      carry: before,
    } = pullBack(given.map((steps, part) => (back ? tf.add(steps[s]!, back[part]!) : steps[s]!)));
    dxs.unshift(dx);
    back = [...before.slice(0, -1), tf.add(before.at(-1)!, product(dp, kernel, false, true))];
    const share = product(h, dp, true, false);
    dKernel = dKernel ? tf.add(dKernel, share) : share;
  }
  return { x: joined(dxs, attrs), kernel: dKernel!, first: back! };
}

/** @param dys - The gradients of c and h. */
export const lstmSteps = (
  x: Tensor,
  kernel: Tensor,
  first: readonly [c: Tensor, h: Tensor],
  dys: readonly [dc: Tensor, dh: Tensor],
  attrs: SequenceAttrs,
): Gradients =>
  through(
    x,
    {
      kernel,
      first,
      step: (given, p, [before]) => {
        const [zi, zf, zg, zo] = parts(tf.add(given, p), 4) as [Tensor, Tensor, Tensor, Tensor];
        const [i, f, g, o] = [tf.sigmoid(zi), tf.sigmoid(zf), tf.tanh(zg), tf.sigmoid(zo)];
        const c = tf.add(tf.mul(f, before!), tf.mul(i, g));
        const t = tf.tanh(c);
        return {
          next: [c, tf.mul(o, t)],
          pullBack: ([dc, dh]) => {
            const dMemory = tf.add(dc!, tf.mul(tf.mul(dh!, o), slopeOfTanh(t)));
            const dx = tf.concat(
              [
                tf.mul(tf.mul(dMemory, g), slopeOfLogistic(i)),
                tf.mul(tf.mul(dMemory, before!), slopeOfLogistic(f)),
                tf.mul(tf.mul(dMemory, i), slopeOfTanh(g)),
                tf.mul(tf.mul(dh!, t), slopeOfLogistic(o)),
              ],
              -1,
            );
            return { dx, dp: dx, carry: [tf.mul(dMemory, f), tf.zerosLike(dh!)] };
          },
        };
      },
    },
    dys,
    attrs,
  );

/** @param dh - The gradient of h. */
export const gruSteps = (
  x: Tensor,
  kernel: Tensor,
  first: Tensor,
  dh: Tensor,
  attrs: SequenceAttrs,
): Gradients =>
  through(
    x,
    {
      kernel,
      first: [first],
      step: (given, products, [h]) => {
        const [xr, xz, xn] = parts(given, 3) as [Tensor, Tensor, Tensor];
        const [pr, pz, p] = parts(products, 3) as [Tensor, Tensor, Tensor];
        const [r, z] = [tf.sigmoid(tf.add(xr, pr)), tf.sigmoid(tf.add(xz, pz))];
        const n = tf.tanh(tf.add(xn, tf.mul(r, p)));
        return {
          next: [tf.add(tf.mul(tf.sub(1, z), n), tf.mul(z, h!))],
          pullBack: ([dy]) => {
            const dn = tf.mul(tf.mul(dy!, tf.sub(1, z)), slopeOfTanh(n));
            const dr = tf.mul(tf.mul(dn, p), slopeOfLogistic(r));
            const dz = tf.mul(tf.mul(dy!, tf.sub(h!, n)), slopeOfLogistic(z));
            return {
              dx: tf.concat([dr, dz, dn], -1),
              dp: tf.concat([dr, dz, tf.mul(dn, r)], -1),
              carry: [tf.mul(dy!, z)],
            };
          },
        };
      },
    },
    [dh],
    attrs,
  );

/** @param dh - The gradient of h. */
export const simpleSteps = (
  x: Tensor,
  kernel: Tensor,
  first: Tensor,
  dh: Tensor,
  attrs: SimpleAttrs,
): Gradients =>
  through(
    x,
    {
      kernel,
      first: [first],
      step: (given, p, [before]) => {
        const sum = tf.add(given, p);
        const h = tf.tanh(attrs.residual ? tf.add(sum, before!) : sum);
        return {
          next: [h],
          pullBack: ([dy]) => {
            const dx = tf.mul(dy!, slopeOfTanh(h));
            return { dx, dp: dx, carry: [attrs.residual ? tf.clone(dx) : tf.zerosLike(dx)] };
          },
        };
      },
    },
    [dh],
    attrs,
  );

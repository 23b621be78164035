/**
 * @file Steps that decay, scale and add updates in the pass that computes them, where a chain ends
 * so that this can be done.
 */
import type { Finish } from "@nnxjs/kernels/internal";
import type { Tree } from "../tree/tree.ts";
import type { ExtraArgs, GradientTransformation, TransformationState } from "./transformation.ts";

/** A transformation's step that returns what the parameters become in place of updates. */
export type ApplyingStep = (
  updates: Tree,
  state: TransformationState,
  params: Tree,
  extra?: ExtraArgs,
) => readonly [params: Tree, state: TransformationState];

/** The step of a transformation that may end with the parameters. */
export type FinishingStep = (
  updates: Tree,
  state: TransformationState,
  params: Tree,
  finish: Finish,
) => readonly [params: Tree, state: TransformationState];

/** From a state to a number of this step, and the next state. */
type NumberOf = (state: TransformationState) => readonly [number: number, state: TransformationState];

// Notes beside transformations: these are plain objects of users, too, and have no more than two
// methods.
const applying = new WeakMap<object, ApplyingStep>();
const finishing = new WeakMap<object, FinishingStep>();
const factors = new WeakMap<object, NumberOf>();
const shares = new WeakMap<object, NumberOf>();

/** Notes that a transformation multiplies updates by a number, and does nothing else. */
export function noteFactor<T extends object>(transformation: T, factorOf: NumberOf): T {
  factors.set(transformation, factorOf);
  return transformation;
}

/** Notes that a transformation adds a share of every parameter, and does nothing else. */
export function noteShare<T extends object>(transformation: T, shareOf: NumberOf): T {
  shares.set(transformation, shareOf);
  return transformation;
}

/** Notes that a transformation can end with the parameters. */
export function noteFinishing<T extends object>(transformation: T, step: FinishingStep): T {
  finishing.set(transformation, step);
  return transformation;
}

/** The step of a transformation that returns parameters, if it has one. */
export const applyingStep = (transformation: object): ApplyingStep | undefined =>
  applying.get(transformation);

/** Notes how a chain of these ends with the parameters, if it can. */
export function noteChain<T extends object>(
  made: T,
  parts: readonly GradientTransformation[],
  checkStates: (count: number, states: unknown) => asserts states is readonly TransformationState[],
): T {
  const rate = parts.at(-1);
  const factorOf = rate && factors.get(rate);
  const shareOf = shares.get(parts.at(-2) ?? made);
  const main = parts.at(shareOf ? -3 : -2);
  const finish = main && finishing.get(main);
  const last = rate && applying.get(rate);
  const before = parts.slice(0, last ? -1 : shareOf ? -3 : -2);
  if (!last && !(factorOf && finish)) return made;
  applying.set(made, (updates, state, params, extra) => {
    const states: unknown = state;
    checkStates(parts.length, states);
    let current = updates;
    const next = before.map((part, i) => {
      const [result, after] = part.update(current, states[i]!, params, extra);
      current = result;
      return after;
    });
    const own = states.slice(before.length);
    if (last) {
      const [result, after] = last(current, own[0]!, params, extra);
      return [result, [...next, after]];
    }
    const [share, ...afterShare] = shareOf ? shareOf(own[1]!) : [0];
    const [factor, afterFactor] = factorOf!(own.at(-1)!);
    const [result, after] = finish!(current, own[0]!, params, { factor, share });
    return [result, [...next, after, ...afterShare, afterFactor]];
  });
  return made;
}

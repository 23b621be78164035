/**
 * @file Steps that decay, scale and add updates in the pass that computes them, where a chain ends
 * so that this can be done.
 */
import { type Finish, plainStep, takeStep, type Tensor, withStepMemory } from "@nnxjs/kernels/internal";
import { alike, type Tree } from "../tree/tree.ts";
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
const passing = new WeakSet<object>();

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

/** Notes that a transformation keeps none of the tensors that it gets, and none that it returns. */
export function notePassing<T extends object>(transformation: T): T {
  passing.add(transformation);
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

/** Ends with the parameters where the transformation before it cannot. */
const addPlainly: FinishingStep = (updates, state, params, finish) => {
  const { rows, finish: built } = alike("Optimizer.update", { params, updates }, 1);
  const leaves = rows.map((row) => row.leaves as readonly Tensor[]);
  const results = takeStep(plainStep, leaves, [], finish);
  for (const [i, row] of rows.entries()) row.put(0, results[i]![0]);
  return [built()[0] as Tree, state];
};

/** How a chain ends with the parameters. */
interface Ending {
  /** How many parts it is made of. */
  readonly parts: number;
  readonly step: (
    updates: Tree,
    states: readonly TransformationState[],
    params: Tree,
    extra?: ExtraArgs,
  ) => readonly [params: Tree, states: readonly TransformationState[]];
}

/** How a chain of these ends with the parameters, if it can. */
function endingOf(parts: readonly GradientTransformation[]): Ending | undefined {
  const [beforeLast, last] = [parts.at(-2), parts.at(-1)];
  if (!last) return undefined;
  const apply = applying.get(last);
  if (apply) {
    return {
      parts: 1,
      step: (updates, [state], params, extra) => {
        const [result, next] = apply(updates, state!, params, extra);
        return [result, [next]];
      },
    };
  }
  const finishLast = finishing.get(last);
  if (finishLast) {
    return {
      parts: 1,
      step: (updates, [state], params) => {
        const [result, next] = finishLast(updates, state!, params, { factor: 1, share: 0 });
        return [result, [next]];
      },
    };
  }
  const factorOf = factors.get(last);
  if (!factorOf) return undefined;
  const shareOf = beforeLast && shares.get(beforeLast);
  const main = parts.at(shareOf ? -3 : -2);
  const finish = main && finishing.get(main);
  return {
    parts: (finish ? 1 : 0) + (shareOf ? 1 : 0) + 1,
    step: (updates, states, params) => {
      const [factor, afterFactor] = factorOf(states.at(-1)!);
      const [share, afterShare] = shareOf ? shareOf(states.at(-2)!) : [0];
      const end = shareOf ? [afterShare!, afterFactor] : [afterFactor];
      const [result, next] = (finish ?? addPlainly)(updates, states[0]!, params, { factor, share });
      return [result, finish ? [next, ...end] : end];
    },
  };
}

/** Notes how a chain of these ends with the parameters, if it can. */
export function noteChain<T extends object>(
  made: T,
  parts: readonly GradientTransformation[],
  checkStates: (count: number, states: unknown) => asserts states is readonly TransformationState[],
): T {
  const ending = endingOf(parts);
  if (!ending) return made;
  const before = parts.slice(0, -ending.parts);
  const keepsNothing = before.every((part) => passing.has(part) || factors.has(part) || shares.has(part));
  applying.set(made, (updates, state, params, extra) => {
    const states: unknown = state;
    checkStates(parts.length, states);
    let current = updates;
    const next = before.map((part, i) => {
      const [result, after] = withStepMemory(undefined, () =>
        part.update(current, states[i]!, params, extra),
      );
      current = result;
      return after;
    });
    const finish = () => ending.step(current, states.slice(before.length), params, extra);
    const [result, after] = keepsNothing ? finish() : withStepMemory(undefined, finish);
    return [result, [...next, ...after]];
  });
  return made;
}

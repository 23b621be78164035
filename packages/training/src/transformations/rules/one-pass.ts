/** @file One step of a rule as one loop over memory, where an op for each part would make a dozen. */
import { add, fuse, isRecording, type Tensor, zerosLike } from "@nnxjs/kernels/internal";
import { checkAlike, mapTree, mapTrees, type Tree } from "../../tree/tree.ts";
import type { GradientTransformation, TransformationState } from "../transformation.ts";

/** One step of a rule for one parameter, twice: the numbers are the same. */
export interface Rule {
  /** By ops, which a tape records and every backend has. */
  readonly plain: (...inputs: Tensor[]) => readonly Tensor[];
  /**
   * Over values: inputs, then outputs. Squares are rounded where float32 overflows, so that the
   * update is 0 there as in optax.
   */
  readonly loop: (...arrays: Float32Array[]) => void;
}

/** The results of a rule, all of the first input's shape. */
function inOnePass(results: number, { plain, loop }: Rule, inputs: readonly Tensor[]): readonly Tensor[] {
  if (isRecording()) return plain(...inputs);
  const shape = inputs[0]?.shape ?? [];
  const shapes = Array.from({ length: results }, () => shape);
  return fuse(inputs, shapes, (ins, outs) => loop(...ins, ...outs)) ?? plain(...inputs);
}

/** A tensor like `p` that is `value` everywhere. */
export const fullLike = (p: Tensor, value: number): Tensor =>
  value === 0 ? zerosLike(p) : add(zerosLike(p), value);

/** A rule that keeps moments: tensors like the parameters, and a count of steps. */
export interface MomentRule<S extends TransformationState, C extends keyof S & string> {
  readonly where: string;
  /** What the count is called in the state. */
  readonly counter: C;
  /** What each moment is before the first step, in the order of the rule's inputs and outputs. */
  readonly start: Readonly<Record<Exclude<keyof S & string, C>, number>>;
  /** From gradient and moments to update and moments, in step `t`, which starts at 1. */
  readonly step: (t: number) => Rule;
}

/** The transformation that takes the steps of a rule. */
export function byMoments<S extends TransformationState, C extends keyof S & string>({
  where,
  counter,
  start,
  step,
}: MomentRule<S, C>): GradientTransformation<S> {
  const names = Object.keys(start);
  const starts: readonly number[] = Object.values(start);
  const stateOf = (t: number, moments: readonly Tree[]): S =>
    ({ [counter]: t, ...Object.fromEntries(names.map((name, i) => [name, moments[i]])) }) as unknown as S;
  return {
    init: (params) =>
      stateOf(
        0,
        starts.map((value) => mapTree((p) => fullLike(p, value), params)),
      ),
    update: (gradients, state) => {
      const kept = state as unknown as Readonly<Record<string, Tree>>;
      const moments = names.map((name) => kept[name] as Tree);
      checkAlike(where, {
        gradients,
        ...Object.fromEntries(names.map((name, i) => [name, moments[i] as Tree])),
      });
      const t = (kept[counter] as unknown as number) + 1;
      const rule = step(t);
      const results = names.length + 1;
      const [updates, ...next] = mapTrees(
        results,
        (...inputs) => inOnePass(results, rule, inputs),
        gradients,
        ...moments,
      );
      return [updates as Tree, stateOf(t, next)];
    },
  };
}

/** @file Rules whose step is one kernel for all parameters. */
import { add, type Finish, type StepRule, takeStep, type Tensor, zerosLike } from "@nnxjs/kernels/internal";
import { alike, mapTree, type Tree } from "../tree/tree.ts";
import { noteFinishing } from "./applying.ts";
import type { GradientTransformation, TransformationState } from "./transformation.ts";

/** A tensor like `p` that is `value` everywhere. */
export const fullLike = (p: Tensor, value: number): Tensor =>
  value === 0 ? zerosLike(p) : add(zerosLike(p), value);

/** A rule that keeps moments, tensors like the parameters, and perhaps a count of steps. */
export interface MomentRule {
  readonly where: string;
  readonly rule: StepRule;
  /** What the count is called in the state. @defaultValue null, none is kept */
  readonly counter?: string | null;
  /** What each moment is before the first step, in the order of the rule's. */
  readonly start: Readonly<Record<string, number>>;
  /** What the rule takes in step `t`, which starts at 1; without a counter it is always 1. */
  readonly numbers: (t: number) => readonly number[];
}

/** The transformation that takes the steps of a rule. */
export function byMoments<S extends TransformationState>({
  where,
  rule,
  counter = null,
  start,
  numbers,
}: MomentRule): GradientTransformation<S> {
  const names = Object.keys(start);
  const stateOf = (t: number, moments: readonly unknown[]): S => {
    // What remembers nothing has a list of nothing, as in optax.
    if (counter === null && names.length === 0) return [] as TransformationState as S;
    const state: Record<string, unknown> = counter === null ? {} : { [counter]: t };
    for (const [i, name] of names.entries()) state[name] = moments[i];
    return state as S;
  };
  const step = (gradients: Tree, state: S, params?: Tree, finish?: Finish): readonly [Tree, S] => {
    const kept = state as Readonly<Record<string, Tree>>;
    const trees: Record<string, Tree> = { gradients };
    for (const name of names) trees[name] = kept[name]!;
    if (params) trees.params = params;
    const { rows, finish: built } = alike(where, trees, names.length + 1);
    const t = counter === null ? 1 : (kept[counter] as unknown as number) + 1;
    const leaves = rows.map((row) => {
      const all = row.leaves as readonly Tensor[];
      return params ? [all.at(-1)!, ...all.slice(0, -1)] : all;
    });
    const results = takeStep(rule, leaves, numbers(t), finish);
    for (const [leaf, row] of rows.entries()) {
      for (const [i, result] of results[leaf]!.entries()) row.put(i, result);
    }
    const [first, ...moments] = built();
    return [first as Tree, stateOf(t, moments)];
  };
  const made: GradientTransformation<S> = {
    init: (params) =>
      stateOf(
        0,
        names.map((name) => mapTree((p) => fullLike(p, start[name]!), params)),
      ),
    update: (gradients, state) => step(gradients, state),
  };
  return noteFinishing(made, (gradients, state, params, finish) =>
    step(gradients, state as S, params, finish),
  );
}

/** @file Rules whose step is one kernel for all parameters. */
import { add, type Finish, type StepRule, takeStep, type Tensor, zerosLike } from "@nnxjs/kernels/internal";
import type { Aligned, Row } from "../tree/structure.ts";
import { alike, mapTree, type Tree } from "../tree/tree.ts";
import { noteFinishing } from "./applying.ts";
import { areSame, Repeats } from "./repeats.ts";
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

/** The tensors of one parameter as the rule takes them: the parameter first, if it is there. */
function leavesOf({ leaves }: Row, hasParameter: boolean): readonly Tensor[] {
  const all = leaves as readonly Tensor[];
  return hasParameter ? [all.at(-1)!, ...all.slice(0, -1)] : all;
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
  const repeats = new Repeats();
  const step = (gradients: Tree, state: S, params?: Tree, finish?: Finish): readonly [Tree, S] => {
    const kept = state as Readonly<Record<string, Tree>>;
    const trees: Record<string, Tree> = { gradients };
    for (const name of names) trees[name] = kept[name]!;
    if (params) trees.params = params;
    const all = Object.values(trees);
    const t = counter === null ? 1 : (kept[counter] as unknown as number) + 1;
    // Without an end of its own, the step's results go to code that may change them.
    const before = finish && repeats.get(all);
    const align = (): Aligned => alike(where, trees, names.length + 1);
    const aligned = before ? undefined : align();
    const leaves = before?.leaves ?? aligned?.rows.map((row) => leavesOf(row, params !== undefined)) ?? [];
    const results = takeStep(rule, leaves, numbers(t), finish);
    let built = before && areSame(results, before.results) ? before.built : undefined;
    if (!built) {
      const { rows, finish: build } = aligned ?? align();
      for (const [leaf, row] of rows.entries()) {
        for (const [i, result] of results[leaf]!.entries()) row.put(i, result);
      }
      built = build();
      if (finish) repeats.note(all, { leaves, results, built });
    }
    const [first, ...moments] = built;
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

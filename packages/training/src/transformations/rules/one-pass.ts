/** @file One step of a rule as one loop over memory, where an op for each part would make a dozen. */
import {
  add,
  type ElementKernel,
  type Finish,
  fuse,
  isRecording,
  mul,
  type Tensor,
  zerosLike,
} from "@nnxjs/kernels/internal";
import { checkAlike, mapTree, mapTrees, type Tree } from "../../tree/tree.ts";
import { noteFinishing } from "../applying.ts";
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
  /** The loop as a kernel, where there is one; with `finish` as {@link finished} has it. */
  readonly kernel?: ((finish?: Finish) => ElementKernel) | undefined;
}

/**
 * The rule with the parameter as a further input, in front, and with what the parameter becomes in
 * place of the update. It is rounded as if decay, rate and addition were ops.
 */
const finished = ({ plain, loop, kernel }: Rule, finish: Finish): Rule => ({
  plain: (p, ...inputs) => {
    const [u, ...moments] = plain(...inputs);
    const decayed = finish.share === 0 ? u! : add(u!, mul(p, finish.share));
    return [add(p, mul(decayed, finish.factor)), ...moments];
  },
  loop: (ps, ...arrays) => {
    loop(...arrays);
    // The update, which comes after the gradient and the moments.
    const next = arrays[arrays.length / 2]!;
    const [share, factor] = [Math.fround(finish.share), Math.fround(finish.factor)];
    const { fround } = Math;
    for (let i = 0; i < next.length; i++) {
      const p = ps[i]!;
      const decayed = share === 0 ? next[i]! : fround(next[i]! + fround(p * share));
      next[i] = p + fround(decayed * factor);
    }
  },
  kernel: kernel && (() => kernel(finish)),
});

/** The results of a rule, all of the first input's shape. */
function inOnePass(
  results: number,
  { plain, loop, kernel }: Rule,
  inputs: readonly Tensor[],
): readonly Tensor[] {
  if (isRecording()) return plain(...inputs);
  const shape = inputs[0]?.shape ?? [];
  const shapes = Array.from({ length: results }, () => shape);
  return fuse(inputs, shapes, (ins, outs) => loop(...ins, ...outs), kernel?.()) ?? plain(...inputs);
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
  const stepBy = (
    gradients: Tree,
    state: S,
    further: Readonly<Record<string, Tree>>,
    ruleOf: (rule: Rule) => Rule,
  ): readonly [Tree, S] => {
    const kept = state as unknown as Readonly<Record<string, Tree>>;
    const moments = names.map((name) => kept[name] as Tree);
    checkAlike(where, {
      gradients,
      ...Object.fromEntries(names.map((name, i) => [name, moments[i] as Tree])),
      ...further,
    });
    const t = (kept[counter] as unknown as number) + 1;
    const rule = ruleOf(step(t));
    const results = names.length + 1;
    const [first, ...next] = mapTrees(
      results,
      (...inputs) => inOnePass(results, rule, inputs),
      ...([...Object.values(further), gradients, ...moments] as [Tree, ...Tree[]]),
    );
    return [first as Tree, stateOf(t, next)];
  };
  const made: GradientTransformation<S> = {
    init: (params) =>
      stateOf(
        0,
        starts.map((value) => mapTree((p) => fullLike(p, value), params)),
      ),
    update: (gradients, state) => stepBy(gradients, state, {}, (rule) => rule),
  };
  return noteFinishing(made, (gradients, state, params, finish) =>
    stepBy(gradients, state as S, { params }, (rule) => finished(rule, finish)),
  );
}

/** @file The types of gradients, from the types of arguments and options. */
import type { Filter } from "../filter/filter.ts";
import type { GraphState } from "../graph/graph-state.ts";
import type { GraphNode } from "../graph/node.ts";
import type { OwnedState, State } from "../state/state.ts";
import type { StateOf } from "../state/state-of.ts";
import type { Tensor } from "../tensor.ts";
import type { Param } from "../variable/variable-types.ts";
import type { Variable } from "../variable/variable.ts";

/** An argument, and which of its Variables are differentiated. @see Flax `nnx.DiffState` */
export interface DiffState<N extends number = number> {
  readonly argnum: N;
  readonly filter: Filter;
}

/** Which argument is differentiated. */
export type Argnum = number | DiffState;

/** How `grad` and `valueAndGrad` differentiate. */
export interface GradOptions {
  /**
   * The positions of the differentiated arguments, each with a filter if wanted. One position gives
   * one gradient, an array gives an array of gradients.
   * @defaultValue 0
   */
  readonly argnums?: Argnum | readonly Argnum[];
  /** The function returns `[loss, aux]`, and aux is passed through. @defaultValue false */
  readonly hasAux?: boolean;
  /** Which Variables of modules are differentiated. @defaultValue Param */
  readonly wrt?: Filter;
}

/**
 * The gradient of one argument. Of a module it is a State of the Variables that `F` selects. Of
 * anything else it has the argument's own structure, with `undefined` where there is no gradient.
 */
export type GradientOf<T, F = typeof Param> = 0 extends 1 & T
  ? T
  : T extends Tensor | Variable
    ? T
    : T extends GraphNode
      ? OwnedState<Filter extends F ? State : StateOf<T, F>>
      : T extends GraphState
        ? T
        : T extends State
          ? OwnedState<T>
          : T extends ReadonlyMap<infer K, infer V>
            ? Map<K, GradientOf<V, F>>
            : T extends object
              ? { -readonly [K in keyof T]: GradientOf<T[K], F> }
              : undefined;

/** The `wrt` of some options, or its default. */
type WrtOf<O extends GradOptions> = O["wrt"] extends infer F ? (F extends Filter ? F : typeof Param) : never;

type ArgumentAt<A extends readonly unknown[], N, F> =
  N extends DiffState<infer I>
    ? A[I] extends GraphNode
      ? OwnedState
      : GradientOf<A[I]>
    : N extends number
      ? GradientOf<A[N], F>
      : never;

type EachArgument<A extends readonly unknown[], N extends readonly unknown[], F> = {
  -readonly [K in keyof N]: ArgumentAt<A, N[K], F>;
};

/** One gradient, or one for each entry of an array of argnums. */
export type GradientsOf<A extends readonly unknown[], O extends GradOptions> = O["argnums"] extends infer N
  ? N extends readonly unknown[]
    ? EachArgument<A, N, WrtOf<O>>
    : N extends Argnum
      ? ArgumentAt<A, N, WrtOf<O>>
      : GradientOf<A[0], WrtOf<O>>
  : never;

/** What a loss returns: a scalar, or with `hasAux` a pair of a scalar and anything else. */
export type LossOf<O extends GradOptions> = O["hasAux"] extends true ? readonly [Tensor, unknown] : Tensor;

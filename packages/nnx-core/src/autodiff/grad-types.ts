/** @file The types of gradients, from the types of arguments and options. */
import type { Filter } from "../filter/filter.ts";
import type { GraphNode } from "../graph/node.ts";
import type { State } from "../state/state.ts";
import type { Tensor } from "../tensor.ts";
import type { Variable } from "../variable/variable.ts";

/** Which argument, and which Variables of it. @see Flax `nnx.DiffState` */
export interface DiffState<N extends number = number> {
  readonly argnum: N;
  readonly filter: Filter;
}

/** Which argument is differentiated. */
export type Argnum = number | DiffState;

/** How `grad` and `valueAndGrad` differentiate. */
export interface GradOptions {
  /** Positions, or positions with filters; an array gives an array of gradients. @defaultValue 0 */
  readonly argnums?: Argnum | readonly Argnum[];
  /** The function returns `[loss, aux]`, and aux is passed through. @defaultValue false */
  readonly hasAux?: boolean;
  /** Which Variables of modules are differentiated. @defaultValue Param */
  readonly wrt?: Filter;
}

/** The gradient of one argument: a State of a model's selected Variables, otherwise the argument's own structure. */
export type GradientOf<T> = T extends Tensor | Variable
  ? T
  : T extends GraphNode | State
    ? State
    : T extends object
      ? { -readonly [K in keyof T]: GradientOf<T[K]> }
      : never;

type ArgumentAt<A extends readonly unknown[], N> =
  N extends DiffState<infer I> ? GradientOf<A[I]> : N extends number ? GradientOf<A[N]> : never;

type EachArgument<A extends readonly unknown[], N extends readonly unknown[]> = {
  -readonly [K in keyof N]: ArgumentAt<A, N[K]>;
};

/** One gradient, or one for each entry of an array of argnums. */
export type GradientsOf<A extends readonly unknown[], O extends GradOptions> = O["argnums"] extends infer N
  ? N extends readonly unknown[]
    ? EachArgument<A, N>
    : N extends Argnum
      ? ArgumentAt<A, N>
      : GradientOf<A[0]>
  : never;

/** What a function that is differentiated returns: a scalar, or with `hasAux` a scalar and anything else. */
export type LossOf<O extends GradOptions> = O["hasAux"] extends true ? readonly [Tensor, unknown] : Tensor;

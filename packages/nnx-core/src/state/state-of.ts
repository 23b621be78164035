/** @file The type of a model's State, from the model's type and the filters. */
import type { ArrayLike } from "../data/array-like.ts";
import type { Filter, FilterType, Predicate } from "../filter/filter.ts";
import type { GraphNode } from "../graph/node.ts";
import type { Module } from "../module/module.ts";
import type { VariableState } from "../variable/variable-state.ts";
import type { Variable } from "../variable/variable.ts";
import type { ArrayLeaf, OwnedState, State, StateLeaf } from "./state.ts";

/**
 * How deep the types search for leaves. A type that is nested deeper may or may not have leaves,
 * and its State has no typed paths.
 */
type MaxDepth = 8;

type Primitive = string | number | bigint | boolean | symbol | null | undefined;
type AnyFunction = (...args: never) => unknown;
type IsAny<T> = 0 extends 1 & T ? true : false;

/** Whether something is in a State: surely, perhaps, or never. */
type Presence = "yes" | "maybe" | "no";

/** Reduces a union of answers about one thing to one answer. */
type Settle<P> = [P] extends ["yes"] ? "yes" : [P] extends ["no"] ? "no" : "maybe";

/** Reduces the answers about the parts to one answer about the whole. */
type AnyPart<P> = "yes" extends P ? "yes" : "maybe" extends P ? "maybe" : "no";

/** Whether a filter matches a leaf of this type. Distributes over filters. */
type Match<L, F> = F extends true
  ? "yes"
  : F extends false | null
    ? "no"
    : F extends FilterType
      ? L extends InstanceType<F>
        ? "yes"
        : InstanceType<F> extends L
          ? "maybe"
          : // An attribute that is declared as a Variable may hold any kind.
            InstanceType<F> extends Variable
            ? Variable<never> extends L
              ? "maybe"
              : "no"
            : "no"
      : F extends Predicate | string
        ? "maybe"
        : F extends readonly (infer G)[]
          ? AnyPart<Match<L, G>>
          : "maybe";

/** Whether a leaf is in the State of filter `F`, behind the filters `Before`. */
type LeafPresence<L, F, Before> =
  "yes" extends Match<L, Before>
    ? "no"
    : "maybe" extends Match<L, Before>
      ? Match<L, F> extends "no"
        ? "no"
        : "maybe"
      : Match<L, F>;

/**
 * Whether a type does not declare its attributes: `Module` itself, or an interface that has
 * `forward`.
 */
type SaysNothing<T> = T extends GraphNode
  ? keyof T extends keyof Module
    ? true
    : false
  : T extends { forward: AnyFunction }
    ? true
    : false;

/** Whether a type is the general State, without known keys. */
type IsState<T> = string extends keyof T ? (State extends T ? true : false) : false;

/** Whether anything of `T` is in the State. Distributes over unions. */
type Has<T, F, Before, Depth extends readonly 0[]> = T extends Primitive | AnyFunction
  ? "no"
  : T extends Variable | ArrayLike
    ? Settle<LeafPresence<T, F, Before>>
    : T extends VariableState<unknown, infer V>
      ? Settle<LeafPresence<V, F, Before>>
      : IsState<T> extends true
        ? "maybe"
        : Depth["length"] extends MaxDepth
          ? "maybe"
          : T extends readonly (infer I)[]
            ? number extends T["length"]
              ? Settle<Has<I, F, Before, [...Depth, 0]>>
              : HasPart<TupleItems<T>, F, Before, [...Depth, 0]>
            : T extends ReadonlyMap<unknown, infer I>
              ? Settle<Has<I, F, Before, [...Depth, 0]>>
              : SaysNothing<T> extends true
                ? "maybe"
                : HasPart<T, F, Before, [...Depth, 0]>;

type HasPart<T, F, Before, Depth extends readonly 0[]> = AnyPart<
  {
    [K in keyof T]-?: K extends string | number ? PresenceOf<T[K], F, Before, Depth> : "no";
  }[keyof T]
>;

type PresenceOf<T, F, Before, Depth extends readonly 0[]> =
  IsAny<T> extends true ? "no" : unknown extends T ? "no" : Settle<Has<T, F, Before, Depth>>;

type KeysWith<T, F, Before, P extends Presence> = {
  [K in keyof T]-?: K extends string | number
    ? PresenceOf<T[K], F, Before, []> extends P
      ? K
      : never
    : never;
}[keyof T];

/** The leaf of a State for a Variable. */
type LeafOf<V extends Variable> = VariableState<V["value"], V>;

/**
 * One object of a State. Keys that may be missing are optional. Records keep their index signature.
 */
type RecordState<T, F, Before, Depth extends readonly 0[]> = string extends keyof T
  ? { readonly [key: string]: NodeState<T[keyof T], F, Before, Depth> }
  : KnownState<T, F, Before, Depth>;

type KnownState<T, F, Before, Depth extends readonly 0[]> = Flat<
  {
    readonly [K in keyof T as K extends KeysWith<T, F, Before, "yes"> ? K : never]-?: NodeState<
      T[K],
      F,
      Before,
      Depth
    >;
  } & {
    readonly [K in keyof T as K extends KeysWith<T, F, Before, "maybe"> ? K : never]?: NodeState<
      T[K],
      F,
      Before,
      Depth
    >;
  }
>;

/**
 * Turns an intersection into one object type. An intersection is not assignable to `State`, and
 * editors show one object type better.
 */
type Flat<T> = { [K in keyof T]: T[K] };

/** Tuples have their indices as keys, other arrays any index. */
type ListState<
  T extends readonly unknown[],
  F,
  Before,
  Depth extends readonly 0[],
> = number extends T["length"]
  ? { readonly [index: number]: NodeState<T[number], F, Before, Depth> }
  : RecordState<TupleItems<T>, F, Before, Depth>;

/** A tuple's items by index. */
type TupleItems<T extends readonly unknown[]> = { [K in Exclude<keyof T, keyof (readonly unknown[])>]: T[K] };

type NodeState<T, F, Before, Depth extends readonly 0[]> = T extends Primitive | AnyFunction
  ? never
  : T extends Variable
    ? LeafOf<T>
    : T extends ArrayLike | VariableState
      ? T
      : IsState<T> extends true
        ? State
        : Depth["length"] extends MaxDepth
          ? State
          : T extends readonly unknown[]
            ? ListState<T, F, Before, [...Depth, 0]>
            : T extends ReadonlyMap<unknown, infer I>
              ? { readonly [key: string]: NodeState<I, F, Before, [...Depth, 0]> }
              : SaysNothing<T> extends true
                ? State
                : RecordState<T, F, Before, [...Depth, 0]>;

/**
 * The type of the State that a filter gives for a model: the public attributes that are, or hold,
 * Variables (or arrays) that the filter matches. Parts that depend on more than types, such as
 * tags, predicates and `null`s, are optional. Types do not show sharing: a shared Variable has one
 * leaf only, at its first path.
 * @typeParam M - The model, or a State of it. For types that do not declare attributes (`unknown`,
 * `object`, `Module`) it is {@link State}.
 * @typeParam F - The filter: a class, `true`, an array of these; others may match anything.
 * @typeParam Before - The filters before it, as a union. Leaves that they match are not in this
 * State.
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * type Params = nnx.StateOf<nnx.Linear, typeof nnx.Param>;
 * const read = (params: Params) => params.kernel.value.shape; // the type knows the names
 * ```
 */
export type StateOf<M, F = true, Before = never> =
  IsAny<M> extends true
    ? State
    : M extends object
      ? SaysNothing<M> extends true
        ? State
        : IsState<M> extends true
          ? State
          : keyof M extends never
            ? State
            : NodeState<M, F, Before, []>
      : State;

/**
 * The type of a State's leaves: a union of the leaves in its type, or any leaf if the type does not
 * declare them.
 * @typeParam S - A State's type.
 */
export type LeafIn<S> = LeafBelow<S, []>;

type LeafBelow<S, Depth extends readonly 0[]> = S extends VariableState
  ? { [K in keyof VariableState]: S[K] }
  : S extends ArrayLike
    ? S & ArrayLeaf
    : IsState<S> extends true
      ? StateLeaf
      : Depth["length"] extends MaxDepth
        ? StateLeaf
        : S extends object
          ? LeafBelow<NonNullable<S[keyof S & (string | number)]>, [...Depth, 0]>
          : never;

/** The States of a list of filters, each leaf in that of the first that matches. */
export type StatesFor<M, Fs extends readonly unknown[], Before = never> = Fs extends readonly [
  infer F,
  ...infer Rest,
]
  ? [OwnedState<StateOf<M, F, Before>>, ...StatesFor<M, Rest, Before | F>]
  : Fs extends readonly []
    ? []
    : OwnedState[];

/** The States that `split` gives: one for each filter, one of everything without filters. */
export type SplitStates<M, Fs extends readonly Filter[]> = Fs extends readonly []
  ? [OwnedState<StateOf<M>>]
  : StatesFor<M, Fs>;

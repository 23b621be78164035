/**
 * @file The static half of a model: classes, attribute names, static values, Variable types, and
 * which parts are shared.
 */
import type { PathPart } from "../path.ts";
import type { VariableDef } from "../variable/variable-state.ts";
import type { ContainerKind } from "../data/containers.ts";
import type { GraphNode } from "./node.ts";

/**
 * The definition of an attribute: another node, an array, a leaf of a State that the model keeps,
 * or a static value. A node is given by its index in `nodes`; attributes with the same index share
 * one object.
 */
export type AttributeDef =
  | { readonly kind: "node"; readonly index: number }
  | { readonly kind: "array" }
  | { readonly kind: "leaf"; readonly definition: VariableDef }
  | { readonly kind: "static"; readonly value: unknown };

/** A class of nodes. It is instantiated without running its constructor. */
export type NodeType = abstract new (...args: never[]) => GraphNode;

/** The attributes of a node or container. `keys[i]` is the name of `attributes[i]`. */
export interface Attributes {
  readonly keys: readonly PathPart[];
  readonly attributes: readonly AttributeDef[];
}

/** An instance of a class. */
export interface ObjectDef extends Attributes {
  readonly kind: "object";
  readonly type: NodeType;
}

/** An array, plain object or Map; a State that the model keeps, and each subtree of it. */
export interface ContainerDef extends Attributes {
  readonly kind: ContainerKind | "state";
}

/** One entry of a GraphDef, in the order of first visit. */
export type NodeDef = ObjectDef | ContainerDef | VariableDef;

declare const model: unique symbol;

/**
 * A model without its values: plain, immutable data. `merge` makes the model again from it and the
 * State.
 * @see Flax `nnx.GraphDef`
 */
export interface GraphDef<out M = unknown> {
  readonly root: AttributeDef;
  readonly nodes: readonly NodeDef[];
  /** How many leaves the State has. */
  readonly leafCount: number;
  /** Carries the model's type for TypeScript. The property does not exist at run time. */
  readonly [model]?: M;
}

/**
 * @file The static half of a model: classes, attribute names, static values, Variable types, and
 * what is shared with what.
 */
import type { PathPart } from "../path.ts";
import type { VariableDef } from "../variable/variable-state.ts";
import type { ContainerKind } from "../data/containers.ts";
import type { GraphNode } from "./node.ts";

/**
 * What an attribute is: another node (a number into `nodes`; equal numbers are one object), an
 * array, a leaf of a State that the model keeps, or a static value.
 */
export type AttributeDef =
  | { readonly kind: "node"; readonly index: number }
  | { readonly kind: "array" }
  | { readonly kind: "leaf"; readonly definition: VariableDef }
  | { readonly kind: "static"; readonly value: unknown };

/** A class of nodes. It is instantiated without running its constructor. */
export type NodeType = abstract new (...args: never[]) => GraphNode;

/** What a node or container has: `attributes[i]` is called `keys[i]`. */
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
 * A model without its values: plain, immutable data. Together with the State it gives the model
 * back.
 * @see Flax `nnx.GraphDef`
 */
export interface GraphDef<out M = unknown> {
  readonly root: AttributeDef;
  readonly nodes: readonly NodeDef[];
  /** How many leaves the State has. */
  readonly leafCount: number;
  /** The model's type; there is no such property. */
  readonly [model]?: M;
}

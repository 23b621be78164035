/** @file The static half of a model: classes, attribute names, static values, Variable types, and what is shared with what. */
import type { PathPart } from "../path.ts";
import type { Metadata, VariableType } from "../variable/variable-state.ts";
import type { ContainerKind, GraphNode } from "./node.ts";

/** What an attribute is: another node (a number into `nodes`; equal numbers are one object), an array, or a static value. */
export type AttributeDef =
  | { readonly kind: "node"; readonly index: number }
  | { readonly kind: "array" }
  | { readonly kind: "static"; readonly value: unknown };

export type Attributes = readonly (readonly [key: PathPart, def: AttributeDef])[];

/** A class of nodes. It is instantiated without running its constructor. */
export type NodeType = abstract new (...args: never[]) => GraphNode;

/** One entry of a GraphDef, in the order of first visit. */
export type NodeDef =
  | { readonly kind: "object"; readonly type: NodeType; readonly attributes: Attributes }
  | { readonly kind: ContainerKind; readonly attributes: Attributes }
  | { readonly kind: "variable"; readonly type: VariableType; readonly metadata: Metadata };

declare const model: unique symbol;

/**
 * A model without its values: plain, immutable data. Together with the State it gives the model back.
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

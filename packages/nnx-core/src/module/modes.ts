/** @file Modes: what layers do differently in training and evaluation, set through the one method that knows. */
import { checkOptions } from "../checks/options.ts";
import { describe, NnxError, NotFoundError } from "../errors.ts";
import { type Filter, toPredicate } from "../filter/filter.ts";
import { iterGraphNodes } from "../graph/iterate.ts";
import { clone } from "../graph/merge.ts";
import { GraphNode, isWritable } from "../graph/node.ts";
import { formatPath } from "../path.ts";
import { isPlainObject } from "../plain-object.ts";
import { type AttributeOptions, type AttributeValues, setAttributes, unwritable } from "./attributes.ts";

/** Modes by name, such as `{ deterministic: true }`. */
export type ModeValues = Readonly<Record<string, unknown>>;

/**
 * A node with modes: `setMode` takes the ones that it knows and returns the others. Write it with a rest pattern, and set attributes only.
 * @see Flax `set_view`
 * @example
 * ```ts
 * class Noise extends nnx.Module {
 *   deterministic = false;
 *   setMode({ deterministic, ...rest }: nnx.ModeValues): nnx.ModeValues {
 *     if (typeof deterministic === "boolean") this.deterministic = deterministic;
 *     return rest;
 *   }
 * }
 * ```
 */
export interface HasModes {
  setMode(values: ModeValues): ModeValues;
}

/** Which nodes take part, and what happens to names that none of them knows. */
export interface ModeOptions {
  /** Which nodes. @defaultValue all */
  only?: Filter;
  /** Throw when no selected node uses one of the names. @defaultValue true */
  raiseIfNotFound?: boolean;
}

const hasModes = (node: object): node is HasModes => "setMode" in node && typeof node.setMode === "function";

/** The nodes with modes that a filter selects; a node that is shared comes once. */
export function* nodesWithModes(
  root: unknown,
  only: Filter,
): Generator<readonly [path: string, node: GraphNode & HasModes]> {
  const matches = toPredicate(only);
  for (const [path, node] of iterGraphNodes(root)) {
    if (node instanceof GraphNode && hasModes(node) && matches(path, node)) yield [formatPath(path), node];
  }
}

/** An object with the node's methods and attributes, to see what `setMode` would do. */
export const standInFor = <T extends object>(node: T): T =>
  Object.assign(Object.create(Object.getPrototypeOf(node) as object) as T, node);

/**
 * Sets modes on a model, in place, through the `setMode` method of each node that has one.
 * @throws {@link NotFoundError} when no selected node uses one of the names; nothing is set then.
 * @see Flax `nnx.set_mode` of 0.12.1; in later versions `nnx.view`
 * @example
 * ```ts
 * nnx.setMode(model, { deterministic: true }, { only: nnx.DropConnectLinear });
 * ```
 */
export function setMode(root: unknown, values: ModeValues, options: ModeOptions = {}): void {
  checkOptions<ModeOptions>("setMode", options, { only: true, raiseIfNotFound: true });
  if (!isPlainObject(values)) {
    throw new NnxError(
      `setMode: expected modes by name, got ${describe(values)}. Pass them after the model: setMode(model, { deterministic: true }).`,
    );
  }
  const { only = true, raiseIfNotFound = true } = options;
  const unused = new Set(Object.keys(values));
  const writes: (() => void)[] = [];
  for (const [path, node] of nodesWithModes(root, only)) {
    const standIn = standInFor(node);
    const rest: unknown = standIn.setMode(values);
    if (typeof rest !== "object" || rest === null) {
      throw new NnxError(
        `setMode at ${path}: expected the node's setMode to return the values that it did not use, got ${describe(rest)}. ` +
          "Return the rest: `setMode({ mine, ...rest }) { ...; return rest; }`.",
      );
    }
    for (const name of Object.keys(values)) if (!Object.hasOwn(rest, name)) unused.delete(name);
    for (const [name, value] of Object.entries(standIn)) {
      if (Object.is(value, Reflect.get(node, name))) continue;
      if (!isWritable(node, name)) throw unwritable("setMode", path, name, value);
      writes.push(() => Reflect.set(node, name, value));
    }
  }
  if (raiseIfNotFound && unused.size > 0) {
    throw new NotFoundError(
      `setMode: expected modes that at least one selected node uses, got {${[...unused].sort().join(", ")}}, which none does. ` +
        "Check the names and `only`, or pass { raiseIfNotFound: false }; viewInfo lists what there is.",
    );
  }
  for (const write of writes) write();
}

/**
 * The model in other modes: new modules around the same Variables, on which {@link setMode} was called. What either of them writes into a
 * Variable, both see; the original's own modes stay. A view owns nothing: disposing it does nothing.
 * @throws {@link NotFoundError} when no selected node uses one of the names.
 * @see Flax `nnx.view`
 * @example
 * ```ts
 * const evaluating = nnx.view(model, { deterministic: true });
 * ```
 */
export function view<M extends object>(node: M, values: ModeValues, options: ModeOptions = {}): M {
  const copy = clone(node, { variables: false });
  setMode(copy, values, options);
  return copy;
}

/**
 * As {@link view}, but sets attributes by name, on every selected module that has them.
 * @throws {@link NotFoundError} when no selected module has one of them.
 * @see Flax `nnx.with_attributes`
 */
export function withAttributes<M extends object>(
  node: M,
  attributes: AttributeValues,
  options: AttributeOptions = {},
): M {
  const copy = clone(node, { variables: false });
  setAttributes(copy, attributes, options);
  return copy;
}

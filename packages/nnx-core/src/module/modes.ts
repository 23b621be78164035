/**
 * @file Sets modes, such as training and evaluation. Each layer's own `setMode` takes the modes
 * that the layer knows.
 */
import { checkOptions } from "../data/options.ts";
import type { Filter } from "../filter/filter.ts";
import { clone } from "../graph/copy.ts";
import { type AttributeOptions, attributesOf, type AttributeValues, selectionNames } from "./attributes.ts";
import { applyModes, type ModeValues } from "./mode-changes.ts";

export type { ModeValues } from "./mode-changes.ts";

/**
 * A node with modes. Its `setMode` takes the modes that it knows and returns the others. Write it
 * with a rest pattern, and set attributes only.
 * @see Flax `set_view`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
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

/** Selects the nodes, and says whether a name that none of them uses is an error. */
export interface ModeOptions {
  /** Which nodes. @defaultValue all */
  only?: Filter;
  /** Throw when no selected node uses one of the names. @defaultValue true */
  raiseIfNotFound?: boolean;
}

/**
 * Sets modes on a model in place, through the `setMode` method of each node that has one. Modules
 * may also have `deterministic` and `useRunningAverage` as plain attributes, without a `setMode`.
 * @param root - The model, or a container of models.
 * @param values - The modes, by name.
 * @throws {@link NotFoundError} when no selected node uses one of the names; nothing is set then.
 * @see Flax `nnx.set_mode` of 0.12.1; in later versions `nnx.view`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Dropout(0.5, { rngs: new nnx.Rngs(0) });
 * nnx.setMode(model, { deterministic: true }, { only: nnx.Dropout });
 * model.deterministic; // => true
 * ```
 */
export function setMode(root: unknown, values: ModeValues, options: ModeOptions = {}): void {
  modesOf("setMode", root, values, options);
}

function modesOf(where: string, root: unknown, values: ModeValues, options: ModeOptions): void {
  checkOptions<ModeOptions>(where, options, selectionNames);
  const { only = true, raiseIfNotFound = true } = options;
  applyModes(root, { where, values, only, as: "modes" }, raiseIfNotFound);
}

/**
 * A view of the model in other modes: new modules with the same Variables. {@link setMode} is
 * called on the view, and the original keeps its modes. Both see each other's writes to Variables.
 * A view owns nothing, so disposing it does nothing.
 * @param node - The model, which stays as it is.
 * @param values - The modes, by name.
 * @throws {@link NotFoundError} when no selected node uses one of the names.
 * @see Flax `nnx.view`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Dropout(0.5, { rngs: new nnx.Rngs(0) });
 * const evaluating = nnx.view(model, { deterministic: true });
 * [evaluating.deterministic, model.deterministic]; // => [true, false]
 * ```
 */
export function view<M extends object>(node: M, values: ModeValues, options: ModeOptions = {}): M {
  const copy = clone(node, { variables: false });
  modesOf("view", copy, values, options);
  return copy;
}

/**
 * Like {@link view}, but sets attributes by name, on every selected module that has them.
 * @param node - The model, which stays as it is.
 * @param attributes - The new values, by name.
 * @throws {@link NotFoundError} when no selected module has one of them.
 * @see Flax `nnx.with_attributes`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Dropout(0.5, { rngs: new nnx.Rngs(0) });
 * const gentle = nnx.withAttributes(model, { rate: 0.1 });
 * [gentle.rate, model.rate]; // => [0.1, 0.5]
 * ```
 */
export function withAttributes<M extends object>(
  node: M,
  attributes: AttributeValues,
  options: AttributeOptions = {},
): M {
  const copy = clone(node, { variables: false });
  attributesOf("withAttributes", copy, attributes, options);
  return copy;
}

/** @file Setting attributes such as `deterministic` on all the modules that have them. */
import { checkOptions, type OptionNames } from "../data/options.ts";
import type { Filter } from "../filter/filter.ts";
import { applyModes, checkValues } from "./mode-changes.ts";

/** New values by attribute name. */
export type AttributeValues = Readonly<Record<string, unknown>>;

/** Which modules `setAttributes` and `withAttributes` change, and what they insist on. */
export interface AttributeOptions {
  /** Which modules. @defaultValue all */
  only?: Filter;
  /** Throw when an attribute is found on no selected module. @defaultValue true */
  raiseIfNotFound?: boolean;
}

export const selectionNames: OptionNames<AttributeOptions> = { only: true, raiseIfNotFound: true };

/**
 * Sets each attribute on every selected module that already has it. Accessors without a setter do
 * not count. A module with a `setMode` gets the values there too, since a mode need not be an
 * attribute.
 * @param root - The model, or a container of models.
 * @param attributes - The new values, by name.
 * @throws {@link NotFoundError} when one is found nowhere, {@link StructureError} for a frozen
 * module; nothing is set then (Flax sets the others first).
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Dropout(0.5, { rngs: new nnx.Rngs(0) });
 * nnx.setAttributes(model, { rate: 0.1 }, { only: nnx.Dropout });
 * model.rate; // => 0.1
 * ```
 */
export function setAttributes(
  root: object,
  attributes: AttributeValues,
  options: AttributeOptions = {},
): void {
  attributesOf("setAttributes", root, attributes, options);
}

/** As {@link setAttributes}, under another name in errors. */
export function attributesOf(
  where: string,
  root: object,
  values: AttributeValues,
  options: AttributeOptions,
): void {
  checkOptions<AttributeOptions>(where, options, selectionNames);
  const { only = true, raiseIfNotFound = true } = options;
  applyModes(root, { where, values, only, as: "attributes" }, raiseIfNotFound);
}

/** Sets training or evaluation mode, and more values. Models without modes raise no error. */
export function setModes(where: string, root: object, isEvaluation: boolean, more: AttributeValues): void {
  checkValues(where, more);
  const values = { deterministic: isEvaluation, useRunningAverage: isEvaluation, ...more };
  attributesOf("setAttributes", root, values, { raiseIfNotFound: false });
}

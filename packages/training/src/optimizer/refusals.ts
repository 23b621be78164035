/** @file What an optimizer says to arguments that it cannot work with. */
import { isTensor } from "@nnxjs/kernels/internal";
import { StructureError, Variable } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { isValues } from "./parameters.ts";
import { isTransformation } from "../transformations/transformation.ts";

const isObject = (x: unknown): x is object => typeof x === "object" && x !== null;

/** @throws StructureError for what is not `(model, tx)`. */
export function checkConstruction(model: unknown, tx: unknown): void {
  if (!isTransformation(tx)) {
    const advice = isTransformation(model)
      ? "The model comes first"
      : typeof tx === "function"
        ? "Call it"
        : "Make one";
    throw new StructureError(
      `Optimizer: expected a gradient transformation as the second argument, got ${describe(tx)}. ${advice}: new Optimizer(model, adam(1e-3)).`,
    );
  }
  if (isObject(model) && !isTensor(model)) return;
  throw new StructureError(
    `Optimizer: expected a model as the first argument, got ${describe(model)}. ` +
      "Pass a module, or an array, record or Map of modules.",
  );
}

/** @throws StructureError for what cannot be `(model, grads)`, whatever the filter. */
export function checkUpdate(model: unknown, grads: unknown): void {
  const isPair = Array.isArray(grads) && !Array.isArray(model);
  const isLoss = isTensor(grads) && !(model instanceof Variable);
  if (!isObject(grads) || isPair || isLoss || grads instanceof Promise) {
    throw new StructureError(
      `Optimizer.update: expected the model and its gradients, got ${describe(grads)} as gradients. ` +
        `${isPair ? "Pass the second of [loss, grads]" : "Call optimizer.update(model, grads)"}.`,
    );
  }
  if (isObject(model) && !isTensor(model)) return;
  throw new StructureError(
    `Optimizer.update: expected a model as the first argument, got ${describe(model)}. Call optimizer.update(model, grads).`,
  );
}

/** @param isSwapped - Whether what was passed as gradients has parameters in Variables. */
export function noModel(model: object, grads: object, isSwapped: boolean): StructureError {
  if (isSwapped) {
    return new StructureError(
      `Optimizer.update: expected the model first and its gradients second, got ${describe(model)} and ${describe(grads)}. ` +
        "Swap them: optimizer.update(model, grads).",
    );
  }
  if (isValues(model)) {
    return new StructureError(
      `Optimizer.update: expected a model, got ${describe(model)}, whose values never change. ` +
        "Make a model of it with merge, and update that.",
    );
  }
  return nothingToTrain("Optimizer.update", model);
}

export const nothingToTrain = (where: string, model: object): StructureError =>
  new StructureError(
    `${where}: expected { wrt } to select parameters of the model, got none in ${describe(model)}. ` +
      "Pass the filter of what to train. Variables that are #private, in a Set, or in an instance of a class that does not " +
      "extend nnx.Module are out of sight: use attributes, arrays, plain objects and Maps.",
  );

export const outOfSight = (hidden: string): StructureError =>
  new StructureError(
    `Optimizer: expected the parameters that { wrt } selects where the graph sees them, got ${hidden}. ` +
      "Keep it in an attribute, an array, a plain object or a Map of a class that extends nnx.Module, or leave it out with { wrt }.",
  );

/** @file What a step is told beside gradients, as transformations take it. */
import type { Tensor } from "@nnxjs/kernels/internal";
import { clone, dispose, type Filter, formatPath, StructureError, Variable } from "@nnxjs/nnx-core";
import { checkFunction, describe, isPlainObject, setChild } from "@nnxjs/nnx-core/internal";
import { align, type Mismatch } from "../tree/structure.ts";
import type { Tree } from "../tree/tree.ts";
import type { ExtraArgs } from "../transformations/transformation.ts";
import type { Gradients } from "./gradients.ts";
import { type BareTensor, type Parameters, parametersOf } from "./parameters.ts";

/**
 * What a step knows beside the gradients. All of it reaches every transformation; those that are
 * named here are for line searches and `polyakSgd`.
 * @see Flax `Optimizer.update(model, grads, **kwargs)`
 */
export interface UpdateExtra<M = object> {
  /** The loss at the parameters, a number or a scalar. */
  readonly value?: number | Tensor;
  /** The gradients at the parameters. @defaultValue those of the step */
  readonly grad?: Gradients;
  /**
   * The loss of a model, a scalar. It is called with copies of the model that have other parameters;
   * what it changes in them, statistics and counts of random streams too, is gone afterwards.
   */
  readonly valueFn?: (model: M) => Tensor;
  readonly [name: string]: unknown;
}

/**
 * The extra arguments of a step: gradients by path, and the loss as a function of parameters.
 * @throws StructureError for what is no record, and for gradients that are not like the parameters.
 */
export function extraArgs<M extends object>(
  model: M,
  wrt: Filter,
  parameters: Parameters,
  extra: UpdateExtra<M>,
): ExtraArgs {
  if (!isPlainObject(extra)) {
    throw new StructureError(
      `Optimizer.update: expected extra arguments by name, got ${describe(extra)}. Call optimizer.update(model, grads, { value, valueFn }).`,
    );
  }
  const { grad, valueFn, ...others } = extra;
  const own = grad === undefined ? parameters : parametersOf("Optimizer.update", model, wrt, grad);
  const args = { ...others, grad: (own as Parameters).gradients };
  if (valueFn === undefined) return args;
  checkFunction("Optimizer.update", valueFn, "model, grads, { value, valueFn }", "valueFn");
  return { ...args, valueFn: (params) => lossOf(model, wrt, params, valueFn) };
}

/** The loss of a copy of the model with other parameters. */
function lossOf<M extends object>(
  model: M,
  wrt: Filter,
  params: Tree,
  valueFn: (model: M) => Tensor,
): Tensor {
  const copy = clone(model);
  try {
    const places = parametersOf("Optimizer.update", copy, wrt)?.places ?? {};
    for (const { leaves } of align([params, places], 0, unlike).rows) {
      const [value, place] = leaves as readonly [Tensor, Variable | BareTensor];
      if (place instanceof Variable) place.value = value;
      else setChild(place.owner, place.key, value);
    }
    return valueFn(copy);
  } finally {
    dispose(copy);
  }
}

const unlike: Mismatch = (path) =>
  new StructureError(
    `Optimizer.update at ${formatPath(path)}: expected { wrt } to select the same parameters in a copy of the model, got others. ` +
      "Select them by path or by type, not by identity.",
  );

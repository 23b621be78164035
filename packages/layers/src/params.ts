/** @file What the parameters of all layers have in common. */
import { dispose, type Metadata, NnxError, Param } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import type { Initializer, PRNGKey, Rngs } from "@nnxjs/rnglib";
import { shapeText } from "./checks.ts";
import type { FloatDtype } from "./dtypes.ts";
import { isTensor, type Tensor, tidy } from "@nnxjs/kernels/internal";

/**
 * A parameter from the next `params` key. Layers call this in Flax's order, so that what is drawn
 * is Flax's. What the initializer leaves behind is freed, also when it throws.
 * @param layer - For errors.
 * @throws NnxError for an initializer that returns another shape.
 */
export function drawParam(
  layer: string,
  init: Initializer,
  rngs: Rngs,
  shape: readonly number[],
  dtype: FloatDtype,
  metadata?: Metadata,
): Param<Tensor> {
  return new Param(drawValue(layer, init, rngs.nextKey("params"), shape, dtype), metadata);
}

/** What an initializer gives for a key. @throws NnxError when that has another shape. */
export const drawValue = (
  layer: string,
  init: Initializer,
  key: PRNGKey,
  shape: readonly number[],
  dtype: FloatDtype,
): Tensor => tidy(() => checkDrawn(layer, init(key, shape, dtype), shape));

/** What an initializer returned. @throws NnxError unless that is a tensor of this shape. */
export function checkDrawn(layer: string, value: unknown, shape: readonly number[]): Tensor {
  if (isTensor(value) && String(value.shape) === String(shape)) return value;
  throw new NnxError(
    `${layer}: expected the initializer to return a tensor of shape ${shapeText(shape)}, got ${describe(value)}. ` +
      "An initializer is called with (key, shape, dtype).",
  );
}

/**
 * For constructors that make several parts: what the function returned makes one after another, and
 * when one throws, those made before it are disposed of. Nobody else could: a constructor that
 * throws returns no layer.
 * @param made - What is there already.
 */
export function allOrNothing(...made: unknown[]): <T>(make: () => T) => T {
  return (make) => {
    try {
      const part = make();
      made.push(part);
      return part;
    } catch (error) {
      dispose(made);
      throw error;
    }
  };
}

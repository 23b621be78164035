/** @file Draws the parameters of layers. */
import { dispose, type Metadata, NnxError, Param } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import type { Initializer, PRNGKey, Rngs } from "@nnxjs/rnglib";
import { shapeText } from "./checks.ts";
import type { FloatDtype } from "./dtypes.ts";
import { isTensor, type Tensor, tidy } from "@nnxjs/kernels/internal";

/**
 * Draws one parameter with the next `params` key. Call it in the order in which Flax draws, so that
 * the same seed gives the same values. Other tensors that the initializer makes are freed, even
 * when it throws.
 * @param layer - The name of the layer, for errors.
 * @throws NnxError when the initializer returns another shape.
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

/** Calls an initializer with a key. @throws NnxError when it returns another shape. */
export const drawValue = (
  layer: string,
  init: Initializer,
  key: PRNGKey,
  shape: readonly number[],
  dtype: FloatDtype,
): Tensor => tidy(() => checkDrawn(layer, init(key, shape, dtype), shape));

/** Returns the result of an initializer. @throws NnxError unless it is a tensor of this shape. */
export function checkDrawn(layer: string, value: unknown, shape: readonly number[]): Tensor {
  if (isTensor(value) && String(value.shape) === String(shape)) return value;
  throw new NnxError(
    `${layer}: expected the initializer to return a tensor of shape ${shapeText(shape)}, got ${describe(value)}. ` +
      "An initializer is called with (key, shape, dtype).",
  );
}

/**
 * For constructors that make several parts. The returned function calls `make` functions one after
 * another. When one throws, it disposes all parts made before. Nobody else could, because a
 * constructor that throws returns no layer.
 * @param made - Parts that exist already.
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

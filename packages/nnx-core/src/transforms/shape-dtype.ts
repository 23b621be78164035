/** @file The shape and dtype of an array that is not there. */
import { describe, StructureError } from "../errors.ts";

/**
 * Stands for a tensor of which only shape and dtype are known. Variables of abstract models have
 * these as values.
 * @see `jax.ShapeDtypeStruct`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const x = new nnx.ShapeDtypeStruct([2, 4], "float32");
 * const y = nnx.evalShape((m: nnx.Linear, input: tf.Tensor) => m.forward(input), model, x);
 * y.shape; // => [2, 3]
 * ```
 */
export class ShapeDtypeStruct {
  readonly shape: readonly number[];
  /** `"float32"`, `"int32"`, `"bool"` or another dtype of tensorflow.js. */
  readonly dtype: string;

  /** @throws {@link StructureError} for what is no shape or no dtype. */
  constructor(shape: readonly number[], dtype: string) {
    const isShape = Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 0);
    if (!isShape || typeof dtype !== "string") {
      throw new StructureError(
        `ShapeDtypeStruct: expected a shape and the name of a dtype, got ${describe(isShape ? dtype : shape)}. ` +
          'Write new ShapeDtypeStruct([2, 3], "float32").',
      );
    }
    this.shape = Object.freeze([...shape]);
    this.dtype = dtype;
    Object.freeze(this);
  }

  /** Whether the other has this shape and dtype, and is no tensor either. */
  equals(other: unknown): boolean {
    return (
      isStruct(other) &&
      other.dtype === this.dtype &&
      other.shape.length === this.shape.length &&
      other.shape.every((size, i) => size === this.shape[i])
    );
  }

  toString(): string {
    return `ShapeDtypeStruct ${this.dtype}[${this.shape.join(",")}]`;
  }
}

/** Stands outside of the class, which bundlers rename where it speaks of itself. */
const isStruct = (x: unknown): x is ShapeDtypeStruct => x instanceof ShapeDtypeStruct;

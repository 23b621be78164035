/** @file Replaces Variables and leaves of States by their values. */
import { isContainer, mapItems } from "../data/containers.ts";
import { describe, StructureError } from "../errors.ts";
import { isTrusted } from "../state/check-state.ts";
import { toPure } from "../state/pure.ts";
import { isLeaf, leafValue } from "../state/state.ts";
import { Variable } from "../variable/variable.ts";
import { GraphNode } from "./node.ts";
import { state } from "./split.ts";
import { disposeState } from "../state/builder.ts";

/**
 * Returns the same structure with each Variable, and each leaf of a State, replaced by its value. A
 * module becomes nested plain objects of its leaves' values. The values are not copied, and the
 * result does not hold them: they keep their owner.
 * @param value - A model, a State, or any structure with Variables in it.
 * @throws {@link StructureError} for lists and objects that contain themselves.
 * @see Flax `nnx.as_pure`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const values = nnx.asPure(model) as { readonly kernel: tf.Tensor };
 * values.kernel.shape; // => [4, 3]
 * ```
 */
export const asPure = (value: unknown): unknown => new Purifier().pure(value);

const mostLevels = 500;

/** Replaces Variables by values. Each object is converted once, so shared objects stay shared. */
class Purifier {
  private readonly done = new Map<object, unknown>();
  private level = 0;

  pure(value: unknown): unknown {
    if (value instanceof Variable) return value.getRawValue();
    if (typeof value !== "object" || value === null) return value;
    if (this.done.has(value)) return this.done.get(value);
    if (this.level++ > mostLevels) {
      throw new StructureError(
        `asPure: expected at most ${mostLevels} levels of lists and objects that do not contain themselves, got ${describe(value)} below more. ` +
          "Pass a model, a State, or containers of these.",
      );
    }
    const pure = this.object(value);
    this.done.set(value, pure);
    this.level--;
    return pure;
  }

  private object(value: object): unknown {
    if (value instanceof GraphNode) {
      const values = state(value);
      try {
        return toPure(values);
      } finally {
        disposeState(values);
      }
    }
    if (isLeaf(value)) return leafValue(value);
    if (isTrusted(value)) return toPure(value);
    return isContainer(value) ? mapItems(value, (item) => this.pure(item)) : value;
  }
}

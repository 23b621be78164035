/** @file The base class of models and layers. */
import { perturbIn, type PerturbOptions, sowIn, type SowOptions } from "../recording/record.ts";
import { dispose } from "../graph/dispose.ts";
import { nameDisposeMethod } from "../data/dispose-symbol.ts";
import { iterChildren } from "../graph/iterate.ts";
import type { GraphNode } from "../graph/node.ts";
import type { Path, PathPart } from "../path.ts";
import type { VariableType } from "../variable/variable-state.ts";
import type { Variable } from "../variable/variable.ts";
import { type AttributeOptions, type AttributeValues, setAttributes, setModes } from "./attributes.ts";
import { BaseModule, libraryPrototypes } from "../graph/base-module.ts";
import { iterModules } from "./iter-modules.ts";

/**
 * The base class of models and layers. Attributes that are modules, Variables, tensors, keys, or
 * arrays, plain objects and Maps of these make up the model's graph; all others are static. Call a
 * module with a `forward` method of your own.
 *
 * Native `#private` fields are invisible to the graph and are not restored by `merge`: use
 * TypeScript's `private`.
 * @see Flax `nnx.Module`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * class Block extends nnx.Module {
 *   readonly linear: nnx.Linear;
 *   constructor(features: number, { rngs }: { rngs: nnx.Rngs }) {
 *     super();
 *     this.linear = new nnx.Linear(features, features, { rngs });
 *   }
 *   forward(x: tf.Tensor): tf.Tensor {
 *     return nnx.relu(this.linear.forward(x));
 *   }
 * }
 * ```
 */
export abstract class Module extends BaseModule {
  static {
    libraryPrototypes.add(Module.prototype);
  }

  /**
   * Records a value in the captures that ask for this type; outside of one it does nothing. Values
   * under one name are collected in a tuple.
   * @param type - A Variable class, or its registered name (an unknown name makes a new class).
   * @returns whether a capture recorded it.
   * @see Flax `nnx.Module.sow`
   */
  sow<T, B = readonly T[]>(
    type: VariableType | string,
    name: string,
    value: T,
    options?: SowOptions<T, B>,
  ): boolean {
    return sowIn(this, type, name, value, options);
  }

  /**
   * Adds the perturbation that a capture has stored under `name` (zeros at first) so that its
   * gradient is the value's. Use the result in the place of `value`. Outside a capture it returns
   * `value`.
   * @param options - `type` stores it as another Variable type. @defaultValue Perturbation
   * @see Flax `nnx.Module.perturb`
   */
  perturb<T>(name: string, value: T, options?: PerturbOptions): T {
    return perturbIn(this, name, value, options);
  }

  /**
   * Sets attributes on this module and those below that have them.
   * @throws {@link NotFoundError} when no selected module has one of them; nothing is set then.
   * @see Flax `nnx.Module.set_attributes`
   * @example
   * ```ts
   * import "@tensorflow/tfjs-backend-cpu";
   * import * as nnx from "@nnxjs/nnx";
   *
   * const model = new nnx.Sequential(new nnx.Dropout(0.5, { rngs: new nnx.Rngs(0) }));
   * model.setAttributes({ rate: 0.1 }, { only: nnx.Dropout });
   * ```
   */
  setAttributes(attributes: AttributeValues, options?: AttributeOptions): void {
    setAttributes(this, attributes, options);
  }

  /**
   * Training mode: `deterministic` and `useRunningAverage` become false wherever they are
   * attributes, or modes of a `setMode`.
   * @see Flax `nnx.Module.train`
   */
  train(attributes: AttributeValues = {}): void {
    setModes("train", this, false, attributes);
  }

  /**
   * Evaluation mode: `deterministic` and `useRunningAverage` become true wherever they are
   * attributes, or modes of a `setMode`.
   * @see Flax `nnx.Module.eval`
   */
  eval(attributes: AttributeValues = {}): void {
    setModes("eval", this, true, attributes);
  }

  /** As the function `iterModules`. */
  iterModules(): Generator<readonly [path: Path, module: BaseModule]> {
    return iterModules(this);
  }

  /** As the function `iterChildren`: Variables come too. */
  iterChildren(): Generator<readonly [key: PathPart, child: GraphNode | Variable]> {
    return iterChildren(this);
  }

  /**
   * Releases the tensors of all Variables below; other models and States that share them keep them.
   */
  dispose(): void {
    dispose(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
nameDisposeMethod(Module.prototype);

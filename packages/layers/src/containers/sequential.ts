/** @file Layers in sequence. */
import { registerModule, Module } from "@nnxjs/nnx-core";
import { PRNGKey, Rngs, RngStream } from "@nnxjs/rnglib";
import { type ForwardModule, hasForward, isClass, notCallable } from "../callable.ts";
import type { Tensor } from "@nnxjs/kernels/internal";

/** A module with `forward`, or a function. */
export type SequentialLayer = ForwardModule | ((...args: never) => unknown);

/** Options of a call of {@link Sequential}, after the other arguments. */
export interface SequentialCallOptions {
  /** Passed on to the layers that have a stream. */
  rngs?: Rngs | RngStream | PRNGKey | null | undefined;
}

/**
 * Calls layers in order. Each gets the result of the layer before it; an array is spread over the
 * arguments.
 * @typeParam A - The arguments of the first layer.
 * @typeParam R - The result of the last layer.
 * @see Flax `nnx.Sequential`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const rngs = new nnx.Rngs(0);
 * const [hidden, out] = [new nnx.Linear(4, 8, { rngs }), new nnx.Linear(8, 2, { rngs })];
 * const model = new nnx.Sequential(hidden, nnx.relu, out);
 * const y = model.forward(tf.ones([16, 4])); // [16, 2]
 * ```
 */
export class Sequential<A extends readonly unknown[] = [x: Tensor], R = Tensor> extends Module {
  readonly layers: readonly SequentialLayer[];

  /**
   * @throws TypeError when a layer is neither a module with `forward` nor a function; a class is
   * neither.
   */
  constructor(...layers: readonly SequentialLayer[]) {
    super();
    layers.forEach((layer, i) => {
      if (!isLayer(layer)) throw refused("Sequential", i, layer);
    });
    this.layers = layers;
  }

  /**
   * @param args - The arguments of the first layer. `{ rngs }` after them goes to every layer that
   * has a stream.
   * @returns the result of the last layer. Without layers: the argument, a list of several, or
   * undefined for none.
   * @throws TypeError when a layer is neither a module with `forward` nor a function.
   */
  forward(...args: [...A, options?: SequentialCallOptions]): R {
    const last: unknown = args.at(-1);
    const options = isCallOptions(last) ? last : null;
    let inputs: readonly unknown[] = options ? args.slice(0, -1) : args;
    let output: unknown = inputs.length > 1 ? inputs : inputs[0];
    this.layers.forEach((layer, i) => {
      output = callLayer(layer, i, inputs, options);
      inputs = Array.isArray(output) ? (output as readonly unknown[]) : [output];
    });
    // The type R is what the caller says of the last layer.
    return output as R;
  }
}

function callLayer(
  layer: SequentialLayer,
  index: number,
  args: readonly unknown[],
  options: SequentialCallOptions | null,
): unknown {
  const module: unknown = layer;
  if (hasForward(module)) {
    const stochastic = layer instanceof Sequential || "rngs" in layer;
    return options && stochastic ? module.forward(...args, options) : module.forward(...args);
  }
  if (isLayer(layer)) return (layer as (...args: readonly unknown[]) => unknown)(...args);
  throw refused("Sequential.forward", index, layer);
}

const isLayer = (x: unknown): boolean => hasForward(x) || (typeof x === "function" && !isClass(x));

const refused = (where: string, index: number, layer: unknown): TypeError =>
  notCallable(where, `a function or a module with a forward method at layers[${index}]`, layer);

function isCallOptions(x: unknown): x is SequentialCallOptions {
  if (typeof x !== "object" || x === null || Object.getPrototypeOf(x) !== Object.prototype) return false;
  const { rngs, ...rest } = x as SequentialCallOptions;
  const isSource = rngs instanceof Rngs || rngs instanceof RngStream || PRNGKey.isKey(rngs);
  return Object.keys(rest).length === 0 && isSource;
}

registerModule("Sequential", Sequential);

/**
 * @file The errors of this package, and the texts that they share. Messages read `<where>:
 * <expected>, got <value>. <What to do>.`
 */
import { isOfAnotherCopy } from "./data/copies.ts";
import { hasShapeAndDtype, isAbstractArray } from "./data/array-like.ts";
import { nameOf } from "./data/name-of.ts";

/**
 * The base of every error that this library throws on purpose.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) }).forward(tf.ones([2, 5]));
 * // throws NnxError: Linear.forward: expected an input of shape [..., 4] for a kernel of shape …
 * ```
 */
export class NnxError extends Error {
  override readonly name: string = "NnxError";
}

/**
 * A State, GraphDef or argument does not have the structure that the call needs.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * nnx.merge(nnx.graphdef(model), {});
 * // throws StructureError: merge: expected a State with exactly the 2 leaves of the GraphDef, …
 * ```
 */
export class StructureError extends NnxError {
  override readonly name = "StructureError";
}

/**
 * A filter is invalid, stands in the wrong place, or the filters do not cover every leaf.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.split(new nnx.BatchNorm(3, { rngs: new nnx.Rngs(0) }), nnx.Param, nnx.Intermediate);
 * // throws FilterError: split: expected filters that cover every leaf, got none for mean, var (2 …
 * ```
 */
export class FilterError extends NnxError {
  override readonly name = "FilterError";
}

/**
 * An attribute, stream or registered name does not exist.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.variableTypeFromName("nobody/Nothing");
 * // throws NotFoundError: variableTypeFromName: expected one of {params, batch_stats, cache, …
 * ```
 */
export class NotFoundError extends NnxError {
  override readonly name = "NotFoundError";
}

/**
 * The call uses a value that was disposed, or whose model was disposed.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * nnx.dispose(model);
 * model.forward(tf.ones([2, 4]));
 * // throws DisposedError: Param.value: expected a live Variable, got one that was disposed. …
 * ```
 */
export class DisposedError extends NnxError {
  override readonly name = "DisposedError";
}

/**
 * The requested derivative cannot be computed.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * nnx.grad((m: nnx.Linear) => m.forward(tf.ones([2, 4])) as tf.Scalar)(model);
 * // throws GradientError: grad: expected the loss to be a float32 scalar, got a float32[2,3]. …
 * ```
 */
export class GradientError extends NnxError {
  override readonly name: string = "GradientError";
}

/**
 * An op between the loss and what it is differentiated by has no gradient rule.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = { w: new nnx.Param(tf.tensor1d([1, 2])) };
 * const counts = (w: tf.Tensor) =>
 *   tf.engine().runKernel("Bincount", { x: tf.tensor1d([0, 1], "int32"), weights: w }, { size: 2 });
 * const gradients = nnx.grad((m: typeof model) => tf.sum(counts(m.w.value) as tf.Tensor) as tf.Scalar);
 * gradients(model);
 * // throws GradientError: grad: expected a gradient rule for every op between the loss and what …
 * ```
 */
export class MissingRuleError extends GradientError {
  /** tensorflow.js's name of the op. */
  readonly op: string;

  /** @param place - Where the op was called, as far as it is known. */
  constructor(op: string, place = "") {
    super(
      `grad: expected a gradient rule for every op between the loss and what it is differentiated by, got none for ${op}${place}. ` +
        "Register one with registerRules, or keep the op out of the gradient with stopGradient.",
    );
    this.op = op;
  }
}

/**
 * The message for a disposed tensor: the user disposed it, or the scope that it was made in did.
 */
export const disposedText = (where: string, tensor: object, name = ""): string =>
  `${where}: expected ${name === "" ? "" : `${name} to be `}a live tensor, got a disposed ${describe(tensor).replace(/^an? /, "")}. ` +
  disposedAdvice;

/** The advice for something that was disposed too early. */
export const disposedAdvice: string =
  "Dispose tensors, States and models only after their last use. A scope (tf.tidy, a gradient's) frees what is made in it unless it is " +
  "returned from it, stored in a Variable of a module, or kept with nnx.keep.";

/** The message for a Variable or State that was disposed, or whose scope has ended. */
export const endedText = (where: string, what: string, isDisposed: boolean): string =>
  `${where}: expected a live ${what}, got one that ` +
  (isDisposed
    ? `was disposed. ${disposedAdvice}`
    : "belonged to a scope (tf.tidy, or a gradient's) that has ended. Return it, or the model that has it, from the scope, or keep it with nnx.keep.");

/** Describes a value in a few words, for error messages. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return JSON.stringify(shortened(value));
  if (typeof value === "function") {
    return `the function or class ${nameOf(value)}${copyOf(Reflect.get(value, "prototype"))}`;
  }
  if (typeof value !== "object") {
    // TypeScript does not narrow `unknown` by exclusion. Only these types remain here.
    const primitive = value as number | bigint | boolean | symbol;
    return typeof primitive === "bigint" ? `${primitive}n` : String(primitive);
  }
  if (hasShapeAndDtype(value) && value.shape.every((size) => typeof size === "number")) {
    const article = isAbstractArray(value) ? "an abstract" : value.dtype === "int32" ? "an" : "a";
    return `${article} ${shortened(value.dtype)}[${value.shape.join(",")}]`;
  }
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  const type: unknown = Object.getPrototypeOf(value)?.constructor;
  if (typeof type === "function" && type !== Object) return `an instance of ${nameOf(type)}${copyOf(value)}`;
  const keys = Object.keys(value);
  return `an object with keys {${shortened(keys.slice(0, 5).join(", "))}${keys.length > 5 ? ", ..." : ""}}`;
}

/** Words for an object that looks like a part of a model, but that this copy of nnxjs does not know. */
const copyOf = (x: unknown): string =>
  typeof x === "object" && x !== null && isOfAnotherCopy(x) ? " of another copy of nnxjs" : "";

const shortened = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}...` : text);

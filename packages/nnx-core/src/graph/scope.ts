/** @file Scopes that free tensors, for results of any type. */
import { forEachObject } from "../data/containers.ts";
import { checkFunction } from "../data/functions.ts";
import { refuseLate } from "../ownership/late.ts";
import { keepThing } from "../ownership/scopes.ts";
import { isOwner } from "../state/holding.ts";
import { isTensor, scoped, type Tensor } from "../tensor.ts";
import { takeFromScopes } from "../ownership/tensor-scopes.ts";
import { Variable } from "../variable/variable.ts";

/**
 * Whether `tidy` and `keep` look into an object. Tensors, Variables, States and patches are not
 * searched.
 */
const isOpen = (x: object): boolean => !isTensor(x) && !(x instanceof Variable) && !isOwner(x);

/**
 * `tf.tidy` for results of any type. Tensors, States, Variables, models, and arrays, objects and
 * Maps of these outlive the scope if `f` returns them. Everything else made in the scope is freed.
 * @param f - Not async.
 * @returns what `f` returns. It belongs to the scope around this one, or to the caller.
 * @throws {@link NnxError} when `f` returns a Promise.
 * @see `tf.tidy`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const doubled = nnx.tidy(() => nnx.mapValues((value: tf.Tensor) => tf.mul(value, 2), nnx.state(model)));
 * nnx.dispose(doubled);
 * ```
 */
export function tidy<R>(f: () => R): R {
  checkFunction("tidy", f);
  return tidyChecked(() => {
    const result = f();
    refuseLate("tidy", () => "the function", result);
    return result;
  });
}

/** All tensors in a value that no Variable or State has: attributes of modules are among them. */
export function bareTensorsIn(value: unknown): Tensor[] {
  const tensors: Tensor[] = [];
  forEachObject(value, (object) => {
    if (isTensor(object)) tensors.push(object);
    return isOpen(object);
  });
  return tensors;
}

/** Whether the engine finds everything in a result by itself: in short lists of tensors it does. */
const isListed = (x: unknown, level = 0): boolean =>
  typeof x !== "object" ||
  x === null ||
  isTensor(x) ||
  (Array.isArray(x) && level < 3 && x.length < 8 && x.every((item) => isListed(item, level + 1)));

/** {@link tidy} of a function that does not return Promises. */
export function tidyChecked<R>(f: () => R): R {
  let result: R | undefined;
  scoped(() => {
    result = f();
    if (isListed(result)) return result;
    // The engine finds tensors in lists. It does not look into Maps, and it recurses, so deep
    // models would overflow the stack.
    return [bareTensorsIn(result), new Map([["result", result]])];
  });
  return result as R;
}

/**
 * Takes a value out of all open scopes, as if it had been made outside of them: tensors, States,
 * Variables, models, and arrays, objects and Maps of these. The caller must dispose it then.
 * Outside of scopes `keep` does nothing.
 * @returns the value.
 * @see `tf.keep`, which accepts tensors only
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * let best = nnx.state(model);
 * tf.tidy(() => {
 *   nnx.dispose(best);
 *   best = nnx.keep(nnx.state(model));
 * });
 * nnx.dispose(best);
 * ```
 */
export function keep<T>(value: T): T {
  forEachObject(value, (object) => {
    if (isTensor(object)) takeFromScopes(object);
    else keepThing(object);
    return isOpen(object);
  });
  return value;
}

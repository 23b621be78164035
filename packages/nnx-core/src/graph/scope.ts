/** @file Scopes for what users write: results of any type, and values that outlive them. */
import { forEachObject } from "../data/containers.ts";
import { checkFunction } from "../data/functions.ts";
import { refuseLate } from "../ownership/late.ts";
import { keepThing } from "../ownership/scopes.ts";
import { isOwner } from "../state/holding.ts";
import { isTensor, scoped, type Tensor } from "../tensor.ts";
import { takeFromScopes } from "../ownership/tensor-scopes.ts";
import { Variable } from "../variable/variable.ts";

/** Whether what is kept or returned may have other things in it: neither tensors nor what holds some. */
const isOpen = (x: object): boolean => !isTensor(x) && !(x instanceof Variable) && !isOwner(x);

/**
 * `tf.tidy` for results of any type: tensors, States, Variables, models, and arrays, objects and
 * Maps of these outlive the scope; what else was made in it is freed.
 * @param f - Not async.
 * @returns what `f` returns. It belongs to the scope around this one, or to the caller.
 * @throws {@link NnxError} when `f` returns a Promise.
 * @see `tf.tidy`
 * @example
 * ```ts
 * const doubled = nnx.tidy(() => nnx.mapValues((value: tf.Tensor) => tf.mul(value, 2), nnx.state(model, nnx.Param)));
 * nnx.dispose(doubled);
 * ```
 */
export function tidy<R>(f: () => R): R {
  checkFunction("tidy", f);
  let result: R | undefined;
  scoped(() => {
    result = f();
    refuseLate("tidy", () => "the function", result);
    const tensors: Tensor[] = [];
    forEachObject(result, (object) => {
      if (isTensor(object)) tensors.push(object);
      return isOpen(object);
    });
    // The engine finds tensors in lists; it looks neither into Maps nor, without recursion, into
    // deep models.
    return [tensors, new Map([["result", result]])];
  });
  return result as R;
}

/**
 * Takes a value out of the scopes that are open, as if it had been made outside of all: tensors,
 * States, Variables, models, and arrays, objects and Maps of these. It is the caller's to dispose
 * then. Outside of scopes it does nothing.
 * @returns the value.
 * @see `tf.keep`, which knows of tensors only
 * @example
 * ```ts
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

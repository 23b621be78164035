/**
 * @file Parts of models that another copy of this package made, such as a second version or a second
 * bundle. Classes of this copy do not know them, so that they would count as static data.
 */

const COPY: unique symbol = Symbol.for("@nnxjs/nnx-core copy") as never;
const thisCopy = Object.freeze({});

/** Marks all instances of a class and of its subclasses as those of this copy. */
export function ofThisCopy(type: abstract new (...args: never[]) => object): void {
  // On the prototype and not enumerable, so that no instance has it as an attribute.
  Object.defineProperty(type.prototype, COPY, { value: thisCopy });
}

/** Whether an object, or what a class makes by its prototype, is of another copy. */
export function isOfAnotherCopy(x: object): boolean {
  const copy = (x as { readonly [COPY]?: object })[COPY];
  return copy !== undefined && copy !== thisCopy;
}

/** What to do about two copies. */
export const oneCopyAdvice =
  "Use one copy of @nnxjs/nnx-core: `npm ls @nnxjs/nnx-core` shows what is installed, and a bundle must not have its own.";

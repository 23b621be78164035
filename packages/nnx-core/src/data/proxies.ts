/**
 * @file Keeps objects out of the deep proxies of user interfaces. A proxy is another object than
 * its target, and tensors are known by identity.
 */

/** Marks all instances of a class, so that no proxy wraps them. @see Vue `markRaw` */
export function neverProxied(type: abstract new (...args: never[]) => object): void {
  // On the prototype and not enumerable, so that no instance has it as an attribute.
  Object.defineProperty(type.prototype, "__v_skip", { value: true });
}

/** Whether an object is of a class that was marked: it is known by identity, not by what is in it. */
export const isNeverProxied = (x: object): boolean => "__v_skip" in x;

/**
 * @file Keeping things out of the deep proxies of user interfaces, which would show other objects
 * than the ones that tensors are known by.
 */

/** Marks all instances of a class as not to be wrapped. @see Vue `markRaw` */
export function neverProxied(type: abstract new (...args: never[]) => object): void {
  // On the prototype and not enumerable: it is nobody's attribute.
  Object.defineProperty(type.prototype, "__v_skip", { value: true });
}

/** @file Telling object literals from instances of classes. */

/** Whether `value` is an object literal or came from `JSON.parse` or `Object.create(null)`. */
export const isPlainObject = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/**
 * @file Copies of plain data, such as a kernel's attributes. An op hands on the very arrays that it
 * gets (`begin` of a slice), and whoever calls it may write to them for the next call.
 */

/** The data with arrays and plain objects of their own. Everything else stays what it is. */
export function copiedData<T>(data: T): T {
  if (typeof data !== "object" || data === null) return data;
  // Only the types do not say that copies have the type of what they copy.
  if (Array.isArray(data)) return copiedList(data) as T;
  const prototype: unknown = Object.getPrototypeOf(data);
  if (prototype !== Object.prototype && prototype !== null) return data;
  const copy: Record<string, unknown> = {};
  for (const key in data) copy[key] = copiedData(data[key]);
  return copy as T;
}

function copiedList(list: readonly unknown[]): readonly unknown[] {
  const copy = list.slice();
  for (let i = 0; i < copy.length; i++) if (typeof copy[i] === "object") copy[i] = copiedData(copy[i]);
  return copy;
}

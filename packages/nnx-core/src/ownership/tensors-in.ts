/** @file The tensors inside a value: the value itself, or nested in arrays, plain objects and Maps. */
import { isPlainObject } from "../plain-object.ts";
import { isTensor, type Tensor } from "../tensor.ts";

/** Calls `visit` on each tensor in `value`. */
export function forEachTensor(value: unknown, visit: (tensor: Tensor) => void): void {
  if (typeof value !== "object" || value === null) return;
  if (isTensor(value)) visit(value);
  else if (Array.isArray(value)) for (const item of value) forEachTensor(item, visit);
  else if (value instanceof Map) for (const item of value.values()) forEachTensor(item, visit);
  else if (isPlainObject(value)) for (const key in value) forEachTensor(value[key], visit);
}

/** The same structure with each tensor replaced; values without tensors are returned as they are. */
export function mapTensors(value: unknown, replace: (tensor: Tensor) => Tensor): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isTensor(value)) return replace(value);
  if (Array.isArray(value)) return value.map((item) => mapTensors(item, replace));
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, mapTensors(item, replace)]));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTensors(item, replace)]));
}

/** All tensors in `value`, in order. */
export function tensorsIn(value: unknown): Tensor[] {
  const found: Tensor[] = [];
  forEachTensor(value, (tensor) => found.push(tensor));
  return found;
}

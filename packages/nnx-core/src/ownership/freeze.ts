/** @file Making what a Variable stores as immutable as the tensors in it. */
import { isPlainObject } from "../data/plain-object.ts";

/**
 * Freezes arrays and plain objects, and those in them, in place: a State that has the value must not change when somebody writes into it.
 * Whatever is frozen already is left alone; tensors, Maps and instances of classes are as well.
 */
export function freezeContainers(value: unknown): void {
  if (!isOpen(value)) return;
  const open: object[] = [value];
  for (let next = open.pop(); next; next = open.pop()) {
    Object.freeze(next);
    for (const item of Object.values(next) as readonly unknown[]) if (isOpen(item)) open.push(item);
  }
}

const isOpen = (value: unknown): value is object =>
  typeof value === "object" &&
  value !== null &&
  (Array.isArray(value) || isPlainObject(value)) &&
  !Object.isFrozen(value);

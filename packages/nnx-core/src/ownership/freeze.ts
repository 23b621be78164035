/** @file Making what a Variable stores as immutable as the tensors in it. */
import { isContainer, itemsOf } from "../data/containers.ts";

/**
 * Freezes arrays and plain objects, and those in them, in place: a State that has the value must
 * not change when somebody writes into it. Whatever is frozen already is left alone; tensors, Maps
 * and instances of classes are as well.
 */
export function freezeContainers(value: unknown): void {
  if (!isOpen(value)) return;
  const open: object[] = [value];
  for (let next = open.pop(); next; next = open.pop()) {
    Object.freeze(next);
    for (const item of itemsOf(next)) if (isOpen(item)) open.push(item);
  }
}

const isOpen = (value: unknown): value is object =>
  isContainer(value) && !(value instanceof Map) && !Object.isFrozen(value);

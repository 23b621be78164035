/** @file What values of leaves are made of: tensors, numbers and keys, and data that may change in place. */
import { containerKind, isContainer, itemsOf, ownKeysOf } from "../data/containers.ts";
import { isVolatile } from "../data/kept-data.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { hostKind, isHostObject } from "./host-data.ts";

const numbers = new WeakMap<object, number>();
let count = 0;

/** A number for an object that is compared by identity. */
function numberOf(x: object): number {
  const known = numbers.get(x);
  if (known !== undefined) return known;
  numbers.set(x, ++count);
  return count;
}

/** A key of a container, in words. */
const keyText = (key: unknown): string =>
  (typeof key === "object" && key !== null) || typeof key === "function"
    ? `#${numberOf(key)}`
    : `${typeof key} ${JSON.stringify(String(key))}`;

/** The keys of a container in their order: functions may go through its items. */
export const orderOf = (container: object): string =>
  Array.isArray(container) ? "" : ownKeysOf(container).map(keyText).join();

/** The kind of a tensor, in words. */
export const tensorKind = ({ dtype, shape }: Tensor): string => `${dtype}[${shape.join()}]`;

/** Collects what values of leaves are made of. */
export class Contents {
  readonly tensors: Tensor[] = [];
  readonly host: unknown[] = [];
  readonly statics: unknown[] = [];

  /** @returns the kind of the value, in words. */
  add(value: unknown): string {
    if (isTensor(value)) {
      this.tensors.push(value);
      return tensorKind(value);
    }
    if (typeof value === "number") {
      this.host.push(value);
      return "number";
    }
    if (isHostObject(value)) {
      this.host.push(value);
      return hostKind(value);
    }
    if (isContainer(value)) {
      if (value instanceof Map)
        for (const key of value.keys()) if (typeof key === "symbol") this.statics.push(key);
      const items = Array.from(itemsOf(value), (item) => this.add(item));
      return `${containerKind(value)}(${orderOf(value)}:${items.join(";")})`;
    }
    if (isVolatile(value)) {
      this.statics.push(value);
      return typeof value;
    }
    if (typeof value === "function" || (typeof value === "object" && value !== null))
      return `#${numberOf(value)}`;
    return `${typeof value} ${JSON.stringify(String(value))}`;
  }
}

/** @file The arguments of host code that runs again: only values of the host differ from time to time. */
import { entriesOf, isContainer, mapItems } from "../data/containers.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import type { HostSlot } from "./host.ts";

/** A value of the host in the arguments of a section. */
export class HostInput {
  readonly slot: HostSlot;
  constructor(slot: HostSlot) {
    this.slot = slot;
  }
}

/** The containers with what `replace` gives in the place of tensors. */
export function mapTensorsIn(value: unknown, replace: (tensor: Tensor) => Tensor): unknown {
  const map = (x: unknown): unknown => {
    if (typeof x !== "object" || x === null) return x;
    if (isTensor(x)) return replace(x);
    return isContainer(x) ? mapItems(x, map) : x;
  };
  return map(value);
}

/** Makes arguments in which only values of the host differ from those before. */
export type MakeInputs = (host: readonly unknown[]) => unknown;

/** @returns nothing for arguments without values of the host. */
export function inputsMaker(value: unknown): MakeInputs | undefined {
  if (value instanceof HostInput) return (host) => host[value.slot];
  if (!isContainer(value)) return undefined;
  const entries = entriesOf(value);
  const makers = entries.map(([, item]) => inputsMaker(item));
  if (makers.every((make) => make === undefined)) {
    if (entries.every(([, item]) => !isContainer(item) || isFixed(item))) markFixed(value);
    return undefined;
  }
  const changing = entries.flatMap(([key], i) => {
    const make = makers[i];
    return make ? [[key as string, make] as const] : [];
  });
  if (Array.isArray(value))
    return (host) => {
      const made: unknown[] = value.slice();
      for (const [key, make] of changing) made[Number(key)] = make(host);
      return made;
    };
  if (value instanceof Map)
    return (host) => {
      const made = new Map<unknown, unknown>(value);
      for (const [key, make] of changing) made.set(key, make(host));
      return made;
    };
  return (host) => {
    const made: Record<string, unknown> = { ...value };
    for (const [key, make] of changing) made[key] = make(host);
    return made;
  };
}

const fixed = new WeakSet<object>();

/**
 * Whether a container never changes, nor what is in it: walks over it can be remembered. Those that
 * host code gets when it runs again are such containers.
 */
export const isFixed = (x: object): boolean => fixed.has(x);

/** Says of a container that it never changes, nor what is in it. */
export function markFixed<T extends object>(x: T): T {
  fixed.add(x);
  return x;
}

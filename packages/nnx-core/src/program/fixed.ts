/** @file What results of host code are made of, and containers that never change. */
import { isContainer } from "../data/containers.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { isHostObject } from "./host-data.ts";

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

/** The values that a section's results are made of, in order. */
export interface SectionResults {
  readonly tensors: readonly Tensor[];
  readonly host: readonly unknown[];
}

/** Tensors and values of the host in nested containers, in order. */
export function partsOf(value: unknown): SectionResults {
  const tensors: Tensor[] = [];
  const host: unknown[] = [];
  addParts(value, tensors, host);
  return { tensors, host };
}

function addParts(x: unknown, tensors: Tensor[], host: unknown[]): void {
  if (typeof x === "number") host.push(x);
  else if (typeof x !== "object" || x === null) return;
  else if (isTensor(x)) tensors.push(x);
  else if (isHostObject(x)) host.push(x);
  else if (isFixed(x)) addFixedParts(x, tensors, host);
  else addItems(x, tensors, host);
}

function addItems(x: object, tensors: Tensor[], host: unknown[]): void {
  if (Array.isArray(x)) for (let i = 0; i < x.length; i++) addParts(x[i], tensors, host);
  else if (x instanceof Map) for (const item of x.values()) addParts(item, tensors, host);
  else if (isContainer(x)) {
    for (const key of Object.keys(x)) addParts((x as Readonly<Record<string, unknown>>)[key], tensors, host);
  }
}

const fixedParts = new WeakMap<object, SectionResults>();

function addFixedParts(x: object, tensors: Tensor[], host: unknown[]): void {
  let parts = fixedParts.get(x);
  if (!parts) {
    const own: [Tensor[], unknown[]] = [[], []];
    addItems(x, ...own);
    parts = { tensors: own[0], host: own[1] };
    fixedParts.set(x, parts);
  }
  for (const tensor of parts.tensors) tensors.push(tensor);
  for (const value of parts.host) host.push(value);
}

/** @file Records the attributes of nodes and containers, so that they can be restored. */
import type { Frame } from "../graph/frame.ts";
import { framesOf } from "../graph/iterate.ts";
import { isGraphState } from "../graph/graph-state.ts";
import { bareTensorsIn } from "../graph/scope.ts";
import { isContainer, ownKeysOf } from "../data/containers.ts";
import { childAt, classify, defineChild, isWritable, setChild } from "../graph/node.ts";
import type { PathPart } from "../path.ts";
import { isOwner } from "../state/holding.ts";
import type { Tensor } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";

/** The attributes of one node or container when they were recorded. */
interface Attributes {
  readonly owner: object;
  readonly keys: readonly PathPart[];
  readonly values: readonly unknown[];
}

const keysNow = (owner: object): readonly PathPart[] => ownKeysOf(owner) as readonly PathPart[];

const has = (owner: object, key: PathPart): boolean =>
  owner instanceof Map ? owner.has(key) : Object.hasOwn(owner, key);

/** The nodes and containers of an argument. Arguments that never change have none. */
export function framesOfArgument(argument: unknown): Frame[] {
  if (typeof argument !== "object" || argument === null || isOwner(argument) || isGraphState(argument))
    return [];
  const kind = classify(argument);
  return kind === "node" || kind === "container" ? framesOf(argument) : [];
}

/**
 * Whether a value is an array, plain object or Map that the graph does not track, but that a run
 * may write into.
 */
const isOpenData = (value: unknown): value is object =>
  isContainer(value) && !Object.isFrozen(value) && classify(value) === "static";

/**
 * The attributes of everything below some arguments: modules, other nodes, and the arrays, plain
 * objects and Maps in them. Structure does not look into instances of other classes, nor into the
 * values of Variables.
 */
export class Structure {
  private readonly all: Attributes[] = [];

  constructor(frames: Iterable<Pick<Frame, "value">>) {
    const owners = new Set<object>();
    for (const { value } of frames) owners.add(value);
    // The loop adds owners: the graph does not walk into containers of static data.
    for (const owner of owners) {
      const keys = keysNow(owner);
      const values = keys.map((key) => childAt(owner, key));
      this.all.push({ owner, keys, values });
      for (const value of values) {
        if (typeof value !== "object" || value === null || owners.has(value)) continue;
        if (isOpenData(value)) owners.add(value);
      }
    }
  }

  /** Whether every attribute is as it was recorded. */
  isSame(): boolean {
    // Loops by index: this is asked for each slice and each step.
    for (let k = 0; k < this.all.length; k++) {
      const { owner, keys, values } = this.all[k] as Attributes;
      const now = keysNow(owner);
      if (now.length !== keys.length) return false;
      for (let i = 0; i < now.length; i++) {
        const key = now[i] as PathPart;
        if (key !== keys[i] || !Object.is(childAt(owner, key), values[i])) return false;
      }
    }
    return true;
  }

  /** Whether no attribute is an object of a class that the graph does not know. */
  isOfKnownKinds(): boolean {
    const owners = new Set<unknown>(this.all.map(({ owner }) => owner));
    const isKnown = (value: unknown): boolean =>
      typeof value !== "object" ||
      value === null ||
      value instanceof Variable ||
      owners.has(value) ||
      isContainer(value);
    return this.all.every(({ values }) => values.every(isKnown));
  }

  /** The attributes that the same nodes and containers have now. */
  taken(): Structure {
    return new Structure(this.all.map(({ owner }) => ({ value: owner })));
  }

  /** Restores every attribute. Returns the values that the run had put in or added. */
  restore(): unknown[] {
    return this.all.flatMap(restoreAttributes);
  }

  /** Tensors that are attributes now but were not before, also those in new containers and modules. */
  newTensors(): Tensor[] {
    const found: Tensor[] = [];
    for (const { owner, keys, values } of this.all) {
      const now = keysNow(owner);
      for (let i = 0; i < now.length; i++) {
        const value = childAt(owner, now[i] as PathPart);
        if (typeof value !== "object" || value === null) continue;
        if (now[i] === keys[i] ? value === values[i] : values.includes(value)) continue;
        found.push(...bareTensorsIn(value));
      }
    }
    return found;
  }
}

function restoreAttributes({ owner, keys, values }: Attributes): unknown[] {
  const now = keysNow(owner);
  const isSame = now.length === keys.length && now.every((key, i) => key === keys[i]);
  const replaced: unknown[] = [];
  if (!isSame) {
    for (const key of now) if (!keys.includes(key)) replaced.push(childAt(owner, key));
    // Remove all keys, so that they come back in their old order.
    clear(owner, now);
  }
  keys.forEach((key, i) => {
    const value = values[i];
    if (has(owner, key)) {
      const present = childAt(owner, key);
      if (Object.is(present, value) || !isWritable(owner, key)) return;
      replaced.push(present);
      setChild(owner, key, value);
    } else if (isWritable(owner, key)) defineChild(owner, key, value);
  });
  return replaced;
}

function clear(owner: object, keys: readonly PathPart[]): void {
  if (owner instanceof Map) owner.clear();
  else if (Array.isArray(owner)) owner.length = 0;
  else {
    for (const key of keys) {
      // Keys that cannot be deleted were there before, so they may stay.
      if (Object.getOwnPropertyDescriptor(owner, key)?.configurable) Reflect.deleteProperty(owner, key);
    }
  }
}

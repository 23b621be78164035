/**
 * @file The arguments of a call, taken apart: the definition, the leaves, the tensors in them, and
 * the keys and numbers. A program belongs to one definition and one kind of each leaf.
 */
import { containerKind, isContainer, itemsOf, mapItems, nested, ownKeysOf } from "../data/containers.ts";
import { isVolatile } from "../data/kept-data.ts";
import { pathOf, type Place } from "../data/place.ts";
import { GraphWalk, type LeafPlace, type LeafValue } from "../graph/flatten.ts";
import type { Frame } from "../graph/frame.ts";
import type { GraphDef } from "../graph/graph-def.ts";
import { GraphNode } from "../graph/node.ts";
import type { Path } from "../path.ts";
import { leafValue } from "../state/state.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { unread } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import { hostKind, isHostObject } from "./host-data.ts";

/** One leaf of the arguments. */
export interface ArgumentLeaf {
  readonly value: LeafValue;
  readonly place: Place;
  /** Where it stands, if it is a tensor without a Variable. */
  readonly at: LeafPlace | undefined;
  /** The number of its first key or number, and how many it has. */
  readonly firstHost: number;
  readonly hostCount: number;
}

/** The arguments of a call. */
export interface Arguments {
  readonly definition: GraphDef;
  readonly leaves: readonly ArgumentLeaf[];
  /** The kind of each leaf, in words: shapes, dtypes and what is static. */
  readonly kinds: string;
  readonly kindOf: readonly string[];
  readonly tensors: readonly Tensor[];
  /** Keys and numbers. */
  readonly host: readonly unknown[];
  /** The leaf of each tensor, and of each key or number; -1 for keys that are arguments. */
  readonly tensorLeaves: readonly number[];
  readonly hostLeaves: readonly number[];
  /** Static data in leaves that code may change in place, and symbols. */
  readonly statics: readonly unknown[];
}

/** What a {@link PRNGKey}, or something else that is data, becomes in the definition. */
class HostPlace {
  readonly kind: string;
  constructor(kind: string) {
    this.kind = kind;
  }
}

const places = new Map<string, HostPlace>();

/** One object for each kind, since definitions compare objects by identity. */
function placeOf(value: { readonly shape?: readonly number[] }): HostPlace {
  const kind = hostKind(value);
  let place = places.get(kind);
  if (!place) {
    place = new HostPlace(kind);
    places.set(kind, place);
  }
  return place;
}

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
  typeof key === "object" && key !== null
    ? `#${numberOf(key)}`
    : `${typeof key} ${JSON.stringify(String(key))}`;

/** The keys of a container in their order: functions may go through its items. */
const orderOf = (container: object): string =>
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

/** The value of a leaf as it is stored. */
export const storedValue = (leaf: LeafValue): unknown =>
  leaf instanceof Variable ? unread(() => leaf.getRawValue()) : leafValue(leaf);

/** How many parts of a path in a definition of arguments lead to one of these. */
export const PARTS_ABOVE = 2;

/** Whether the walk over some arguments meets the very nodes and containers that a run may change. */
export const isWalkedWhole = (args: readonly unknown[]): boolean =>
  args.every(
    (arg) =>
      typeof arg !== "object" ||
      arg === null ||
      arg instanceof GraphNode ||
      arg instanceof Variable ||
      isTensor(arg) ||
      isHostObject(arg),
  );

/**
 * Takes arguments apart.
 * @param frames - Gets the nodes and containers in them. See {@link isWalkedWhole}.
 */
export function takeApart(args: readonly unknown[], frames?: Frame[]): Arguments {
  const contents = new Contents();
  const kindOf: string[] = [];
  const argumentKinds: string[] = [];
  const leaves: ArgumentLeaf[] = [];
  const tensorLeaves: number[] = [];
  const hostLeaves: number[] = [];
  const walk = new GraphWalk({
    enter: (_key, value) => {
      if (isContainer(value)) argumentKinds.push(orderOf(value));
    },
    leaf: (_key, value, at) => {
      const firstHost = contents.host.length;
      kindOf.push(contents.add(storedValue(value)));
      while (tensorLeaves.length < contents.tensors.length) tensorLeaves.push(leaves.length);
      while (hostLeaves.length < contents.host.length) hostLeaves.push(leaves.length);
      const hostCount = contents.host.length - firstHost;
      leaves.push({ value, place: at.at(), at: at.place(), firstHost, hostCount });
    },
    exit: (frame) => {
      // The list of the arguments is nobody's.
      if (frames && frame.parent?.parent) frames.push(frame);
    },
  });
  const root = args.map((arg) => withoutHost(arg, contents, argumentKinds));
  for (const _ of contents.host) hostLeaves.push(-1);
  const definition = walk.run({ args: root });
  return {
    definition,
    leaves,
    kindOf,
    kinds: [...argumentKinds, ...kindOf].join("|"),
    tensors: contents.tensors,
    host: contents.host,
    tensorLeaves,
    hostLeaves,
    statics: contents.statics,
  };
}

/** An argument with places for the keys in it. */
function withoutHost(arg: unknown, contents: Contents, kinds: string[]): unknown {
  if (isHostObject(arg)) {
    kinds.push(contents.add(arg));
    return placeOf(arg);
  }
  // States, which have keys in their leaves, are frozen.
  if (!isContainer(arg) || Object.isFrozen(arg) || !hasHostObject(arg)) return arg;
  return mapItems(arg, (item) => withoutHost(item, contents, kinds));
}

function hasHostObject(container: object): boolean {
  for (const each of nested(container, (x) => isContainer(x) && !Object.isFrozen(x)))
    if (isHostObject(each)) return true;
  return false;
}

/** The path of a leaf, below `arguments`. */
export const pathOfLeaf = ({ place }: Pick<ArgumentLeaf, "place">): Path => pathOf(place).slice(1);

/** The static data of a call that code may change in place. */
export function staticsOf({ definition, statics }: Arguments): readonly unknown[] {
  const found = [...statics];
  const add = (value: unknown): void => {
    if (typeof value === "object" && value !== null) found.push(value);
  };
  for (const node of definition.nodes) {
    if (node.kind === "variable") Object.values(node.metadata).forEach(add);
    else
      for (const def of node.attributes) {
        if (def.kind === "static") add(def.value);
        else if (def.kind === "leaf") Object.values(def.definition.metadata).forEach(add);
      }
  }
  return found;
}

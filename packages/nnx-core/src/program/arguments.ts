/**
 * @file The arguments of a call, taken apart: what they are but for values, the leaves, the tensors in
 * them, and the keys and numbers. A program belongs to one signature.
 */
import { isContainer, mapItems, nested } from "../data/containers.ts";
import { pathOf, type Place } from "../data/place.ts";
import type { LeafPlace, LeafValue } from "../graph/flatten.ts";
import type { Frame } from "../graph/frame.ts";
import { GraphNode } from "../graph/node.ts";
import type { Path } from "../path.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";
import { ArgumentWalk, type Signature } from "./argument-walk.ts";
import { Contents } from "./contents.ts";
import { hostKind, isHostObject } from "./host-data.ts";

/** One leaf of the arguments, and its place in them. */
export interface ArgumentLeaf extends Place {
  readonly value: LeafValue;
  /** Where it stands, if it is a tensor without a Variable. */
  readonly at: LeafPlace | undefined;
  /** The number of its first key or number, and how many it has. */
  readonly firstHost: number;
  readonly hostCount: number;
}

/** The arguments of a call. */
export interface Arguments {
  readonly signature: Signature;
  readonly leaves: readonly ArgumentLeaf[];
  /** The kind of each leaf, in words: shapes, dtypes and what is static. */
  readonly kindOf: readonly string[];
  readonly tensors: readonly Tensor[];
  /** Keys and numbers. */
  readonly host: readonly unknown[];
  /** The leaf of each tensor, and of each key or number; -1 for keys that are arguments. */
  readonly tensorLeaves: readonly number[];
  readonly hostLeaves: readonly number[];
  /** Static data that code may change in place, and symbols: first those in leaves. */
  readonly statics: readonly unknown[];
  /** How many of them are in leaves. */
  readonly staticsInLeaves: number;
}

/** What a {@link PRNGKey}, or something else that is data, becomes in the signature. */
class HostPlace {
  readonly kind: string;
  constructor(kind: string) {
    this.kind = kind;
  }
}

const places = new Map<string, HostPlace>();

/** One object for each kind, since signatures compare objects by identity. */
function placeOf(value: { readonly shape?: readonly number[] }): HostPlace {
  const kind = hostKind(value);
  let place = places.get(kind);
  if (!place) {
    place = new HostPlace(kind);
    places.set(kind, place);
  }
  return place;
}

/** How many parts of a path in a frame of arguments lead to one of these. */
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
  const root = args.map((arg) => withoutHost(arg, contents));
  const walk = new ArgumentWalk(root, contents, frames);
  const { tensors, host, statics } = contents;
  const { signature, leaves, kindOf, tensorLeaves, hostLeaves } = walk;
  return {
    signature,
    leaves,
    kindOf,
    tensors,
    host,
    tensorLeaves,
    hostLeaves,
    statics: statics.concat(walk.statics),
    staticsInLeaves: statics.length,
  };
}

/** An argument with places for the keys in it. */
function withoutHost(arg: unknown, contents: Contents): unknown {
  if (isHostObject(arg)) {
    contents.add(arg);
    return placeOf(arg);
  }
  // States, which have keys in their leaves, are frozen.
  if (!isContainer(arg) || Object.isFrozen(arg) || !hasHostObject(arg)) return arg;
  return mapItems(arg, (item) => withoutHost(item, contents));
}

function hasHostObject(container: object): boolean {
  for (const each of nested(container, (x) => isContainer(x) && !Object.isFrozen(x)))
    if (isHostObject(each)) return true;
  return false;
}

/** The path of a leaf, below `arguments`. */
export const pathOfLeaf = (leaf: Place): Path => pathOf(leaf).slice(1);

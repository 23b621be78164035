/**
 * @file Whether arguments are those of an earlier call, but for values. A look at each object is
 * quicker than a walk that makes a definition and compares it.
 */
import { containerKind, entriesOf, isContainer, itemsOf } from "../data/containers.ts";
import { isOpen } from "../data/kept-data.ts";
import { isGraphState } from "../graph/graph-state.ts";
import type { Frame } from "../graph/frame.ts";
import { framesOf } from "../graph/iterate.ts";
import { childAt, GraphNode } from "../graph/node.ts";
import type { PathPart } from "../path.ts";
import { isLeaf } from "../state/state.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { unread } from "../variable/observer.ts";
import { glance } from "../variable/unseen.ts";
import { Variable } from "../variable/variable.ts";
import { type Arguments, pathOfLeaf } from "./arguments.ts";
import { Contents, tensorKind } from "./contents.ts";
import { hostKind, isHostObject } from "./host-data.ts";

/** An object and what it had under its keys. */
interface Seen {
  readonly owner: object;
  readonly keys: readonly PathPart[];
  readonly values: readonly unknown[];
}

/** What an argument, or an item of a container, must be. */
type Expected =
  | { readonly kind: "same"; readonly value: unknown }
  | { readonly kind: "tensor" }
  | { readonly kind: "host"; readonly hostKind: string }
  | {
      readonly kind: "container";
      readonly container: ReturnType<typeof containerKind>;
      readonly keys: readonly unknown[];
      readonly items: readonly Expected[];
    };

/** Where the value of a leaf is read, and what it must be. */
interface LeafSeen {
  readonly variable: Variable | undefined;
  readonly metadata: object | undefined;
  readonly path: readonly PathPart[];
  readonly kind: string;
  /** Shape and dtype, if it is a tensor. */
  readonly tensor: Tensor["shape"] | undefined;
  readonly dtype: string;
}

const readRaw = (variable: Variable): unknown => variable.getRawValue();

/** Whether an owner has the keys that it had, in their order: functions may go through its items. */
function hasKeys(owner: object, keys: readonly unknown[]): boolean {
  if (Array.isArray(owner)) return owner.length === keys.length;
  if (owner instanceof Map) {
    if (owner.size !== keys.length) return false;
    let next = 0;
    for (const key of owner.keys()) if (!Object.is(key, keys[next++])) return false;
    return true;
  }
  const own = Object.keys(owner);
  if (own.length !== keys.length) return false;
  for (let i = 0; i < own.length; i++) if (own[i] !== keys[i]) return false;
  return true;
}

/** What a call got, to compare later calls with. */
export class Footprint {
  private readonly given: Arguments;
  private readonly expected: readonly Expected[];
  private readonly seen: readonly Seen[];
  private readonly leaves: readonly LeafSeen[];
  private readonly argumentHosts: number;

  private constructor(args: readonly unknown[], given: Arguments, frames: readonly Frame[]) {
    this.given = given;
    this.expected = args.map(expectedOf);
    const metadata = given.leaves.flatMap(({ value }) =>
      value instanceof Variable ? Object.values(value.metadata).filter(isOpen) : [],
    );
    this.seen = seenFrom([...frames.map(({ value }) => value), ...metadata]);
    // Of the tensors that the call got: its Variables have what it wrote by now.
    const first = new Map<number, Tensor>();
    given.tensors.forEach((tensor, k) => {
      const leaf = given.tensorLeaves[k] as number;
      if (!first.has(leaf)) first.set(leaf, tensor);
    });
    this.leaves = given.leaves.map((leaf, i) => {
      const { value } = leaf;
      const variable = value instanceof Variable ? value : undefined;
      const kind = given.kindOf[i] as string;
      const tensor = first.get(i);
      const isWhole = tensor !== undefined && tensorKind(tensor) === kind;
      return {
        variable,
        metadata: variable?.metadata,
        path: pathOfLeaf(leaf),
        kind,
        tensor: isWhole ? tensor.shape.slice() : undefined,
        dtype: isWhole ? tensor.dtype : "",
      };
    });
    this.argumentHosts = given.leaves[0]?.firstHost ?? given.host.length;
  }

  /** The footprint of a call; none where later calls could not be compared with it. */
  static of(args: readonly unknown[], given: Arguments): Footprint | undefined {
    const roots: object[] = [];
    if (given.staticsInLeaves > 0 || !args.every((arg) => isSimple(arg, roots))) return undefined;
    const frames = roots.flatMap((root) => framesOf(root));
    return hasMapsOrStates(frames) ? undefined : new Footprint(args, given, frames);
  }

  /** The arguments taken apart, if they are those of the footprint but for values. */
  match(args: readonly unknown[]): Arguments | undefined {
    if (args.length !== this.expected.length) return undefined;
    const contents = new Contents();
    for (let i = 0; i < args.length; i++)
      if (!fits(args[i], this.expected[i] as Expected, contents)) return undefined;
    if (contents.host.length !== this.argumentHosts) return undefined;
    for (const { owner, keys, values } of this.seen) {
      if (!hasKeys(owner, keys)) return undefined;
      for (let i = 0; i < keys.length; i++) {
        const value = childAt(owner, keys[i] as PathPart);
        // A tensor without a Variable is a leaf, which comes next.
        if (!Object.is(value, values[i]) && !(isTensor(value) && isTensor(values[i]))) return undefined;
      }
    }
    if (!unread(() => this.readLeaves(args, contents))) return undefined;
    return { ...this.given, tensors: contents.tensors, host: contents.host };
  }

  private readLeaves(args: readonly unknown[], contents: Contents): boolean {
    for (const { variable, metadata, path, kind, tensor, dtype } of this.leaves) {
      let value: unknown = args;
      if (variable) {
        if (variable.isDisposed || variable.metadata !== metadata) return false;
        value = glance(variable, readRaw);
      } else for (const key of path) value = childAt(value as object, key);
      if (!tensor) {
        if (contents.add(value) !== kind) return false;
        continue;
      }
      if (!isTensor(value) || value.dtype !== dtype || value.shape.length !== tensor.length) return false;
      for (let i = 0; i < tensor.length; i++) if (value.shape[i] !== tensor[i]) return false;
      contents.tensors.push(value);
    }
    return true;
  }
}

/** Containers within containers that a footprint has at most: some contain themselves. */
const mostDepth = 50;

/**
 * Whether an argument is one that a footprint can describe.
 * @param roots - Gets the nodes and Variables in it.
 */
function isSimple(arg: unknown, roots: object[], depth = 0): boolean {
  if (typeof arg !== "object" || arg === null || isTensor(arg) || isHostObject(arg)) return true;
  if (arg instanceof GraphNode || arg instanceof Variable) {
    roots.push(arg);
    return true;
  }
  if (isLeaf(arg) || isGraphState(arg) || arg instanceof Map || Object.isFrozen(arg)) return false;
  return (
    depth < mostDepth &&
    isContainer(arg) &&
    Array.from(itemsOf(arg)).every((item) => isSimple(item, roots, depth + 1))
  );
}

/** Modules that keep States, or tensors in Maps, are rare: these are walked each time. */
const hasMapsOrStates = (frames: readonly Frame[]): boolean =>
  frames.some(
    ({ value }) =>
      (value instanceof Map && Array.from(itemsOf(value)).some(isTensor)) ||
      (isContainer(value) && Array.from(itemsOf(value)).some((item) => isLeaf(item) && !isTensor(item))),
  );

function expectedOf(arg: unknown): Expected {
  if (isTensor(arg)) return { kind: "tensor" };
  if (isHostObject(arg)) return { kind: "host", hostKind: hostKind(arg) };
  if (isContainer(arg)) {
    const entries = entriesOf(arg);
    return {
      kind: "container",
      container: containerKind(arg),
      keys: entries.map(([key]) => key),
      items: entries.map(([, item]) => expectedOf(item)),
    };
  }
  return { kind: "same", value: arg };
}

function fits(arg: unknown, expected: Expected, contents: Contents): boolean {
  switch (expected.kind) {
    case "same":
      return Object.is(arg, expected.value);
    case "tensor":
      // Its shape is compared as a leaf.
      return isTensor(arg);
    case "host":
      return isHostObject(arg) && contents.add(arg) === expected.hostKind;
    case "container": {
      const { container, keys, items } = expected;
      if (containerKind(arg) !== container || Object.isFrozen(arg) || !hasKeys(arg as object, keys))
        return false;
      return items.every((item, i) =>
        fits(childAt(arg as object, (container === "array" ? i : keys[i]) as PathPart), item, contents),
      );
    }
    default:
      return expected satisfies never;
  }
}

/** Every object that may change: the owners, and containers and instances in them, static ones too. */
function seenFrom(owners: readonly object[]): Seen[] {
  const found = new Set(owners);
  const seen: Seen[] = [];
  // The loop adds owners: the graph does not walk into containers of static data.
  for (const owner of found) {
    const keys = keysIn(owner);
    const values = keys.map((key) => childAt(owner, key));
    seen.push({ owner, keys, values });
    for (const value of values) if (isOpen(value)) found.add(value);
  }
  return seen;
}

const keysIn = (owner: object): readonly PathPart[] =>
  Array.isArray(owner)
    ? Array.from(owner.keys())
    : owner instanceof Map
      ? ([...owner.keys()] as PathPart[])
      : Object.keys(owner);

/**
 * @file One walk over the arguments of a call, which finds all that a recording asks of them. A
 * definition, as `split` makes it, would say as much as the signature here, and take twice the time.
 */
import { containerKind } from "../data/containers.ts";
import { equalData } from "../data/equal-data.ts";
import type { Frame } from "../graph/frame.ts";
import { sameRecipe } from "../graph/registry.ts";
import { Walk } from "../graph/walk.ts";
import { Bounds, graphAdvice } from "../state/bounds.ts";
import { isStateLike } from "../state/check-state.ts";
import { leafValue, type StateLeaf } from "../state/state.ts";
import { unread } from "../variable/observer.ts";
import { isVariableState, type Metadata } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import type { ArgumentLeaf } from "./arguments.ts";
import { type Contents, orderOf } from "./contents.ts";

/**
 * What arguments are but for the values of their leaves: a flat list of what the walk met, in its order.
 * Before nodes, Variables, containers and leaves stands what tells them from static data.
 */
export type Signature = readonly unknown[];

/** Before the class of a node or Variable. Symbols, since nobody else has these. */
const classNext = Symbol("class");
const containerNext = Symbol("container");
const metAgain = Symbol("met again");
/** In the place of the class, where a leaf is no Variable's. */
const bare = Symbol("bare");

/** The value of a leaf as it is stored. */
export const storedValue = (leaf: Variable | StateLeaf): unknown =>
  leaf instanceof Variable ? unread(() => leaf.getRawValue()) : leafValue(leaf);

/** Whether two signatures have the same classes, keys, sharing, static data, metadata and kinds of leaves. */
export function sameSignature(a: Signature, b: Signature): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i], b[i]];
    if (Object.is(x, y)) continue;
    // A class is another one, whatever made it.
    if (a[i - 1] === classNext || !equalData(x, y, sameRecipe)) return false;
  }
  return true;
}

/** The keys of a container in their order; nothing where it is the sorted one, which a frame has. */
function otherOrderOf({ value, keys }: Frame): string {
  if (Array.isArray(value)) return "";
  if (value instanceof Map) return orderOf(value);
  let i = 0;
  for (const key in value) if (key !== String(keys[i++])) return orderOf(value);
  return "";
}

export class ArgumentWalk {
  readonly signature: unknown[] = [];
  readonly leaves: ArgumentLeaf[] = [];
  readonly kindOf: string[] = [];
  readonly tensorLeaves: number[] = [];
  readonly hostLeaves: number[] = [];
  /** Static data and metadata that code may change in place. */
  readonly statics: unknown[] = [];
  private readonly contents: Contents;
  private readonly frames: Frame[] | undefined;
  private readonly walk: Walk;
  /** The numbers of the nodes and Variables that the walk has met. */
  private readonly met = new Map<object, number>();
  /** Records that are known not to be States. */
  private readonly others = new Set<object>();
  /** How many parts of a State the walk is in. */
  private inState = 0;

  /**
   * @param contents - Gets what the values of leaves are made of.
   * @param frames - Gets the nodes and containers in the arguments, children before parents.
   */
  constructor(args: readonly unknown[], contents: Contents, frames: Frame[] | undefined) {
    this.contents = contents;
    this.frames = frames;
    // Keys that are arguments have no leaf.
    for (let i = 0; i < contents.host.length; i++) this.hostLeaves.push(-1);
    const walk = new Walk({ args }, { bounds: new Bounds("graph", graphAdvice) });
    this.walk = walk;
    while (walk.next()) this.look(walk.value);
  }

  private look(value: unknown): void {
    const { signature } = this;
    switch (this.walk.kind) {
      case "static":
        signature.push(value);
        if (typeof value === "object" && value !== null) this.statics.push(value);
        break;
      case "variable": {
        if (this.hasMet(value as object)) break;
        const { type, metadata } = value as Variable;
        this.addLeaf(value as Variable, type, metadata);
        break;
      }
      case "node":
        if (this.hasMet(value as object)) break;
        signature.push(classNext, classOf(value as object), this.walk.enter().keys);
        break;
      case "leaf":
        if (isVariableState(value)) this.addLeaf(value, value.type, value.metadata);
        else this.addLeaf(value as StateLeaf, bare, undefined);
        break;
      case "container":
        this.enterContainer(value as object);
        break;
      case "left":
        this.leave(this.walk.left as Frame);
        break;
      default:
        this.walk.kind satisfies never;
    }
  }

  private hasMet(value: object): boolean {
    const { met, signature } = this;
    const known = met.get(value);
    if (known === undefined) met.set(value, met.size);
    else signature.push(metAgain, known);
    return known !== undefined;
  }

  private enterContainer(container: object): void {
    const isState = this.inState > 0 || isStateLike(container, this.others);
    if (isState) this.inState++;
    const frame = this.walk.enter();
    const kind = isState ? "state" : containerKind(container);
    this.signature.push(containerNext, kind, frame.keys, otherOrderOf(frame));
  }

  private leave(frame: Frame): void {
    if (this.inState > 0) this.inState--;
    // The list of the arguments is nobody's.
    if (this.frames && frame.parent?.parent) this.frames.push(frame);
  }

  private addLeaf(value: Variable | StateLeaf, type: unknown, metadata: Metadata | undefined): void {
    const { contents, leaves, tensorLeaves, hostLeaves, statics, walk } = this;
    const firstHost = contents.host.length;
    const kind = contents.add(storedValue(value));
    this.kindOf.push(kind);
    let keyCount = 0;
    for (const key in metadata) {
      keyCount++;
      const each = metadata[key];
      if (typeof each === "object" && each !== null) statics.push(each);
    }
    // Functions may go through metadata, too.
    const order = metadata && keyCount > 1 ? orderOf(metadata) : "";
    this.signature.push(classNext, type, metadata, order, kind);
    while (tensorLeaves.length < contents.tensors.length) tensorLeaves.push(leaves.length);
    while (hostLeaves.length < contents.host.length) hostLeaves.push(leaves.length);
    const { owner: parent, part, key } = walk;
    // States never change.
    const isWritten = parent && metadata === undefined && this.inState === 0;
    leaves.push({
      value,
      parent,
      part,
      at: isWritten ? { owner: parent.value, key } : undefined,
      firstHost,
      hostCount: contents.host.length - firstHost,
    });
  }
}

/** The class of a node, of its prototype: an attribute may be called `constructor`. */
const classOf = (node: object): unknown =>
  (Object.getPrototypeOf(node) as { readonly constructor: unknown }).constructor;

/** @file Walks over the objects of a model, depth first and without recursion. */
import { isOfAnotherCopy, oneCopyAdvice } from "../data/copies.ts";
import type { Place } from "../data/place.ts";
import { describe, StructureError } from "../errors.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import type { Bounds } from "../state/bounds.ts";
import { type Frame, partIn } from "./frame.ts";
import { type KeyOrder, keysOf } from "./keys.ts";
import { childAt, classify, type Kind } from "./node.ts";

/** Options of a {@link Walk}. */
export interface WalkOptions {
  /**
   * Limits for walks that may enter a container more than once. A cycle would keep such a walk from
   * ending.
   */
  readonly bounds?: Bounds;
  /** @defaultValue "sorted" */
  readonly order?: KeyOrder | undefined;
}

/**
 * The values that {@link Walk.nextOnce} shows. "nodes" are nodes and containers; "parts" adds
 * Variables; "all" adds arrays, leaves and static values at each of their places.
 */
export type Shown = "nodes" | "parts" | "all";

/**
 * Each call of {@link next} goes to the next value and shows it in the fields. Nodes and containers
 * are entered only by calls of {@link enter}. So the caller decides which objects are visited once,
 * and may change those that were visited.
 */
export class Walk {
  /** The current value. */
  value: unknown;
  /**
   * The kind of `value`. A node or container that was entered comes again as "left", after its
   * contents.
   */
  kind: Kind | "left" = "static";
  /** The node or container that has `value`; undefined for the root. */
  owner: Frame | undefined;
  /** The key of `value` in its owner. A key of a Map may have another form in paths. */
  key: PathPart = "";
  /** The node or container that was left, when `kind` is "left". */
  left: Frame | undefined;

  private readonly bounds: Bounds | undefined;
  private readonly order: KeyOrder | undefined;
  private readonly holding = new Set<object>();
  /**
   * The parts of the owner's path. Copies of it are faster than asking each frame for its parents.
   */
  private readonly open: PathPart[] = [];
  private frame: Frame | undefined;
  private isStarted = false;
  /** The values that {@link nextOnce} has met. */
  private readonly seen = new Set<unknown>();
  /** Returns the path for errors. One closure serves all nodes, since most need none. */
  private readonly here = (): Path => this.path();

  constructor(root: unknown, { bounds, order }: WalkOptions = {}) {
    this.value = root;
    this.bounds = bounds;
    this.order = order;
  }

  /** Goes to the next value. @returns whether there was one. */
  next(): boolean {
    const { frame } = this;
    if (frame === undefined) return this.start();
    const key = frame.keys[frame.next++];
    if (key === undefined) return this.leave(frame);
    const value = childAt(frame.value, key);
    this.owner = frame;
    this.key = key;
    this.value = value;
    this.look();
    return true;
  }

  /**
   * As {@link next}, but enters every node and container itself. Each is shown once, when it is
   * left.
   */
  nextOnce(shown: Shown = "parts"): boolean {
    const { seen } = this;
    while (this.next()) {
      const { kind, value } = this;
      if (kind === "left") return true;
      if (kind === "static" || kind === "leaf") {
        if (shown === "all") return true;
      } else if ((kind !== "variable" || shown !== "nodes") && !seen.has(value)) {
        seen.add(value);
        if (kind === "variable") return true;
        this.enter();
      }
    }
    return false;
  }

  /**
   * Enters the current node or container: its contents come next.
   * @returns the frame of the node or container.
   */
  enter(): Frame {
    const value = this.value as object;
    const kind = this.kind as Frame["kind"];
    const { owner, key, part } = this;
    if (kind === "container") this.bounds?.enter(value, this.here);
    const keys = keysOf(value, this.here, this.order);
    if (owner) this.open.push(part);
    this.frame = { value, kind, keys, parent: owner, key, part, next: 0 };
    return this.frame;
  }

  /** The form of `key` in paths. */
  get part(): PathPart {
    return this.owner ? partIn(this.owner.value, this.key) : this.key;
  }

  /** The path of the current value. */
  path(): Path {
    const path = this.open.slice();
    if (this.owner) path.push(this.part);
    return path;
  }

  /** The place of the current value, from which its path can be made later. */
  place(): Place {
    return { parent: this.owner, part: this.part };
  }

  private start(): boolean {
    if (this.isStarted) return false;
    this.isStarted = true;
    this.look();
    return true;
  }

  /** @throws StructureError for a part of a model that another copy of this package made. */
  private look(): void {
    const { value } = this;
    this.kind = classify(value, this.holding);
    if (this.kind !== "static" || typeof value !== "object" || value === null || !isOfAnotherCopy(value))
      return;
    throw new StructureError(
      `${formatPath(this.path())}: expected a part of a model of this copy of nnxjs, got ${describe(value)}. ${oneCopyAdvice}`,
    );
  }

  private leave(frame: Frame): true {
    if (frame.kind === "container") this.bounds?.leave(frame.value);
    this.open.pop();
    this.frame = frame.parent;
    this.owner = frame.parent;
    this.key = frame.key;
    this.value = frame.value;
    this.kind = "left";
    this.left = frame;
    return true;
  }
}

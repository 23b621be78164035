/**
 * @file The one walk over the objects of a model: depth first, without recursion.
 */
import type { Place } from "../data/place.ts";
import type { Path, PathPart } from "../path.ts";
import type { Bounds } from "../state/bounds.ts";
import { type Frame, partIn } from "./frame.ts";
import { type KeyOrder, keysOf } from "./keys.ts";
import { childAt, classify, type Kind } from "./node.ts";

/** How a {@link Walk} goes. */
export interface WalkOptions {
  /** For walks that may enter a container more than once, which cycles would keep from ending. */
  readonly bounds?: Bounds;
  /** @defaultValue "sorted" */
  readonly order?: KeyOrder | undefined;
}

/**
 * What {@link Walk.nextOnce} shows: nodes and containers; these and Variables; or also arrays and
 * static values, wherever they are.
 */
export type Shown = "nodes" | "parts" | "all";

/**
 * Goes from one thing to the next each time {@link next} is called, and shows it in its fields. It
 * goes into nodes and containers only where {@link enter} is called, so whoever walks decides what
 * is visited once, and may write what was met already.
 */
export class Walk {
  /** What was met. */
  value: unknown;
  /** What `value` is; "left" for a node or container again, after everything in it. */
  kind: Kind | "left" = "static";
  /** What has `value`; nothing has the root. */
  owner: Frame | undefined;
  /** The owner's own key of `value`: a Map's keys may be called otherwise in paths. */
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
  /** What {@link nextOnce} came by. */
  private readonly seen = new Set<unknown>();
  /** For errors; one function, since most nodes raise none. */
  private readonly here = (): Path => this.path();

  constructor(root: unknown, { bounds, order }: WalkOptions = {}) {
    this.value = root;
    this.bounds = bounds;
    this.order = order;
  }

  /** Goes on. @returns whether there was anything left. */
  next(): boolean {
    const { frame } = this;
    if (frame === undefined) return this.start();
    const key = frame.keys[frame.next++];
    if (key === undefined) return this.leave(frame);
    const value = childAt(frame.value, key);
    this.owner = frame;
    this.key = key;
    this.value = value;
    this.kind = classify(value, this.holding);
    return true;
  }

  /**
   * As {@link next}, but goes into every node and container by itself: each is shown once, when it
   * is left.
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
   * Goes into the node or container that was met: what is in it comes next.
   * @returns where the walk is then.
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

  /** What `key` is called in paths. */
  get part(): PathPart {
    return this.owner ? partIn(this.owner.value, this.key) : this.key;
  }

  /** The path of what was met. */
  path(): Path {
    const path = this.open.slice();
    if (this.owner) path.push(this.part);
    return path;
  }

  /** Where `value` is, for those who ask later. */
  place(): Place {
    return { parent: this.owner, part: this.part };
  }

  private start(): boolean {
    if (this.isStarted) return false;
    this.isStarted = true;
    this.kind = classify(this.value, this.holding);
    return true;
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

/**
 * @file The sessions that are open now: who wants to know what a model tells while it runs. They
 * are kept beside the modules, never on them.
 */
import { BaseModule } from "../graph/base-module.ts";
import { pathOf } from "../data/place.ts";
import type { Frame } from "../graph/frame.ts";
import type { Path } from "../path.ts";
import type { VariableType } from "../variable/variable-state.ts";

/** How several values under one name become one. */
export interface Reduction {
  readonly reduceFn: (previous: unknown, value: unknown) => unknown;
  readonly initFn: () => unknown;
}

/** One element for each call, in order: what `sow` does where nothing else is asked for. */
export const collecting: Reduction = {
  reduceFn: (previous, value) => [...(previous as readonly unknown[]), value],
  initFn: () => [],
};

/** The ways in which a model tells a value. */
export const kinds = ["sown", "perturbed", "outputs"] as const;
export type Kind = (typeof kinds)[number];

/** One value that a module tells. */
export interface Told {
  readonly kind: Kind;
  readonly module: object;
  readonly type: VariableType;
  readonly name: string;
  readonly reduction: Reduction;
  /** A session may replace it, unless it was sown: the run goes on with what is here in the end. */
  value: unknown;
}

/** A run that is watched. */
export interface Session {
  /** It hears of these modules only. */
  readonly modules: CapturedModules;
  /** The type as which the results of methods are told; they are not told where it is missing. */
  readonly outputs?: VariableType | undefined;
  /** Takes a value, or leaves it: says whether it took it. */
  record(told: Told): boolean;
}

/** The innermost session is last. */
const open: Session[] = [];

/** Whether any session is open: the first thing to ask, since most runs have none. */
export const isCapturing = (): boolean => open.length > 0;

/** The open sessions, innermost first. */
export const sessions = (): Session[] => [...open].reverse();

/** Runs `f` with a session open, and closes it however `f` ends. */
export function whileOpen<R>(session: Session, f: () => R): R {
  open.push(session);
  try {
    return f();
  } finally {
    open.splice(open.lastIndexOf(session), 1);
  }
}

/**
 * The modules of a captured model: they know their paths. The root is one of them even where it is
 * a container.
 */
export class CapturedModules {
  readonly root: object;
  /** All nodes and containers, children before parents, the root last. */
  readonly frames: readonly Frame[];
  private readonly byModule = new Map<object, Frame>();

  constructor(root: object, frames: readonly Frame[]) {
    this.root = root;
    this.frames = frames;
    for (const frame of frames)
      if (frame.value instanceof BaseModule || frame.value === root) this.byModule.set(frame.value, frame);
  }

  has(module: object): boolean {
    return this.byModule.has(module);
  }

  /** The module's first path; of a module that is not one of them, the root's. */
  pathOf(module: object): Path {
    const frame = this.byModule.get(module);
    return frame ? pathOf(frame) : [];
  }

  /** The modules, in the order of {@link frames}. */
  [Symbol.iterator](): Iterator<object> {
    return this.byModule.keys();
  }
}

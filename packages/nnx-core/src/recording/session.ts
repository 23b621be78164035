/** @file The captures that are open now, and who is running: beside the modules, never on them. */
import { type Frame, pathOf } from "../graph/frame.ts";
import { BaseModule } from "../graph/base-module.ts";
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

/** What a capture does with what modules show it. Modules that it does not know are none of its business. */
export interface Session {
  /** The modules that the capture knows. */
  readonly modules: CapturedModules;
  /** Takes a value; says whether it was wanted. */
  sow(module: object, type: VariableType, name: string, value: unknown, reduction: Reduction): boolean;
  /** Gives the value to go on with. */
  perturb(module: object, type: VariableType, name: string, value: unknown): unknown;
  /** Sees what a method returned and gives the value to return. */
  output(module: object, name: string, value: unknown): unknown;
}

/** A session that only sees who is running. */
export const onlooker = (modules: CapturedModules): Session => ({
  modules,
  sow: () => false,
  perturb: (_module, _type, _name, value) => value,
  output: (_module, _name, value) => value,
});

/** The innermost capture is last. */
const openSessions: Session[] = [];

/** The captured modules whose methods are running, the innermost last; before them the root of each capture. */
const running: object[] = [];

/** Whether any capture is open: the first thing to ask, since most runs have none. */
export const isCapturing = (): boolean => openSessions.length > 0;

/** The open captures, innermost first. */
export const sessions = (): Session[] => [...openSessions].reverse();

/** Of the modules whose methods are running the innermost that a capture knows, or its root. */
export function runningIn(known: CapturedModules): object | undefined {
  for (let i = running.length - 1; i >= 0; i--) {
    if (known.has(running[i] as object)) return running[i];
  }
  return undefined;
}

/** Runs `f` with a capture open, and closes it however `f` ends. */
export function whileOpen<R>(session: Session, f: () => R): R {
  const { root } = session.modules;
  openSessions.push(session);
  enterModule(root);
  try {
    return f();
  } catch (error) {
    noteThrower(error, root);
    throw error;
  } finally {
    leaveModule();
    openSessions.splice(openSessions.lastIndexOf(session), 1);
  }
}

/** Whose method threw each error: the innermost one's. */
const throwers = new WeakMap<object, object>();

/** The module whose method threw this error while it was watched. */
export const throwerOf = (error: object): object | undefined => throwers.get(error);

/** Notes whose method threw an error, unless that is known: the innermost one notes it first. */
export function noteThrower(error: unknown, module: object): void {
  if (error instanceof Error && !throwers.has(error)) throwers.set(error, module);
}

/** A method of `module` begins to run. */
export function enterModule(module: object): void {
  running.push(module);
}

/** The method that began last has ended. */
export function leaveModule(): void {
  running.pop();
}

/** The modules of a capture: they know their paths. The root is one of them even where it is a container. */
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

  pathOf(module: object): Path | undefined {
    const frame = this.byModule.get(module);
    return frame && pathOf(frame);
  }

  /** The modules, in the order of {@link frames}. */
  [Symbol.iterator](): Iterator<object> {
    return this.byModule.keys();
  }
}

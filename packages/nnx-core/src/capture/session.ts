/** @file The captures that are open now, and who is running: beside the modules, never on them. */
import type { Path } from "../path.ts";
import type { VariableType } from "../variable/variable-state.ts";

/** How several values under one name become one. */
export interface Reduction {
  readonly reduceFn: (previous: unknown, value: unknown) => unknown;
  readonly initFn: () => unknown;
}

/** What a capture does with what modules show it. Modules that it does not know are none of its business. */
export interface Session {
  /** Where the capture has a module; `undefined` for those that it does not know. */
  pathOf(module: object): Path | undefined;
  /** Takes a value; says whether it was wanted. */
  sow(module: object, type: VariableType, name: string, value: unknown, reduction: Reduction): boolean;
  /** Gives the value to go on with. */
  perturb(module: object, type: VariableType, name: string, value: unknown): unknown;
  /** Sees what a method returned and gives the value to return. */
  output(module: object, name: string, value: unknown): unknown;
}

/** A session that only sees who is running. */
export const onlooker: Session = {
  pathOf: () => undefined,
  sow: () => false,
  perturb: (_module, _type, _name, value) => value,
  output: (_module, _name, value) => value,
};

/** The innermost capture is last. */
const openSessions: Session[] = [];

/** The captured modules whose methods are running, the innermost last; before them the root of each capture. */
const running: object[] = [];

/** Whether any capture is open: the first thing to ask, since most runs have none. */
export const isCapturing = (): boolean => openSessions.length > 0;

/** The open captures, innermost first. */
export const sessions = (): Session[] => [...openSessions].reverse();

/** The module whose method is running, or the root of the innermost capture. */
export const runningModule = (): object | undefined => running.at(-1);

/** Of the modules whose methods are running the innermost that a capture knows, or its root. */
export function runningIn(known: Pick<Session, "pathOf">): object | undefined {
  for (let i = running.length - 1; i >= 0; i--) {
    if (known.pathOf(running[i] as object)) return running[i];
  }
  return undefined;
}

/** Runs `f` with a capture of `root` open, and closes it however `f` ends. */
export function whileOpen<R>(session: Session, root: object, f: () => R): R {
  openSessions.push(session);
  try {
    return whileRunning(root, f);
  } finally {
    openSessions.splice(openSessions.lastIndexOf(session), 1);
  }
}

/** Whose method threw each error: the innermost one's. */
const throwers = new WeakMap<object, object>();

/** The module whose method threw this error while it was captured. */
export const throwerOf = (error: object): object | undefined => throwers.get(error);

/** Runs `f` as a method of `module`. */
export function whileRunning<R>(module: object, f: () => R): R {
  const depth = running.push(module);
  try {
    return f();
  } catch (error) {
    if (error instanceof Error && !throwers.has(error)) throwers.set(error, module);
    throw error;
  } finally {
    running.length = depth - 1;
  }
}

/** The modules of a capture with their paths. The root is one of them even where it is a container. */
export class CapturedModules {
  private readonly paths: ReadonlyMap<object, Path>;

  constructor(root: object, modules: Iterable<readonly [Path, object]>) {
    this.paths = new Map([...[...modules].map(([path, module]) => [module, path] as const), [root, []]]);
  }

  pathOf(module: object): Path | undefined {
    return this.paths.get(module);
  }

  [Symbol.iterator](): Iterator<[module: object, path: Path]> {
    return this.paths.entries();
  }
}

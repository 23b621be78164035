/**
 * @file Which module's method runs now, ran when an error was thrown, and ran when an op was
 * recorded.
 */
import { pathOf } from "../data/place.ts";
import { MissingRuleError, NnxError } from "../errors.ts";
import { BaseModule } from "../graph/base-module.ts";
import type { Frame } from "../graph/frame.ts";
import { formatPath, type Path } from "../path.ts";
import { type TapeNode, tapeEngine } from "../tensor.ts";

/** The modules of a run, with their paths. */
export class Modules {
  /** All nodes and containers, children before parents. */
  readonly frames: readonly Frame[];
  /** The model that is captured. It is one of the modules, even where it is a container. */
  readonly root: object | undefined;
  private readonly frameOf = new Map<object, Frame>();

  constructor(frames: readonly Frame[], root?: object) {
    this.frames = frames;
    this.root = root;
    for (const frame of frames) {
      const { value } = frame;
      if (!(value instanceof BaseModule) && value !== root) continue;
      // Arguments may share a module: its first path counts.
      if (!this.frameOf.has(value)) this.frameOf.set(value, frame);
    }
  }

  has(module: object): boolean {
    return this.frameOf.has(module);
  }

  /** The module's first path; of a module that is not one of these, the root's. */
  pathOf(module: object): Path {
    const frame = this.frameOf.get(module);
    return frame ? pathOf(frame) : [];
  }

  /** The modules, children before parents. */
  [Symbol.iterator](): Iterator<object> {
    return this.frameOf.keys();
  }
}

/** A module whose method runs, and what ran when the method was called. */
export interface Running {
  readonly module: object;
  readonly caller: Running | undefined;
}

let now: Running | undefined;

/** The innermost running module that is one of `modules`. */
export function runningIn(modules: Modules, from: Running | undefined = now): object | undefined {
  for (let at = from; at; at = at.caller) if (modules.has(at.module)) return at.module;
  return undefined;
}

/**
 * A method of `module` begins.
 * @returns what to {@link resume} when the method ends.
 */
export function enter(module: object): Running | undefined {
  const caller = now;
  resume({ module, caller });
  return caller;
}

/** From now on `running` is running. */
export function resume(running: Running | undefined): void {
  now = running;
  const { activeTape: tape } = tapeEngine().state;
  if (tape) marks.push({ tape, start: tape.length, running });
}

/** From op number `start` of a tape on, `running` was running. */
interface Mark {
  readonly tape: readonly TapeNode[];
  readonly start: number;
  readonly running: Running | undefined;
}

/** In the order of time. */
const marks: Mark[] = [];

/** What ran when an op was recorded, if that was in a run that still lasts. */
export function runningAt(op: TapeNode): Running | undefined {
  for (const tape of new Set(marks.map((mark) => mark.tape))) {
    const index = tape.indexOf(op);
    if (index < 0) continue;
    return marks.filter((mark) => mark.tape === tape && mark.start <= index).at(-1)?.running;
  }
  return undefined;
}

/** What ran when each error was thrown, or when the op that it is about was called. */
const originOf = new WeakMap<Error, Running | undefined>();

/** Notes what ran when an error was thrown. The innermost method sees the error first. */
export function noteOrigin(error: unknown, origin: Running | undefined = now): void {
  if (error instanceof Error && !originOf.has(error)) originOf.set(error, origin);
}

/**
 * A run begins, in which the root runs where no method does.
 * @returns how to end it.
 */
export function beginRun({ root }: Modules): () => void {
  const isInTape = tapeEngine().state.activeTape !== null;
  const count = marks.length;
  const caller = root ? enter(root) : now;
  return () => {
    resume(caller);
    // A run around this one that records may still ask which module called an op.
    if (!isInTape) marks.length = count;
  };
}

const placed = new WeakSet<NnxError>();

/**
 * Adds to an error of the library in which module it was thrown, once: layers do not know their
 * path.
 */
export function sayWhere(error: unknown, modules: Modules): void {
  if (!(error instanceof NnxError) || placed.has(error)) return;
  const module = runningIn(modules, originOf.get(error));
  if (module === undefined || module === modules.root) return;
  const path = modules.pathOf(module);
  if (error instanceof MissingRuleError)
    error.message = new MissingRuleError(error.op, `, called in ${formatPath(path)}`).message;
  else if (path.length > 0) error.message += ` The module is at ${formatPath(path)}.`;
  else return;
  placed.add(error);
}

/**
 * @file Which module's method is running: now, when an error was thrown, and when an op was
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
  /** The captured model. It counts as one of the modules, even if it is a container. */
  readonly root: object | undefined;
  private readonly frameOf = new Map<object, Frame>();
  private readonly above: number;

  /** @param above - How many of the first parts of each path lead to the arguments. */
  constructor(frames: readonly Frame[], root?: object, above = 0) {
    this.frames = frames;
    this.root = root;
    this.above = above;
    for (const frame of frames) {
      const { value } = frame;
      if (!(value instanceof BaseModule) && value !== root) continue;
      // A module that two arguments share has the path of the first one.
      if (!this.frameOf.has(value)) this.frameOf.set(value, frame);
    }
  }

  has(module: object): boolean {
    return this.frameOf.has(module);
  }

  /** The module's first path; of a module that is not one of these, the root's. */
  pathOf(module: object): Path {
    const frame = this.frameOf.get(module);
    return frame ? pathOf(frame).slice(this.above) : [];
  }

  /** The modules, children before parents. */
  [Symbol.iterator](): Iterator<object> {
    return this.frameOf.keys();
  }
}

/** The innermost running module that is one of `modules`, if there is one. */
export const runningModule = (modules: Modules): object | undefined => runningIn(modules, now);

/** A module whose method is running, and the one whose method called it. */
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
 * Notes that a method of `module` begins.
 * @returns what was running until now: {@link resume} it when the method ends.
 */
export function enter(module: object): Running | undefined {
  const caller = now;
  resume({ module, caller });
  return caller;
}

/** Notes what is running from now on. */
export function resume(running: Running | undefined): void {
  now = running;
  const { activeTape: tape } = tapeEngine().state;
  if (tape) marks.push({ tape, start: tape.length, running });
}

/** What was running when op number `start` of a tape, and the ops after it, were recorded. */
interface Mark {
  readonly tape: readonly TapeNode[];
  readonly start: number;
  readonly running: Running | undefined;
}

/** In the order in which they were made. A later mark on the same tape ends an earlier one. */
const marks: Mark[] = [];

/** What was running when an op was recorded, if the run in which that was still lasts. */
export function runningAt(op: TapeNode): Running | undefined {
  for (const tape of new Set(marks.map((mark) => mark.tape))) {
    const index = tape.indexOf(op);
    if (index < 0) continue;
    return marks.filter((mark) => mark.tape === tape && mark.start <= index).at(-1)?.running;
  }
  return undefined;
}

/** For each error, what was running when it was thrown, or when the op it is about was called. */
const originOf = new WeakMap<Error, Running | undefined>();

/** Notes what was running when an error was thrown. The innermost method notes it first. */
export function noteOrigin(error: unknown, origin: Running | undefined = now): void {
  if (error instanceof Error && !originOf.has(error)) originOf.set(error, origin);
}

/**
 * Notes that a run begins. Until a method is called, the root counts as running, if there is one.
 * @returns a function that notes that the run ends.
 */
export function beginRun({ root }: Modules): () => void {
  const isInTape = tapeEngine().state.activeTape !== null;
  const count = marks.length;
  const caller = root ? enter(root) : now;
  return () => {
    resume(caller);
    // Where a run around this one records, its errors may name modules that ran in this one.
    if (!isInTape) marks.length = count;
  };
}

const placed = new WeakSet<NnxError>();

/**
 * Adds the path of the module that threw to an error of the library, once. The module itself does
 * not know its path.
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

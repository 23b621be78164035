/**
 * @file One run of user code that is captured or differentiated: all or nothing, and its errors say
 * where they come from.
 */
import type { Frame } from "../graph/frame.ts";
import { iterGraphNodes } from "../graph/iterate.ts";
import { GraphNode } from "../graph/node.ts";
import { formatPath } from "../path.ts";
import { isTensor } from "../tensor.ts";
import { type AtomicOptions, atomically } from "../undo/atomically.ts";
import { framesOfArgument, type Structure } from "../undo/structure.ts";
import { wrapMethods } from "./methods.ts";
import { beginRun, Modules, noteOrigin, sayWhere } from "./running.ts";
import { openSessions, type Session } from "./session.ts";

/** How user code is run. */
export interface RunOptions extends AtomicOptions {
  /** Hears what the model tells; without one only errors ask which module is running. */
  readonly session?: Session;
}

/**
 * Runs `f`. When it throws, everything that can be reached from the arguments, and every Variable,
 * is as before, and the error names the module.
 * @param f - Gets the attributes of the arguments as they were.
 */
export function runOnce<R>(
  args: readonly unknown[],
  f: (before: Structure) => R,
  options: RunOptions = {},
): R {
  const { session } = options;
  const { frames = [], root } = session?.modules ?? {};
  const others = args.flatMap((each) => (each === root ? [] : framesOfArgument(each)));
  const modules = session?.modules ?? new Modules(others);
  const isWrapped = session !== undefined || !isDeep(others);
  const run = (before: Structure): R => {
    const unwrap = isWrapped ? wrapMethods(modules) : nothing;
    const endRun = beginRun(modules);
    if (session) openSessions.push(session);
    try {
      return f(before);
    } catch (error) {
      for (const each of args) explainBareTensor(error, each);
      noteOrigin(error);
      sayWhere(error, modules);
      throw error;
    } finally {
      if (session) openSessions.pop();
      endRun();
      unwrap();
    }
  };
  return atomically([...frames, ...others], run, options);
}

const nothing = (): void => {};

/**
 * From how many levels on methods are left alone where only errors ask for them: each one's wrapper
 * takes as much of the stack as the method.
 */
const manyLevels = 1000;

/** Whether modules are nested deeper than that. */
function isDeep(frames: readonly Frame[]): boolean {
  if (frames.length < manyLevels) return false;
  const levels = new Map<Frame, number>();
  // Parents come after children.
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i] as Frame;
    const level = frame.parent ? (levels.get(frame.parent) ?? 0) + 1 : 1;
    if (level > manyLevels) return true;
    levels.set(frame, level);
  }
  return false;
}

/**
 * A tensor that was assigned over a Variable has no `value`. Adds to an error of a run that read
 * `undefined` which attribute that is, most likely.
 * @param root - What was run.
 */
function explainBareTensor(error: unknown, root: unknown): void {
  if (!(error instanceof Error) || !/undefined|null/.test(error.message)) return;
  for (const [path, node] of iterGraphNodes(root)) {
    if (!(node instanceof GraphNode)) continue;
    const name = Object.keys(node).find((key) => isTensor(Reflect.get(node, key)));
    if (name === undefined) continue;
    const place = formatPath([...path, name]);
    const text =
      ` ${place} is a tensor without a Variable around it, which has no value. If it was assigned over a Variable, write ` +
      `model.${place}.value = tensor.`;
    if (!error.message.includes(text)) Reflect.set(error, "message", error.message + text);
    return;
  }
}

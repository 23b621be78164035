/**
 * @file One run of user code that is captured or differentiated. If it throws, everything is
 * undone, and the error names the module that threw.
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
  /** Gets what the model tells. */
  readonly session?: Session;
  /** The modules whose methods are followed. @defaultValue the session's, or those of the arguments */
  readonly modules?: Modules;
  /** All nodes and containers of the arguments, where somebody has found them. */
  readonly found?: Modules | undefined;
}

/**
 * Runs `f`. When it throws, everything that can be reached from the arguments, and every Variable,
 * is as before; and the error names the module that threw.
 * @param f - Gets the attributes of the arguments as they were before, and the modules in them.
 */
export function runOnce<R>(
  args: readonly unknown[],
  f: (before: Structure, modules: Modules) => R,
  options: RunOptions = {},
): R {
  const { session, found } = options;
  const given = options.modules ?? session?.modules;
  const { frames = [], root } = given ?? {};
  const others = found?.frames ?? args.flatMap((each) => (each === root ? [] : framesOfArgument(each)));
  const modules = given ?? found ?? new Modules(others);
  const isWrapped = given !== undefined || !isDeep(others);
  const run = (before: Structure): R => {
    const unwrap = isWrapped ? wrapMethods(modules) : nothing;
    const endRun = beginRun(modules);
    if (session) openSessions.push(session);
    try {
      return f(before, modules);
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
 * In deeper models only sessions wrap methods. A wrapper takes as much of the stack as its method,
 * which would halve the depth that a gradient can reach, for the sake of error messages.
 */
const manyLevels = 1000;

/** Whether modules are nested in more than {@link manyLevels} levels. */
function isDeep(frames: readonly Frame[]): boolean {
  if (frames.length < manyLevels) return false;
  const levels = new Map<Frame, number>();
  // From the end, since parents come after children.
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i] as Frame;
    const level = frame.parent ? (levels.get(frame.parent) ?? 0) + 1 : 1;
    if (level > manyLevels) return true;
    levels.set(frame, level);
  }
  return false;
}

/**
 * Explains errors like "cannot read properties of undefined". Their usual cause is a tensor that
 * was assigned over a Variable, since it has no `value`. Adds the path of such a tensor.
 * @param root - An argument of the run.
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

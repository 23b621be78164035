/** @file Runs user code, and undoes its changes when it throws. */
import type { Frame } from "../graph/frame.ts";
import { nodesOf } from "../graph/iterate.ts";
import { observeWrites } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import { Journal } from "./journal.ts";
import { framesOfArgument, Structure } from "./structure.ts";

/** When to undo the changes that a run makes. */
export interface AtomicOptions {
  /** Undo them also when the run does not throw. @defaultValue false */
  readonly alwaysUndo?: boolean;
}

/**
 * Runs `f`. When `f` throws, `atomically` restores every Variable that was written to, wherever it
 * is. It also restores the attributes of the nodes and containers in `frames`.
 * @param frames - Or their attributes.
 * @param f - Gets the attributes as they were.
 */
export function atomically<R>(
  frames: Iterable<Frame> | Structure,
  f: (before: Structure) => R,
  { alwaysUndo = false }: AtomicOptions = {},
): R {
  const before = frames instanceof Structure ? frames : new Structure(frames);
  const journal = new Journal();
  try {
    const result = observeWrites(
      (variable, kind) => journal.note(variable, kind),
      () => f(before),
    );
    if (alwaysUndo) {
      before.restore();
      journal.undo();
    } else journal.forget();
    return result;
  } catch (error) {
    disposeMade(before.restore(), journal);
    journal.undo();
    throw error;
  }
}

/** Like {@link atomically}, for everything below the arguments. */
export const atomicallyOn = <R>(args: readonly unknown[], f: (before: Structure) => R): R =>
  atomically(args.flatMap(framesOfArgument), f);

/** Disposes Variables that the run made and put into a model, since no model has them any more. */
function disposeMade(removed: readonly unknown[], journal: Journal): void {
  for (const each of removed) {
    for (const node of nodesOf(each)) if (node instanceof Variable && journal.isMade(node)) node.dispose();
  }
}

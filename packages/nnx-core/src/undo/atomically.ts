/** @file Runs of user code that leave everything as it was when they throw. */
import type { Frame } from "../graph/frame.ts";
import { nodesOf } from "../graph/iterate.ts";
import { observeWrites } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import { Journal } from "./journal.ts";
import { framesOfArgument, Structure } from "./structure.ts";

/** What happens to the changes that a run makes. */
export interface AtomicOptions {
  /** Undo them also when the run does not throw. @defaultValue false */
  readonly alwaysUndo?: boolean;
}

/**
 * Runs `f`. When it throws, every Variable that was written to is as before, wherever it is, and so
 * are the attributes of the nodes and containers in `frames`.
 * @param f - Gets the attributes as they were.
 */
export function atomically<R>(
  frames: Iterable<Frame>,
  f: (before: Structure) => R,
  { alwaysUndo = false }: AtomicOptions = {},
): R {
  const before = new Structure(frames);
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

/** As {@link atomically}, for everything below some arguments. */
export const atomicallyOn = <R>(args: readonly unknown[], f: (before: Structure) => R): R =>
  atomically(args.flatMap(framesOfArgument), f);

/** Variables that the run had made and put into a model: nobody can reach them any more. */
function disposeMade(removed: readonly unknown[], journal: Journal): void {
  for (const each of removed) {
    for (const node of nodesOf(each)) if (node instanceof Variable && journal.isMade(node)) node.dispose();
  }
}

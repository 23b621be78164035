/** @file From what modules recorded to States. */
import { NnxError } from "../errors.ts";
import { pathOf } from "../data/place.ts";
import type { Frame } from "../graph/frame.ts";
import { formatPath, type Path } from "../path.ts";
import type { CapturedModules } from "../recording/session.ts";
import { disposeOwner, makeState } from "../state/holding.ts";
import { type OwnedState, setOwn, type StateNode } from "../state/state.ts";
import type { VariableState } from "../variable/variable-state.ts";

type Subtree = Record<string, StateNode>;

/** A State that holds nothing yet, with the values of its leaves. */
export interface RecordedTree {
  readonly root: Subtree;
  readonly values: readonly unknown[];
}

/**
 * One tree of what each module recorded, without going through paths: those of a deep model are
 * long.
 * @throws {@link NnxError} when something was recorded at a path, and something else below it.
 */
export function treeOf(
  modules: CapturedModules,
  recorded: ReadonlyMap<object, ReadonlyMap<string, VariableState>> = new Map(),
): RecordedTree {
  const subtrees = new Map<Frame | undefined, Subtree>();
  const values: unknown[] = [];
  const subtreeAt = (frame: Frame | undefined): Subtree => {
    const subtree = subtrees.get(frame) ?? {};
    subtrees.set(frame, subtree);
    return subtree;
  };
  // Children come before parents, so the subtrees of its children are there when a module's own
  // values come.
  for (const frame of modules.frames) {
    for (const [name, leaf] of recorded.get(frame.value) ?? []) {
      const subtree = subtreeAt(frame);
      if (Object.hasOwn(subtree, name)) throw clash([...pathOf(frame), name]);
      setOwn(subtree, name, leaf);
      values.push(leaf.value);
    }
    const subtree = subtrees.get(frame);
    if (subtree && frame.parent) setOwn(subtreeAt(frame.parent), frame.part, Object.freeze(subtree));
  }
  return { root: subtreeAt(modules.frames.at(-1)), values };
}

/** States that hold what is in the trees: all of them or, when a tensor was disposed, none. */
export function statesOf(trees: readonly RecordedTree[]): OwnedState[] {
  const states: OwnedState[] = [];
  try {
    for (const { root, values } of trees) states.push(makeState(root, values));
    return states;
  } catch (error) {
    states.forEach(disposeOwner);
    throw error;
  }
}

const clash = (path: Path): NnxError =>
  new NnxError(
    `sow at ${formatPath(path)}: expected a name that no part of the module has in which something is recorded too, got ` +
      `${JSON.stringify(path.at(-1))}. A State has one value or one subtree under a name: record it under another one.`,
  );

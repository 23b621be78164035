/** @file From what modules recorded to States. */
import { NnxError } from "../errors.ts";
import { type Frame, pathOf } from "../graph/frame.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import { StatesBuilder } from "../state/builder.ts";
import type { OwnedState, StateLeaf } from "../state/state.ts";
import type { CapturedModules } from "../recording/session.ts";

/** What modules recorded, nested as the modules are. */
export type RecordedTree = Map<PathPart, RecordedTree | StateLeaf>;

/** What one module recorded, by name. */
export type RecordedLeaves = ReadonlyMap<string, StateLeaf>;

/**
 * One tree of what each module recorded, without going through paths: those of a deep model are long.
 * @throws {@link NnxError} when something was recorded at a path, and something else below it.
 */
export function treeOf(
  modules: CapturedModules,
  leavesOf: (module: object) => RecordedLeaves | undefined,
): RecordedTree {
  const trees = new Map<Frame, RecordedTree>();
  const treeAt = (frame: Frame): RecordedTree => {
    const known = trees.get(frame);
    if (known) return known;
    const created: RecordedTree = new Map();
    trees.set(frame, created);
    return created;
  };
  // Children come before parents.
  for (const frame of modules.frames) {
    const leaves = modules.has(frame.value) ? leavesOf(frame.value) : undefined;
    if (leaves && leaves.size > 0) {
      const tree = treeAt(frame);
      for (const [name, leaf] of leaves) {
        if (tree.has(name) || hasPart(tree, name)) throw clash([...pathOf(frame), name]);
        tree.set(name, leaf);
      }
    }
    const own = trees.get(frame);
    if (own && frame.parent) treeAt(frame.parent).set(frame.part, own);
  }
  return trees.get(modules.frames.at(-1) as Frame) ?? new Map<PathPart, RecordedTree | StateLeaf>();
}

/** Indices are numbers in paths, and names are text. */
const hasPart = (tree: RecordedTree, name: string): boolean =>
  /^\d/.test(name) && tree.has(Number(name)) && String(Number(name)) === name;

/** A State of each tree. */
export function statesOf(trees: readonly RecordedTree[]): OwnedState[] {
  const builder = new StatesBuilder(trees.length);
  trees.forEach((tree, index) => {
    write(builder, index, tree);
  });
  return builder.finish();
}

function write(builder: StatesBuilder, index: number, root: RecordedTree): void {
  const open = [root.entries()];
  for (let entries = open.at(-1); entries; entries = open.at(-1)) {
    const { value: entry } = entries.next() as { value?: [PathPart, RecordedTree | StateLeaf] };
    if (entry === undefined) {
      open.pop();
      if (open.length > 0) builder.exit();
      continue;
    }
    const [key, node] = entry;
    if (node instanceof Map) {
      builder.enter(key);
      open.push(node.entries());
      continue;
    }
    builder.put(index, key, node);
  }
}

const clash = (path: Path): NnxError =>
  new NnxError(
    `sow at ${formatPath(path)}: expected a name that no part of the module has in which something is recorded too, got ` +
      `${JSON.stringify(path.at(-1))}. A State has one value or one subtree under a name: record it under another one.`,
  );

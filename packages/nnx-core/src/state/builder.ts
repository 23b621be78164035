/** @file Makes States: collects leaves by path, freezes the result and holds its tensors for whoever keeps it. */
import { StructureError } from "../errors.ts";
import { adopt, discard, release } from "../ownership/holders.ts";
import { formatPath, type Path } from "../path.ts";
import { isLeaf, leafValue, type State, type StateLeaf, type StateNode } from "./state.ts";

type Subtree = Record<string, StateNode>;

/** What each State holds, to be released once. */
const heldBy = new WeakMap<
  object,
  { readonly retained: readonly unknown[]; readonly values: readonly unknown[] }
>();

/** A State under construction. */
export class StateBuilder {
  private readonly root: Subtree = {};
  private readonly subtrees: Subtree[] = [this.root];
  private readonly values: unknown[] = [];

  /** Puts a leaf at a path. @throws {@link StructureError} where a leaf would have to be a subtree too. */
  set(path: Path, leaf: StateLeaf): void {
    let subtree = this.root;
    for (let i = 0; i < path.length - 1; i++) {
      const key = path[i] as string;
      const next = Object.hasOwn(subtree, key) ? subtree[key] : undefined;
      if (next === undefined) {
        const created: Subtree = {};
        subtree[key] = created;
        this.subtrees.push(created);
        subtree = created;
      } else if (isLeaf(next)) {
        throw conflict(path);
      } else {
        subtree = next as Subtree;
      }
    }
    const last = path.at(-1);
    if (last === undefined || Object.hasOwn(subtree, last)) throw conflict(path);
    subtree[last as string] = leaf;
    this.values.push(leafValue(leaf));
  }

  finish(): State {
    for (const subtree of this.subtrees) if (subtree !== this.root) Object.freeze(subtree);
    return hold(this.root, this.values);
  }
}

/** Freezes the root of a State whose subtrees are frozen, and holds these values for it. */
export function hold(root: Subtree, values: readonly unknown[]): State {
  // Not enumerable: a State stays plain data to everything that compares, copies or prints it.
  Object.defineProperty(root, Symbol.dispose, { value: disposeThis });
  heldBy.set(root, { retained: adopt(values), values });
  return Object.freeze(root);
}

/** Releases what a State holds. Tensors that others hold too live on; doing it twice is harmless. */
export function disposeState(state: State): void {
  const held = heldBy.get(state);
  if (!held) return;
  heldBy.delete(state);
  release(held.retained);
  discard(held.values);
}

/** Whether this is the root of a State that still holds its tensors. */
export const isLiveState = (x: object): x is State => heldBy.has(x);

function disposeThis(this: State): void {
  disposeState(this);
}

const conflict = (path: Path): StructureError =>
  new StructureError(
    `State at ${formatPath(path)}: expected one leaf or one subtree per path, got both or two leaves. ` +
      "Give each leaf a path of its own, at least one part long.",
  );

/**
 * @file Builds States from leaves, along a walk or by path. Subtrees that did not change are
 * reused.
 */
import { StructureError } from "../errors.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { disposeOwner, makeState } from "./holding.ts";
import {
  below,
  isLeaf,
  heldValue,
  type OwnedState,
  setOwn,
  type State,
  type StateLeaf,
  type StateNode,
} from "./state.ts";

type Subtree = Record<string, StateNode>;

/**
 * A position of a walk. It has the subtree collected there for each State, and the earlier States'
 * subtrees at the same path.
 */
interface Level {
  readonly key: PathPart;
  readonly parent: Level | undefined;
  readonly subtrees: (Subtree | undefined)[];
  readonly previous: readonly (StateNode | undefined)[];
}

/**
 * Writes an own key, also when its name is inherited, such as `toString`. Returns `false` when the
 * key is taken.
 */
function put(subtree: Subtree, key: PathPart, value: StateNode): boolean {
  // The first check is enough for most keys. Only inherited names need the second one.
  if (subtree[key] !== undefined && Object.hasOwn(subtree, key)) return false;
  setOwn(subtree, key, value);
  return true;
}

/**
 * Returns the earlier subtree if it is frozen and has the same children. Otherwise freezes and
 * returns the new one.
 */
function settle(subtree: Subtree, previous: StateNode | undefined): State {
  if (previous === undefined || !Object.isFrozen(previous)) return Object.freeze(subtree);
  let count = 0;
  for (const key in subtree) {
    if (subtree[key] !== (previous as State)[key]) return Object.freeze(subtree);
    count++;
  }
  for (const _ in previous) count--;
  return count === 0 ? (previous as State) : Object.freeze(subtree);
}

const nothing: readonly undefined[] = [];

/** Collects the leaves of one walk, depth first, into several States. */
export class StatesBuilder {
  private level: Level;
  private readonly values: unknown[][] = [];
  private root: { readonly index: number; readonly leaf: StateLeaf } | undefined;

  /**
   * @param count - How many States.
   * @param previous - Earlier States, one for each new State. Their subtrees are reused where they
   * equal the new ones.
   */
  constructor(count: number, previous: readonly (StateNode | undefined)[] = nothing) {
    for (let i = 0; i < count; i++) this.values.push([]);
    this.level = { key: "", parent: undefined, subtrees: new Array(count), previous };
  }

  /** Enters the subtree under a key. */
  enter(key: PathPart): void {
    const { level } = this;
    const previous = level.previous === nothing ? nothing : level.previous.map((node) => below(node, key));
    this.level = { key, parent: level, subtrees: new Array(this.values.length), previous };
  }

  /** Puts a leaf under a key, into one of the States; without a key it is the whole State. */
  put(index: number, key: PathPart | undefined, leaf: StateLeaf): void {
    if (key === undefined) {
      this.root = { index, leaf };
      return;
    }
    const { subtrees } = this.level;
    let subtree = subtrees[index];
    if (subtree === undefined) {
      subtree = {};
      subtrees[index] = subtree;
    }
    if (!put(subtree, key, leaf)) throw conflict(this.pathTo(key));
    (this.values[index] as unknown[]).push(heldValue(leaf));
  }

  /** Leaves the subtree. */
  exit(): void {
    const { key, parent, subtrees, previous } = this.level;
    if (parent === undefined) return;
    this.level = parent;
    for (let i = 0; i < subtrees.length; i++) {
      const subtree = subtrees[i];
      if (subtree === undefined) continue;
      let above = parent.subtrees[i];
      if (above === undefined) {
        above = {};
        parent.subtrees[i] = above;
      }
      if (!put(above, key, settle(subtree, previous[i]))) throw conflict(this.pathTo(key));
    }
  }

  /** The path of a key at the present level. Without a key it is the root's path. */
  pathTo(key: PathPart | undefined): Path {
    if (key === undefined) return [];
    const path = [key];
    for (let level = this.level; level.parent; level = level.parent) path.push(level.key);
    return path.reverse();
  }

  finish(): OwnedState[] {
    const { root, values, level } = this;
    const made: OwnedState[] = [];
    const one = (own: readonly unknown[], i: number): OwnedState => {
      if (root?.index !== i) return makeState(level.subtrees[i] ?? {}, own);
      const { leaf } = root;
      // A single array is returned as its own State, which holds no tensors. The cast is needed
      // because the State type promises subtrees by key, and a leaf has none.
      if (!isVariableState(leaf)) return leaf as unknown as OwnedState;
      return makeState({ ...leaf } as unknown as Subtree, [leaf.value]);
    };
    try {
      for (const [i, own] of values.entries()) made.push(one(own, i));
      return made;
    } catch (error) {
      // All States are made or none: if one fails, those that were made release their tensors.
      made.forEach(disposeOwner);
      throw error;
    }
  }
}

/** A State from leaves by path, in any order. */
export class StateBuilder {
  private readonly root: Subtree = {};
  private readonly subtrees: Subtree[] = [];
  private readonly values: unknown[] = [];

  /**
   * Puts a leaf at a path.
   * @throws {@link StructureError} where a leaf would have to be a subtree too.
   */
  set(path: Path, leaf: StateLeaf): void {
    let subtree = this.root;
    for (let i = 0; i < path.length - 1; i++) {
      const key = path[i] as PathPart;
      const next = below(subtree, key);
      if (next === undefined) {
        const created: Subtree = {};
        put(subtree, key, created);
        this.subtrees.push(created);
        subtree = created;
      } else if (isLeaf(next)) {
        throw conflict(path);
      } else {
        subtree = next;
      }
    }
    const last = path.at(-1);
    if (last === undefined || !put(subtree, last, leaf)) throw conflict(path);
    this.values.push(heldValue(leaf));
  }

  finish(): OwnedState {
    for (const subtree of this.subtrees) Object.freeze(subtree);
    return makeState(this.root, this.values);
  }
}

/**
 * Releases what a State holds. Tensors that others hold too stay alive. Calling it twice is
 * harmless.
 */
export const disposeState = (state: State): void => disposeOwner(state);

const conflict = (path: Path): StructureError =>
  new StructureError(
    `State at ${formatPath(path)}: expected one leaf or one subtree per path, got both or two leaves. ` +
      "Give each leaf a path of its own, at least one part long.",
  );

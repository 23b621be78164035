/** @file The difference of two States as patches in immer's format, and States from patches. */
import { describe, StructureError } from "../errors.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import { isVariableState, sameMetadata, type VariableState } from "../variable/variable-state.ts";
import { leavesOf } from "./flatten-state.ts";
import { hold, own, refuseEnded } from "./holding.ts";
import { isLeaf, leafValue, type OwnedState, setOwn, type State, type StateNode } from "./state.ts";

/** One change, in the format of immer (and nearly that of RFC 6902). */
export interface StatePatch {
  readonly op: "add" | "remove" | "replace";
  /** From the root; into a leaf it goes on with `"value"`. */
  readonly path: Path;
  readonly value?: unknown;
}

/** The changes from one State to another. They hold the tensors in them: dispose them like a State. */
export type StatePatches = readonly StatePatch[] & Disposable;

/**
 * What turns `from` into `to`; subtrees that are identical objects are not looked into. Where only a leaf's value changed, the patch has the
 * value alone. `diffPatches(to, from)` is the way back.
 * @see immer `produceWithPatches`
 * @example
 * ```ts
 * const before = nnx.state(model);
 * model.hidden.kernel.value = tf.zeros([4, 8]);
 * const after = nnx.state(model);
 * const back = nnx.diffPatches(after, before);
 * nnx.update(model, nnx.applyPatches(after, back));
 * ```
 */
export function diffPatches(from: State, to: State): StatePatches {
  for (const state of [from, to]) refuseEnded("diffPatches", state);
  const patches: StatePatch[] = [];
  const values: unknown[] = [];
  const put = (op: "add" | "replace", path: Path, node: StateNode): void => {
    patches.push(Object.freeze({ op, path, value: node }));
    for (const leaf of leavesOf(node)) values.push(leafValue(leaf));
  };
  const open: (readonly [StateNode, StateNode, Path])[] = [[from, to, []]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [before, after, path] = next;
    if (before === after) continue;
    if (isVariableState(before) && isVariableState(after) && areAlike(before, after)) {
      patches.push(Object.freeze({ op: "replace", path: [...path, "value"], value: after.value }));
      values.push(after.value);
    } else if (isLeaf(before) || isLeaf(after)) put("replace", path, after);
    else {
      for (const key of Object.keys(before)) {
        if (!Object.hasOwn(after, key)) patches.push(Object.freeze({ op: "remove", path: [...path, key] }));
      }
      for (const [key, child] of Object.entries(after)) {
        if (Object.hasOwn(before, key)) open.push([before[key] as StateNode, child, [...path, key]]);
        else put("add", [...path, key], child);
      }
    }
  }
  return own(patches, values);
}

const areAlike = (a: VariableState, b: VariableState): boolean =>
  a.type === b.type && sameMetadata(a.metadata, b.metadata);

/**
 * The State that patches turn this one into. What no patch touches are the State's own objects. Takes the patches of {@link diffPatches} and
 * those of immer.
 * @throws {@link StructureError} when a patch has no place in the State.
 */
export function applyPatches(state: State, patches: readonly StatePatch[]): OwnedState {
  refuseEnded("applyPatches", state);
  refuseEnded("applyPatches", patches);
  const root: Record<string, StateNode> = { ...state };
  // Objects that this call made, and may therefore write to.
  const fresh = new Set<object>([root]);
  for (const { op, path, value } of patches) {
    const last = path.at(-1);
    if (last === undefined) throw misplaced(path, "a path of at least one part", value);
    const { target, inValue } = writableAt(root, path, fresh);
    const exists = Object.hasOwn(target, last);
    if (op !== "add" && op !== "replace" && op !== "remove")
      throw misplaced(path, 'the op "add", "replace" or "remove"', op);
    if (op !== "add" && !exists) throw misplaced(path, `something to ${op}`, undefined);
    const isNode = typeof value === "object" && value !== null && !Array.isArray(value);
    if (op !== "remove" && !inValue && !isNode) throw misplaced(path, "a leaf or a subtree", value);
    if (op === "remove") Reflect.deleteProperty(target, last);
    else setOwn(target, last, value as StateNode);
  }
  for (const each of fresh) if (each !== root) Object.freeze(each);
  return hold(root, leavesOf(root).map(leafValue));
}

function writableAt(
  root: Record<string, StateNode>,
  path: Path,
  fresh: Set<object>,
): { readonly target: Record<string, StateNode>; readonly inValue: boolean } {
  let target = root;
  // Beyond a leaf come its type, its value and what is in that: anything.
  let inValue = isLeaf(root);
  for (let i = 0; i < path.length - 1; i++) {
    const key = path[i] as PathPart;
    const child = Object.hasOwn(target, key) ? target[key] : undefined;
    if (child === undefined || (isLeaf(child) && !isVariableState(child)))
      throw misplaced(path.slice(0, i + 1), "a leaf or a subtree", child);
    inValue ||= isLeaf(child);
    if (fresh.has(child)) target = child as Record<string, StateNode>;
    else {
      const copy = (Array.isArray(child)
        ? [...(child as readonly unknown[])]
        : { ...child }) as unknown as Record<string, StateNode>;
      fresh.add(copy);
      setOwn(target, key, copy);
      target = copy;
    }
  }
  return { target, inValue };
}

const misplaced = (path: Path, expected: string, got: unknown): StructureError =>
  new StructureError(
    `applyPatches at ${formatPath(path)}: expected ${expected}, got ${describe(got)}. ` +
      "Apply patches to the State that they were made for.",
  );

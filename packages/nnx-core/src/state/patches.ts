/**
 * @file Computes the difference of two States as patches in immer's format, and applies patches.
 */
import { describe, StructureError } from "../errors.ts";
import { formatPath, isPath, partFromKey, type Path, type PathPart } from "../path.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { isVariableState, sameMetadata, type VariableState } from "../variable/variable-state.ts";
import { checkState } from "./check-state.ts";
import { leavesOf } from "./flatten-state.ts";
import { makeState, own, refuseEnded } from "./holding.ts";
import { isLeaf, heldValue, type OwnedState, setOwn, type StateNode } from "./state.ts";

type Subtree = Record<string, StateNode>;

/** One change, in the format of immer (and nearly that of RFC 6902). */
export interface StatePatch {
  readonly op: "add" | "remove" | "replace";
  /** The path from the root. Inside a leaf it continues with `"value"`. */
  readonly path: Path;
  readonly value?: unknown;
}

/** The changes from one State to another. They hold their tensors: dispose them like a State. */
export type StatePatches = readonly StatePatch[] & Disposable;

/**
 * Returns the patches that turn `from` into `to`. Subtrees that are identical objects are skipped.
 * If only the value of a leaf changed, the patch contains only the value. `diffPatches(to, from)`
 * returns the patches for the way back.
 * @see immer `produceWithPatches`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const before = nnx.state(model);
 * model.kernel.value = tf.zeros([4, 3]);
 * const after = nnx.state(model);
 * const back = nnx.diffPatches(after, before);
 * back.length; // => 1
 * nnx.update(model, nnx.applyPatches(after, back));
 * ```
 */
export function diffPatches(from: StateNode, to: StateNode): StatePatches {
  const patches: StatePatch[] = [];
  const values: unknown[] = [];
  const put = (op: "add" | "replace", path: Path, node: StateNode): void => {
    patches.push(Object.freeze({ op, path, value: node }));
    for (const leaf of leavesOf(node)) values.push(heldValue(leaf));
  };
  const open: (readonly [StateNode, StateNode, Path])[] = [
    [checkState("diffPatches", from), checkState("diffPatches", to), []],
  ];
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
 * Returns the State with the patches applied. Subtrees that no patch touches are reused. Accepts
 * the patches of {@link diffPatches} and of immer.
 * @param state - The State, which stays as it is.
 * @param patches - Applied in their order.
 * @throws {@link StructureError} when a patch does not fit the State, or the result would not be a
 * State.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const before = nnx.state(model);
 * model.bias!.value = tf.ones([3]);
 * const after = nnx.state(model);
 * const patches = nnx.diffPatches(before, after); // only what changed: send these to a peer
 * nnx.applyPatches(before, patches).kernel === before.kernel; // => true
 * ```
 */
export function applyPatches(state: StateNode, patches: readonly StatePatch[]): OwnedState {
  const root: Subtree = { ...checkState("applyPatches", state) };
  if (Array.isArray(patches)) refuseEnded("applyPatches", patches);
  // Objects that this call made, and may therefore write to.
  const fresh: Fresh = new Map([[root, isLeaf(root)]]);
  for (const patch of listOf(patches)) {
    const { op, path, value } = patch;
    const last = path.at(-1);
    if (last === undefined) throw misplaced(path, "a path of at least one part", value);
    const { target, inValue } = writableAt(root, path, fresh);
    switch (op) {
      case "add":
      case "replace":
      case "remove":
        break;
      default:
        throw misplaced(path, 'the op "add", "replace" or "remove"', op satisfies never);
    }
    if (op !== "remove" && !inValue && !isPlainObject(value) && !isLeaf(value))
      throw misplaced(path, "a leaf or a subtree", value);
    if (Array.isArray(target)) patchList(target, patch, last);
    else if (op !== "add" && !Object.hasOwn(target, last))
      throw misplaced(path, `something to ${op}`, undefined);
    else if (op === "remove") Reflect.deleteProperty(target, last);
    else setOwn(target, last, value as StateNode);
  }
  for (const each of fresh.keys()) if (each !== root) Object.freeze(each);
  const after = checkState("applyPatches", root);
  return makeState({ ...after }, leavesOf(after).map(heldValue));
}

function listOf(patches: unknown): readonly StatePatch[] {
  if (!Array.isArray(patches)) throw noPatches(patches);
  for (const each of patches as readonly unknown[]) {
    if (!isPlainObject(each) || !isPath(each.path)) throw noPatches(each);
  }
  return patches as readonly StatePatch[];
}

/**
 * Applies a patch to a list as immer does: "add" raises the indices of later items by one, and
 * "remove" lowers them by one.
 */
function patchList(list: unknown[], { op, path, value }: StatePatch, key: PathPart): void {
  if (key === "length" && op === "replace" && Number.isInteger(value) && (value as number) <= list.length) {
    list.length = Math.max(0, value as number);
    return;
  }
  const index = typeof key === "number" ? key : partFromKey(key);
  const last = op === "add" ? list.length : list.length - 1;
  if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index > last)
    throw misplaced(path, `an index up to ${last}`, key);
  if (op === "add") list.splice(index, 0, value);
  else if (op === "remove") list.splice(index, 1);
  else list[index] = value;
}

/** Objects that the call made, and whether each is a leaf. */
type Fresh = Map<object, boolean>;

function writableAt(
  root: Subtree,
  path: Path,
  fresh: Fresh,
): { readonly target: Subtree | unknown[]; readonly inValue: boolean } {
  let target: Subtree | unknown[] = root;
  // Inside a leaf there may be data of any kind: its type, its value, and the contents of the
  // value.
  let inValue = isLeaf(root);
  for (let i = 0; i < path.length - 1; i++) {
    const key = path[i] as PathPart;
    const child: unknown = Object.hasOwn(target, key) ? Reflect.get(target, key) : undefined;
    const known = fresh.get(child as object);
    if (known !== undefined) {
      target = child as Subtree;
      inValue ||= known;
      continue;
    }
    // Only lists and object literals can be copied. A tensor or an instance of a class counts as
    // one value.
    if (!isPlainObject(child) && !(inValue && Array.isArray(child)))
      throw misplaced(path.slice(0, i + 1), inValue ? "a list or an object" : "a leaf or a subtree", child);
    inValue ||= isLeaf(child);
    const copy: unknown = Array.isArray(child) ? [...(child as readonly unknown[])] : { ...child };
    fresh.set(copy as object, isLeaf(child));
    setOwn(target as Subtree, key, copy as StateNode);
    target = copy as Subtree | unknown[];
  }
  return { target, inValue };
}

const noPatches = (got: unknown): StructureError =>
  new StructureError(
    `applyPatches: expected a list of patches { op, path, value }, whose paths are lists of names and indices, got ${describe(got)}. ` +
      "Pass what diffPatches returned.",
  );

const misplaced = (path: Path, expected: string, got: unknown): StructureError =>
  new StructureError(
    `applyPatches at ${formatPath(path)}: expected ${expected}, got ${describe(got)}. ` +
      "Apply patches to the State that they were made for.",
  );

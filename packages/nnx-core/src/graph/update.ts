/** @file Values of States into a living model, all or nothing. */
import { describe, DisposedError, StructureError } from "../errors.ts";
import { formatPath, type Path, type PathPart, partFromKey } from "../path.ts";
import { disposeState } from "../state/builder.ts";
import { mergeState } from "../state/combine.ts";
import type { PureState } from "../state/pure.ts";
import { hasDisposed } from "../ownership/holders.ts";
import { disposedValueText, refuseEnded } from "../state/holding.ts";
import { leavesOf } from "../state/flatten-state.ts";
import { isLeaf, leafValue, type State, type StateLeaf, type StateNode } from "../state/state.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { Variable, variableFromState } from "../variable/variable.ts";
import { mapKeyOf } from "./keys.ts";
import { childAt, containerKind, defineChild, GraphNode, isWritable, setChild } from "./node.ts";

interface Frame {
  readonly target: object;
  readonly values: StateNode;
  readonly key: PathPart;
  readonly parent: Frame | undefined;
}

/**
 * Writes values into the model in place: into the Variables that it has, keeping each one's identity and type. Paths that the model does
 * not have are created; what the States do not mention is untouched. Later States win. Leaves may be values without a Variable around
 * them. Types, shapes and dtypes are not compared.
 * @throws {@link StructureError} when a leaf meets a module or a subtree meets a Variable, or an object is frozen; {@link DisposedError} for
 * values that were disposed; nothing is written then.
 * @see Flax `nnx.update`
 */
export function update(node: unknown, state: PureState, ...states: readonly PureState[]): void {
  const isTarget = node instanceof GraphNode || node instanceof Variable || containerKind(node) !== undefined;
  if (!isTarget || typeof node !== "object" || node === null) {
    throw new StructureError(
      `update: expected a module, Variable or container, got ${describe(node)}. Pass the model first.`,
    );
  }
  if (states.length === 0) {
    write(node, state as State);
    return;
  }
  if (node instanceof Variable) {
    write(node, onlyOne([state, ...states]));
    return;
  }
  const merged = mergeState(state as State, ...(states as State[]));
  try {
    write(node, merged);
  } finally {
    disposeState(merged);
  }
}

/** A Variable takes one State; filters that did not match it left empty ones. */
function onlyOne(states: readonly PureState[]): StateNode {
  const filled = states.filter((state) => Object.keys(state).length > 0);
  if (filled.length === 1) return filled[0] as StateNode;
  throw new StructureError(
    `update: expected exactly one State that is not empty for a Variable, got ${filled.length}. Pass the one that has its value.`,
  );
}

function write(node: object, state: StateNode): void {
  if (!isRaw(state)) refuseEnded("update", state);
  const variables: Variable[] = [];
  const leaves: unknown[] = [];
  const steps: (() => void)[] = [];
  const open: Frame[] = [];
  const meet = (target: object, value: unknown, key: PathPart, parent: Frame | undefined): void => {
    const given = isRaw(value) || isLeaf(value as StateNode);
    if (target instanceof Variable) {
      if (given) {
        if (hasDisposed(isRaw(value) ? value : leafValue(value as StateLeaf))) throw wasDisposed(parent, key);
        variables.push(target);
        leaves.push(value);
      } else if (Object.keys(value as State).length > 0)
        throw misplaced(parent, key, `a value for the ${target.type.typeName}`, value);
    } else if (given) throw misplaced(parent, key, "a State", value);
    else open.push({ target, values: value as State, key, parent });
  };
  meet(node, state, "", undefined);
  for (let frame = open.pop(); frame; frame = open.pop()) {
    const { target, values } = frame;
    for (const name of Object.keys(values)) {
      const key = keyIn(target, name);
      const child = target instanceof Map || Object.hasOwn(target, key) ? childAt(target, key) : undefined;
      const value: unknown = (values as State)[name];
      if (child instanceof Variable || child instanceof GraphNode || isOpenTo(child, value))
        meet(child as object, value, key, frame);
      else {
        refuseHoles(target, key, frame);
        if (!isWritable(target, key)) throw misplaced(frame, key, "an attribute that can be written", value);
        const parent = frame;
        const isGone = isRaw(value)
          ? false
          : leavesOf(value as StateNode).some((leaf) => hasDisposed(leafValue(leaf)));
        if (isGone) throw wasDisposed(frame, key);
        const created = valueFor(value);
        steps.push(() => {
          if (Object.hasOwn(parent.target, key) || parent.target instanceof Map)
            setChild(parent.target, key, created());
          else defineChild(parent.target, key, created());
        });
      }
    }
  }
  for (let i = 0; i < variables.length; i++) writeVariable(variables[i] as Variable, leaves[i]);
  for (const step of steps) step();
}

const isRaw = (value: unknown): boolean => typeof value !== "object" || value === null;

/** Containers take subtrees, even those without anything in them that the graph tracks; a leaf replaces the latter. */
const isOpenTo = (child: unknown, value: unknown): boolean =>
  containerKind(child) !== undefined && !isRaw(value) && !isLeaf(value as StateNode);

function keyIn(target: object, name: string): PathPart {
  if (target instanceof Map) return mapKeyOf(target, name);
  return Array.isArray(target) ? partFromKey(name) : name;
}

function refuseHoles(target: object, key: PathPart, frame: Frame): void {
  if (!Array.isArray(target) || (typeof key === "number" && Object.hasOwn(target, key))) return;
  // Several items may come at once, in order.
  const isIndex = typeof key === "number" && key <= target.length + Object.keys(frame.values).length;
  if (isIndex && (key === target.length || Object.hasOwn(frame.values, key - 1))) return;
  throw misplaced(frame, key, `an index of the array up to its length ${target.length}`, key);
}

function writeVariable(variable: Variable, leaf: unknown): void {
  if (isVariableState(leaf)) variable.takeState(leaf);
  else variable.setRawValue(leaf);
}

/** What a path that the model does not have is filled with. */
function valueFor(value: unknown): () => unknown {
  if (isVariableState(value)) return () => variableFromState(value);
  if (isRaw(value) || isLeaf(value as StateNode)) return () => value;
  const entries = Object.entries(value as State).map(([key, item]) => [key, valueFor(item)] as const);
  return () => Object.fromEntries(entries.map(([key, make]) => [key, make()]));
}

function pathTo(parent: Frame | undefined, key: PathPart): Path {
  const path: PathPart[] = parent === undefined ? [] : [key];
  for (let f = parent; f?.parent; f = f.parent) path.push(f.key);
  return path.reverse();
}

const wasDisposed = (parent: Frame | undefined, key: PathPart): DisposedError =>
  new DisposedError(disposedValueText("update", pathTo(parent, key)));

function misplaced(parent: Frame | undefined, key: PathPart, expected: string, got: unknown): StructureError {
  return new StructureError(
    `update at ${formatPath(pathTo(parent, key))}: expected ${expected}, got ${describe(got)}. ` +
      "Pass a State of this model, as split and state return it.",
  );
}

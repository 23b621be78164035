/** @file Values of States into a living model, all or nothing. */
import { describe, StructureError } from "../errors.ts";
import { formatPath, type Path, type PathPart, partFromKey } from "../path.ts";
import { mergeState } from "../state/combine.ts";
import { isLeaf, type State, type StateLeaf, type StateNode } from "../state/state.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { Variable, variableFromState } from "../variable/variable.ts";
import { childAt, classify, setChild } from "./node.ts";

type Step = () => void;

/**
 * Writes values into the model in place: into the Variables that it has, keeping each one's identity and type. Paths that the model does
 * not have are created; what the States do not mention is untouched. Later States win. Shapes and dtypes are not compared.
 * @throws {@link StructureError} when a leaf meets a module or a subtree meets a Variable; nothing is written then.
 * @see Flax `nnx.update`
 */
export function update(node: unknown, state: State, ...states: readonly State[]): void {
  const kind = classify(node);
  if (kind !== "node" && kind !== "container" && kind !== "variable") {
    throw new StructureError(
      `update: expected a module, Variable or container, got ${describe(node)}. Pass the model first.`,
    );
  }
  const steps: Step[] = [];
  const merged: StateNode = states.length === 0 ? state : mergeState(state, ...states);
  const open: (readonly [object, StateNode, Path])[] = [[node as object, merged, []]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [target, values, path] = next;
    if (target instanceof Variable) steps.push(writeVariable(target, values, path));
    else if (isLeaf(values)) throw misplaced(path, "a State", values);
    else {
      for (const name of Object.keys(values)) {
        const key = keyIn(target, name);
        const child = childAt(target, key);
        const value = values[name] as StateNode;
        const childPath = [...path, key];
        const childKind = classify(child);
        if (childKind === "node" || childKind === "variable" || childKind === "container") {
          open.push([child as object, value, childPath]);
        } else {
          const created = valueFor(value);
          steps.push(() => setChild(target, key, created()));
        }
      }
    }
  }
  for (const step of steps) step();
}

/** A Map may have number keys, which a State can only say as strings. */
function keyIn(target: object, name: string): PathPart {
  const part = partFromKey(name);
  return target instanceof Map && target.has(name)
    ? name
    : Array.isArray(target) || target instanceof Map
      ? part
      : name;
}

function writeVariable(variable: Variable, leaf: StateNode, path: Path): Step {
  if (!isLeaf(leaf)) {
    if (Object.keys(leaf).length === 0) return () => {};
    throw misplaced(path, `a value for the ${variable.type.typeName}`, leaf);
  }
  if (!isVariableState(leaf)) return () => variable.setRawValue(leaf);
  return () => {
    variable.setRawValue(leaf.value);
    if (leaf.metadata !== variable.metadata) variable.replaceMetadata(leaf.metadata);
  };
}

/** What a path that the model does not have is filled with. */
function valueFor(value: StateNode): () => unknown {
  if (isVariableState(value)) return () => variableFromState(value);
  if (isLeaf(value)) return () => value as StateLeaf;
  const entries = Object.entries(value).map(([key, item]) => [key, valueFor(item)] as const);
  return () => Object.fromEntries(entries.map(([key, make]) => [key, make()]));
}

const misplaced = (path: Path, expected: string, got: unknown): StructureError =>
  new StructureError(
    `update at ${formatPath(path)}: expected ${expected}, got ${describe(got)}. ` +
      "Pass a State of this model, as split and state return it.",
  );

/**
 * @file Variables where the graph does not see them, which an optimizer would leave as they are
 * without a word.
 */
import { isTensor } from "@nnxjs/kernels/internal";
import {
  type Filter,
  formatPath,
  GraphNode,
  iterNodes,
  type PathPart,
  toPredicate,
  Variable,
} from "@nnxjs/nnx-core";
import { describe, isContainer, nodesOf } from "@nnxjs/nnx-core/internal";

/** How much of what static attributes refer to is looked at. */
const maxObjects = 10_000;

/** Something on the way from a static attribute to a Variable. */
interface Step {
  readonly value: unknown;
  readonly key: PathPart;
  readonly parent: Step | undefined;
  /** What the graph does not look into, if the way went through it. */
  readonly holder: string | undefined;
}

/**
 * Where a Variable that the filter selects is out of the graph's sight, in words: in a Set, or in
 * an instance of a class that is no module. What is `#private` or in a closure nobody can see.
 */
export function hiddenParameter(model: object, wrt: Filter): string | undefined {
  const matches = toPredicate(wrt);
  const inGraph = new Set<object>(nodesOf(model));
  const seen = new Set(inGraph);
  const most = inGraph.size + maxObjects;
  for (const owner of inGraph) {
    for (const { variable, step } of variablesBelow(owner, seen, most)) {
      const path = [...pathTo(model, owner), ...keysTo(step)];
      if (!matches(path, variable)) continue;
      const holder = step.holder ?? "an attribute that is not enumerable or has a symbol as name";
      return `a ${variable.type.typeName} in ${holder} at ${formatPath(path)}`;
    }
  }
  return undefined;
}

function* variablesBelow(
  owner: object,
  seen: Set<object>,
  most: number,
): Generator<{ variable: Variable; step: Step }> {
  if (owner instanceof Variable) return;
  const open: Step[] = [{ value: owner, key: "", parent: undefined, holder: undefined }];
  for (let step = open.pop(); step && seen.size < most; step = open.pop()) {
    const parent = step;
    const { value } = parent;
    if (value instanceof Variable) {
      yield { variable: value, step };
      continue;
    }
    const holder = parent.holder ?? holderOf(value as object);
    for (const [key, item] of itemsOf(value as object)) {
      if (typeof item !== "object" || item === null || seen.has(item)) continue;
      if (isTensor(item) || ArrayBuffer.isView(item)) continue;
      seen.add(item);
      open.push({ value: item, key, parent, holder });
    }
  }
}

/** The name of what the graph does not look into; nothing for what it does. */
function holderOf(value: object): string | undefined {
  if (value instanceof Set) return "a Set";
  return value instanceof GraphNode || isContainer(value)
    ? undefined
    : `${describe(value)}, which is no module,`;
}

/** Own values by key. Accessors are not run. */
function itemsOf(value: object): (readonly [key: PathPart, item: unknown])[] {
  if (value instanceof Map) return [...value].map(([key, item]) => [String(key), item]);
  if (value instanceof Set) return [...value].map((item, i) => [i, item]);
  const descriptors = Object.getOwnPropertyDescriptors(value);
  return Reflect.ownKeys(descriptors).map((key) => [
    String(key),
    descriptors[key as string]?.value as unknown,
  ]);
}

function keysTo(step: Step): PathPart[] {
  const keys: PathPart[] = [];
  for (let at = step; at.parent; at = at.parent) keys.push(at.key);
  return keys.reverse();
}

const pathTo = (model: object, owner: object): readonly PathPart[] =>
  [...iterNodes(model)].find(([, node]) => node === owner)?.[0] ?? [];

/** @file The nodes of a graph, one by one. */
import { describe, StructureError } from "../errors.ts";
import type { Path, PathPart } from "../path.ts";
import { Variable } from "../variable/variable.ts";
import { childAt, classify, GraphNode, keysOf } from "./node.ts";

interface Frame {
  readonly value: object;
  readonly path: Path;
  readonly keys: readonly PathPart[];
  next: number;
}

/**
 * Every node, container and Variable below `root` with its first path: children before parents, sorted, `root` last. Shared nodes come
 * once; cycles end.
 */
export function* iterNodes(root: unknown): Generator<readonly [path: Path, value: object]> {
  const seen = new Set<object>();
  const stack: Frame[] = [];
  const enter = (value: unknown, path: Path): void => {
    const kind = classify(value);
    if (kind === "static" || kind === "array") return;
    const node = value as object;
    if (seen.has(node)) return;
    seen.add(node);
    stack.push({ value: node, path, keys: kind === "variable" ? [] : keysOf(node, path), next: 0 });
  };
  enter(root, []);
  for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
    const key = frame.keys[frame.next++];
    if (key !== undefined) enter(childAt(frame.value, key), [...frame.path, key]);
    else {
      stack.pop();
      yield [frame.path, frame.value];
    }
  }
}

/**
 * The attributes of a node that are nodes or Variables, sorted by name; what is shared comes under each name. Lists, records and Maps are
 * not looked into, but may be the root.
 * @see Flax `nnx.iter_children`
 */
export function* iterChildren(
  node: object,
): Generator<readonly [key: PathPart, child: GraphNode | Variable]> {
  const kind = classify(node);
  if (kind !== "node" && kind !== "container") {
    throw new StructureError(
      `iterChildren: expected a module or a container of modules, got ${describe(node)}.`,
    );
  }
  for (const key of keysOf(node, [])) {
    const child = childAt(node, key);
    if (child instanceof GraphNode || child instanceof Variable) yield [key, child];
  }
}

/** As {@link iterChildren}, without Variables. @see Flax `nnx.iter_module_children` */
export function* iterModuleChildren(node: object): Generator<readonly [key: PathPart, child: GraphNode]> {
  for (const [key, child] of iterChildren(node)) if (child instanceof GraphNode) yield [key, child];
}

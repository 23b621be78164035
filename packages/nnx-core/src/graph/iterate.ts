/** @file The nodes of a graph, one by one. */
import { describe, StructureError } from "../errors.ts";
import type { Path, PathPart } from "../path.ts";
import { Variable } from "../variable/variable.ts";
import { type Frame, partIn } from "./frame.ts";
import { type KeyOrder, keysOf } from "./keys.ts";
import { childAt, classify, GraphNode } from "./node.ts";
import { type Shown, Walk } from "./walk.ts";

/** What a walk comes by, each with its path. */
function* iterate(root: unknown, shown: Shown): Generator<readonly [path: Path, value: unknown]> {
  const walk = new Walk(root);
  while (walk.nextOnce(shown)) yield [walk.path(), walk.value];
}

/**
 * Every node, container and Variable below `root` with its first path: children before parents,
 * sorted, `root` last. Shared nodes come once; cycles end.
 */
export function iterNodes(root: unknown): Generator<readonly [path: Path, value: object]> {
  // Without values everything that comes is an object.
  return iterate(root, "parts") as Generator<readonly [Path, object]>;
}

/** What {@link iterNodes} gives, without the paths, which cost more than the walk. */
export function* nodesOf(root: unknown, order?: KeyOrder): Generator<object> {
  const walk = new Walk(root, { order });
  while (walk.nextOnce()) yield walk.value as object;
}

/**
 * The nodes and containers that {@link iterGraphNodes} gives, each with what knows its first path:
 * paths are made when they are asked for.
 */
export function framesOf(root: unknown): Frame[] {
  const frames: Frame[] = [];
  const walk = new Walk(root);
  while (walk.nextOnce("nodes")) frames.push(walk.left as Frame);
  return frames;
}

/** As {@link iterNodes}, without Variables. */
export function iterGraphNodes(root: unknown): Generator<readonly [path: Path, value: object]> {
  return iterate(root, "nodes") as Generator<readonly [Path, object]>;
}

/**
 * Everything below `root`, static values too: children before parents, sorted, `root` last. Nodes,
 * containers and Variables come once, arrays and static values at each place.
 * @see Flax `nnx.iter_graph`
 */
export const iterGraph = (root: unknown): Generator<readonly [path: Path, value: unknown]> =>
  iterate(root, "all");

/**
 * The attributes of a node that are nodes or Variables, sorted by name; what is shared comes under
 * each name. Lists, records and Maps are not looked into, but may be the root.
 * @throws {@link StructureError} when `node` is neither a module nor a container.
 * @see Flax `nnx.iter_children`
 */
export function* iterChildren(
  node: object,
): Generator<readonly [key: PathPart, child: GraphNode | Variable]> {
  const kind = classify(node);
  if (kind !== "node" && kind !== "container") {
    throw new StructureError(
      `iterChildren: expected a module or a container of modules, got ${describe(node)}. Pass a part of a model.`,
    );
  }
  for (const key of keysOf(node, () => [])) {
    const child = childAt(node, key);
    if (child instanceof GraphNode || child instanceof Variable) yield [partIn(node, key), child];
  }
}

/** As {@link iterChildren}, without Variables. @see Flax `nnx.iter_module_children` */
export function* iterModuleChildren(node: object): Generator<readonly [key: PathPart, child: GraphNode]> {
  for (const [key, child] of iterChildren(node)) if (child instanceof GraphNode) yield [key, child];
}

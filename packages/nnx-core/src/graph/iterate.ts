/** @file Iterates over the nodes of a graph. */
import { describe, StructureError } from "../errors.ts";
import type { Path, PathPart } from "../path.ts";
import { Variable } from "../variable/variable.ts";
import { type Frame, partIn } from "./frame.ts";
import { type KeyOrder, keysOf } from "./keys.ts";
import { childAt, classify, GraphNode } from "./node.ts";
import { type Shown, Walk } from "./walk.ts";

/** Yields the values of a walk, each with its path. */
function* iterate(root: unknown, shown: Shown): Generator<readonly [path: Path, value: unknown]> {
  const walk = new Walk(root);
  while (walk.nextOnce(shown)) yield [walk.path(), walk.value];
}

/**
 * Every node, container and Variable below `root` with its first path: children before parents,
 * sorted, `root` last. Shared nodes come once, so walks over cycles end.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Dropout(0.5, { rngs: new nnx.Rngs(0) });
 * [...nnx.iterNodes(model)].map(([path]) => path.join(".")); // => ["rngs.count", "rngs.key", "rngs", ""]
 * ```
 */
export function iterNodes(root: unknown): Generator<readonly [path: Path, value: object]> {
  // "parts" leaves out static values, so every value is an object.
  return iterate(root, "parts") as Generator<readonly [Path, object]>;
}

/** As {@link iterNodes}, without paths, since making these costs more than the walk. */
export function* nodesOf(root: unknown, order?: KeyOrder): Generator<object> {
  const walk = new Walk(root, { order });
  while (walk.nextOnce()) yield walk.value as object;
}

/**
 * The nodes and containers of {@link iterGraphNodes}, as frames. The first path of each can be made
 * from its frame later.
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
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * class Scale extends nnx.Module {
 *   readonly by = new nnx.Param(tf.scalar(2));
 *   readonly label = "twice";
 * }
 * [...nnx.iterGraph(new Scale())].map(([path]) => path.join(".")); // => ["by", "label", ""]
 * ```
 */
export const iterGraph = (root: unknown): Generator<readonly [path: Path, value: unknown]> =>
  iterate(root, "all");

/**
 * Yields the attributes of a node that are nodes or Variables, sorted by name. A shared one comes
 * under each of its names. Lists, records and Maps are not entered, but `node` may be one.
 * @throws {@link StructureError} when `node` is neither a module nor a container.
 * @see Flax `nnx.iter_children`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * [...nnx.iterChildren(model)].map(([key]) => key); // => ["bias", "kernel"]
 * ```
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

/**
 * As {@link iterChildren}, without Variables.
 * @param node - A module, or a container of modules.
 * @see Flax `nnx.iter_module_children`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs(0);
 * const model = new nnx.LoRA(4, 2, 3, { baseModule: new nnx.Linear(4, 3, { rngs }), rngs });
 * [...nnx.iterModuleChildren(model)].map(([key]) => key); // => ["base_module"]
 * ```
 */
export function* iterModuleChildren(node: object): Generator<readonly [key: PathPart, child: GraphNode]> {
  for (const [key, child] of iterChildren(node)) if (child instanceof GraphNode) yield [key, child];
}

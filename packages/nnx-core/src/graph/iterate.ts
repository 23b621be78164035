/** @file The nodes of a graph, one by one. */
import { describe, StructureError } from "../errors.ts";
import type { Path, PathPart } from "../path.ts";
import { Variable } from "../variable/variable.ts";
import { type Frame, partIn, pathOf } from "./frame.ts";
import { keysOf } from "./keys.ts";
import { childAt, classify, GraphNode } from "./node.ts";

interface WalkOptions {
  readonly variables: boolean;
  readonly values: boolean;
  /** Whether whoever asks wants paths; all are empty otherwise. */
  readonly paths?: boolean;
  /** Sees where the walk is when a node or container comes. */
  readonly leave?: (frame: Frame) => void;
}

const noPath: Path = [];

/** What a walk comes by: nodes, containers and Variables once, static values and arrays wherever they are. */
function* walk(
  root: unknown,
  { variables, values, paths = true, leave }: WalkOptions,
): Generator<readonly [path: Path, value: unknown]> {
  const seen = new Set<object>();
  const holding = new Set<object>();
  const enter = (value: object, part: PathPart, parent: Frame | undefined): Frame => {
    seen.add(value);
    const created: Frame = { value, keys: [], parent, part, next: 0 };
    return { ...created, keys: keysOf(value, () => pathOf(created)) };
  };
  const rootKind = classify(root);
  if (rootKind !== "node" && rootKind !== "container") {
    if (values || (rootKind === "variable" && variables)) yield [[], root];
    return;
  }
  let frame: Frame | undefined = enter(root as object, "", undefined);
  // The path of the frame. Copies of it are faster than asking each frame for its parents.
  const open: PathPart[] = [];
  while (frame) {
    const key: PathPart | undefined = frame.keys[frame.next++];
    if (key === undefined) {
      leave?.(frame);
      yield [paths ? open.slice() : noPath, frame.value];
      open.pop();
      frame = frame.parent;
      continue;
    }
    const child = childAt(frame.value, key);
    const kind = classify(child, holding);
    if (kind === "static" || kind === "leaf") {
      if (values) yield [open.concat(partIn(frame.value, key)), child];
      continue;
    }
    const node = child as object;
    if (seen.has(node)) continue;
    if (kind === "variable") {
      seen.add(node);
      if (variables) yield [paths ? open.concat(partIn(frame.value, key)) : noPath, node];
    } else {
      frame = enter(node, partIn(frame.value, key), frame);
      open.push(frame.part);
    }
  }
}

/**
 * Every node, container and Variable below `root` with its first path: children before parents, sorted, `root` last. Shared nodes come
 * once; cycles end.
 */
export function iterNodes(root: unknown): Generator<readonly [path: Path, value: object]> {
  // Without values everything that comes is an object.
  return walk(root, { variables: true, values: false }) as Generator<readonly [Path, object]>;
}

/** What {@link iterNodes} gives, without the paths, which cost more than the walk. */
export function* nodesOf(root: unknown): Generator<object> {
  for (const [, node] of walk(root, { variables: true, values: false, paths: false })) yield node as object;
}

/** The nodes and containers that {@link iterGraphNodes} gives, each with what knows its first path: paths are made when they are asked for. */
export function framesOf(root: unknown): Frame[] {
  const frames: Frame[] = [];
  const leave = (frame: Frame): void => void frames.push(frame);
  const nodes = walk(root, { variables: false, values: false, paths: false, leave });
  while (!nodes.next().done);
  return frames;
}

/** As {@link iterNodes}, without Variables. */
export function iterGraphNodes(root: unknown): Generator<readonly [path: Path, value: object]> {
  return walk(root, { variables: false, values: false }) as Generator<readonly [Path, object]>;
}

/**
 * Everything below `root`, static values too: children before parents, sorted, `root` last. Nodes, containers and Variables come once,
 * arrays and static values at each place.
 * @see Flax `nnx.iter_graph`
 */
export const iterGraph = (root: unknown): Generator<readonly [path: Path, value: unknown]> =>
  walk(root, { variables: true, values: true });

/**
 * The attributes of a node that are nodes or Variables, sorted by name; what is shared comes under each name. Lists, records and Maps are
 * not looked into, but may be the root.
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

/** @file A model as a GraphDef and its leaves, in one walk without recursion. */
import type { ArrayLike } from "../array-like.ts";
import { StructureError } from "../errors.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import { Variable } from "../variable/variable.ts";
import type { AttributeDef, Attributes, GraphDef, NodeDef, NodeType } from "./graph-def.ts";
import { childAt, classify, containerKind, GraphNode, keysOf } from "./node.ts";

/** A Variable, or an array without one, and its first path. */
export interface GraphLeaf {
  readonly path: Path;
  readonly value: Variable | ArrayLike;
}

interface Frame {
  readonly value: object;
  readonly path: Path;
  readonly keys: readonly PathPart[];
  readonly attributes: [PathPart, AttributeDef][];
  next: number;
}

/** Walks the graph depth first in sorted order; what is shared is entered at its first path only. */
export function flatten<M>(root: M): { graphdef: GraphDef<M>; leaves: GraphLeaf[] } {
  const nodes: NodeDef[] = [];
  const leaves: GraphLeaf[] = [];
  const indices = new Map<object, number>();
  const openContainers = new Set<object>();
  const stack: Frame[] = [];

  const enter = (value: object, path: Path): AttributeDef => {
    const index = nodes.length;
    if (value instanceof Variable) {
      nodes.push(Object.freeze({ kind: "variable", type: value.type, metadata: value.metadata }));
      leaves.push({ path, value });
    } else {
      const attributes: [PathPart, AttributeDef][] = [];
      nodes.push(nodeDef(value, attributes));
      stack.push({ value, path, keys: keysOf(value, path), attributes, next: 0 });
    }
    return Object.freeze({ kind: "node", index });
  };

  const visit = (value: unknown, path: Path): AttributeDef => {
    switch (classify(value)) {
      case "static":
        return Object.freeze({ kind: "static", value });
      case "array":
        leaves.push({ path, value: value as ArrayLike });
        return arrayDef;
      case "container":
        if (openContainers.has(value as object)) throw cyclicContainer(path);
        openContainers.add(value as object);
        return enter(value as object, path);
      default: {
        const known = indices.get(value as object);
        if (known !== undefined) return Object.freeze({ kind: "node", index: known });
        indices.set(value as object, nodes.length);
        return enter(value as object, path);
      }
    }
  };

  const rootDef = visit(root, []);
  for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
    const key = frame.keys[frame.next++];
    if (key === undefined) {
      openContainers.delete(frame.value);
      Object.freeze(frame.attributes);
      stack.pop();
    } else {
      frame.attributes.push([key, visit(childAt(frame.value, key), [...frame.path, key])]);
    }
  }
  return {
    graphdef: Object.freeze({ root: rootDef, nodes: Object.freeze(nodes), leafCount: leaves.length }),
    leaves,
  };
}

const arrayDef: AttributeDef = Object.freeze({ kind: "array" });

const nodeDef = (value: object, attributes: Attributes): NodeDef =>
  value instanceof GraphNode
    ? Object.freeze({ kind: "object", type: value.constructor as NodeType, attributes })
    : Object.freeze({ kind: containerKind(value) ?? "record", attributes });

const cyclicContainer = (path: Path): StructureError =>
  new StructureError(
    `graph at ${formatPath(path)}: expected containers that do not contain themselves, got a cycle of arrays, objects or ` +
      "Maps. Only modules and Variables can be part of a cycle: put a module in between.",
  );

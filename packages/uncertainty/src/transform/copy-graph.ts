/** @file Copies a model and records the copy of each part. */
import { graphdef, GraphNode, isVariableState, Variable } from "@nnxjs/nnx-core";
import { isContainer, mapItems } from "@nnxjs/nnx-core/internal";

/** A copied model, and the copy of each of its nodes and Variables. */
export interface GraphCopy<M> {
  readonly copy: M;
  readonly copyOf: ReadonlyMap<object, object>;
}

/**
 * Copies a model as `clone` does. The copy shares no module and no Variable with the original.
 * Sharing within the model is kept, subclasses keep their type, and no constructor runs. Unlike
 * `clone`, which sorts attributes, it keeps the order in which they were defined.
 * @throws StructureError when the model is not a valid graph.
 */
export function copyGraph<M>(model: M): GraphCopy<M> {
  // Walk it once for its errors, such as cyclic containers and Maps with unsupported keys.
  graphdef(model);
  const copyOf = new Map<object, object>();
  // Nodes are created empty and filled later, so that deep models need no recursion.
  const unfilled: GraphNode[] = [];
  const visit = (x: unknown): unknown => {
    if (typeof x !== "object" || x === null) return x;
    const known = copyOf.get(x);
    if (known) return known;
    if (!(x instanceof Variable || x instanceof GraphNode)) return copyContainer(x, visit);
    const copy =
      x instanceof Variable ? x.copy() : (Object.create(Object.getPrototypeOf(x) as object) as object);
    copyOf.set(x, copy);
    if (x instanceof GraphNode) unfilled.push(x);
    return copy;
  };
  const copy = visit(model) as M;
  for (let node = unfilled.pop(); node; node = unfilled.pop()) {
    // Defined, not assigned, because a class may have an accessor of this name.
    for (const [key, value] of Object.entries(node)) {
      Object.defineProperty(copyOf.get(node), key, {
        value: visit(value),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
  }
  return { copy, copyOf };
}

/** Copies a container, if anything in it is copied. Otherwise it is static, and shared. */
function copyContainer(x: object, visit: (item: unknown) => unknown): unknown {
  if (isVariableState(x)) return x;
  let changed = false;
  const item = (value: unknown): unknown => {
    const copy = visit(value);
    changed ||= copy !== value;
    return copy;
  };
  const copy = isContainer(x) ? mapItems(x, item) : x;
  return changed ? copy : x;
}

/** @file A copy of a model that remembers what is the copy of what. */
import { graphdef, GraphNode, isVariableState, Variable } from "@nnxjs/nnx-core";
import { isContainer, mapItems } from "@nnxjs/nnx-core/internal";

/** A copied model, and the copy of each node and Variable in it. */
export interface GraphCopy<M> {
  readonly copy: M;
  readonly copyOf: ReadonlyMap<object, object>;
}

/**
 * Copies a model as `clone` does: no module and no Variable is shared with the original, what was
 * shared stays shared, subclasses keep their type, no constructor runs. Besides, attributes keep
 * the order in which they were defined, which `clone` sorts.
 * @throws StructureError for what cannot be a graph.
 */
export function copyGraph<M>(model: M): GraphCopy<M> {
  // Walks it once for its errors: cyclic containers, Maps with odd keys.
  graphdef(model);
  const copyOf = new Map<object, object>();
  // Nodes are made empty and filled later: no recursion, however deep the model is.
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
    // Defined, not assigned: a class may have an accessor of this name.
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

/**
 * A container of copies; the container itself where nothing in it is copied, since it is static
 * then.
 */
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

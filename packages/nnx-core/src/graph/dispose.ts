/** @file Letting go of tensors on purpose. */
import { isContainer, itemsOf } from "../data/containers.ts";
import { nodesOf } from "./iterate.ts";
import { GraphNode } from "./node.ts";
import { isView } from "./views.ts";
import { discard } from "../ownership/lease.ts";
import { disposeOwner, isOwner } from "../state/holding.ts";
import { Variable } from "../variable/variable.ts";

/**
 * Releases the tensors that a model (with the States that it keeps), a State, patches, a Variable
 * or containers of these hold. What others hold too lives on; tensors that nobody holds are freed.
 * Doing it twice is harmless. A view (`view`, `clone` with `{ variables: false }`) owns nothing:
 * disposing it does nothing.
 * @example
 * ```ts
 * const [loss, grads] = nnx.valueAndGrad(lossFn)(model, x);
 * optimizer.update(model, grads);
 * nnx.dispose([loss, grads]);
 * ```
 */
export function dispose(value: unknown): void {
  const open: unknown[] = [value];
  // Containers may contain themselves, and each other.
  const seen = new Set<object>();
  for (let i = 0; i < open.length; i++) {
    const next = open[i];
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    if (isOwner(next)) disposeOwner(next);
    else if (next instanceof Variable) next.dispose();
    else if (next instanceof GraphNode) disposeModel(next);
    else if (!isContainer(next)) discard(next);
    else for (const item of itemsOf(next)) open.push(item);
  }
}

function disposeModel(model: GraphNode): void {
  if (isView(model)) return;
  for (const node of nodesOf(model)) {
    if (node instanceof Variable) node.dispose();
    // A State that the model keeps.
    else if (isOwner(node)) disposeOwner(node);
  }
}

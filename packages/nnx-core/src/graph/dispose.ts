/** @file Releases tensors when the user asks for it. */
import { isContainer, nested } from "../data/containers.ts";
import { nodesOf } from "./iterate.ts";
import { GraphNode } from "./node.ts";
import { isView } from "./views.ts";
import { discard } from "../ownership/lease.ts";
import { disposeOwner, isOwner } from "../state/holding.ts";
import { Variable } from "../variable/variable.ts";

/**
 * Releases the tensors of a model (with the States that it keeps), a State, patches, a Variable, or
 * containers of these. Tensors that others hold too stay alive. Tensors that nobody holds are
 * freed. Calling it twice is harmless. A view (`view`, `clone` with `{ variables: false }`) owns
 * nothing: disposing it does nothing.
 * @example
 * ```ts
 * const [loss, grads] = nnx.valueAndGrad(lossFn)(model, x);
 * optimizer.update(model, grads);
 * nnx.dispose([loss, grads]);
 * ```
 */
export function dispose(value: unknown): void {
  for (const each of nested(value, (x) => isContainer(x) && !isOwner(x))) {
    if (isOwner(each)) disposeOwner(each);
    else if (each instanceof Variable) each.dispose();
    else if (each instanceof GraphNode) disposeModel(each);
    else if (!isContainer(each)) discard(each);
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

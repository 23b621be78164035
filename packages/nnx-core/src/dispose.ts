/** @file Letting go of tensors on purpose. */
import { nodesOf } from "./graph/iterate.ts";
import { containerKind, GraphNode, itemsOf } from "./graph/node.ts";
import { isView } from "./graph/views.ts";
import { discard } from "./ownership/holders.ts";
import { disposeOwner, isOwner } from "./state/holding.ts";
import { Variable } from "./variable/variable.ts";

/**
 * Releases the tensors that a model, a State, patches, a Variable or containers of these hold. What others hold too lives on; tensors that
 * nobody holds are freed. Doing it twice is harmless. A view (`view`, `clone` with `{ variables: false }`) owns nothing: disposing it does
 * nothing.
 * @example
 * ```ts
 * const [loss, grads] = nnx.valueAndGrad(lossFn)(model, x);
 * optimizer.update(model, grads);
 * nnx.dispose([loss, grads]);
 * ```
 */
export function dispose(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (isOwner(value)) disposeOwner(value);
  else if (value instanceof Variable) value.dispose();
  else if (value instanceof GraphNode) {
    if (isView(value)) return;
    for (const node of nodesOf(value)) if (node instanceof Variable) node.dispose();
  } else if (containerKind(value) === undefined) discard(value);
  else for (const item of itemsOf(value)) dispose(item);
}

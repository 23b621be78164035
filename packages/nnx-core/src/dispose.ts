/** @file Letting go of tensors on purpose. */
import { iterNodes } from "./graph/iterate.ts";
import { containerKind, GraphNode } from "./graph/node.ts";
import { discard } from "./ownership/holders.ts";
import { disposeState, isLiveState } from "./state/builder.ts";
import { Variable } from "./variable/variable.ts";

/**
 * Releases the tensors that a model, a State, a Variable or containers of these hold. What others hold too lives on; tensors that nobody
 * holds are freed. Doing it twice is harmless.
 * @example
 * ```ts
 * const [loss, grads] = nnx.valueAndGrad(lossFn)(model, x);
 * optimizer.update(model, grads);
 * nnx.dispose([loss, grads]);
 * ```
 */
export function dispose(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (isLiveState(value)) disposeState(value);
  else if (value instanceof Variable) value.dispose();
  else if (value instanceof GraphNode) {
    for (const [, node] of iterNodes(value)) if (node instanceof Variable) node.dispose();
  } else {
    const kind = containerKind(value);
    if (kind === undefined) discard(value);
    else
      for (const item of kind === "record" ? Object.values(value) : (value as unknown[]).values())
        dispose(item);
  }
}

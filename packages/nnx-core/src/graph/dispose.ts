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
 * @param value - A model, a State, a tensor, or lists and plain objects of these.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.adam(1e-3));
 * const lossFn = (m: nnx.Linear) => tf.mean(tf.square(m.forward(tf.ones([2, 4]))));
 * const [loss, grads] = nnx.valueAndGrad(lossFn)(model);
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

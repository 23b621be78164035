/** @file Copies models. */
import { checkOptions } from "../data/options.ts";
import { pathOf } from "../data/place.ts";
import { DisposedError } from "../errors.ts";
import { hasDisposed } from "../ownership/lease.ts";
import { isOfScope } from "../ownership/scopes.ts";
import type { PathPart } from "../path.ts";
import { disposedValueText } from "../state/holding.ts";
import { heldValue, type StateLeaf } from "../state/state.ts";
import { Variable } from "../variable/variable.ts";
import { GraphWalk, type LeafValue } from "./flatten.ts";
import type { KeyOrder } from "./keys.ts";
import { putBare } from "./match.ts";
import { GraphNode } from "./node.ts";
import { build, type Make, newParts } from "./unflatten.ts";
import { markAsView } from "./views.ts";

/** How a model is copied. */
export interface CloneOptions {
  /**
   * Whether Variables are copied. `false` makes new modules that share the original's Variables.
   * @defaultValue true
   */
  variables?: boolean;
}

/** How {@link copyGraph} copies. */
export interface CopyOptions {
  /** Whether the copy shares the original's Variables. Such a copy owns nothing. */
  readonly isView?: boolean;
  /** The order of the copy's attributes. @defaultValue "sorted" */
  readonly order?: KeyOrder;
}

/** A copied model, and the copy of each module and Variable of the original. */
export interface GraphCopy<M> {
  readonly copy: M;
  readonly copyOf: ReadonlyMap<object, object>;
}

/**
 * Copies a model in one walk. Shared parts are shared in the copy, too. No constructor runs. Static
 * values are shared with the original.
 * @throws {@link StructureError} for objects that cannot be a graph or cannot be copied; {@link
 * DisposedError} for disposed tensors.
 */
export function copyGraph<M>(root: M, { isView = false, order }: CopyOptions = {}): GraphCopy<M> {
  const variables: StateLeaf[] = [];
  const bare = new Map<number, Map<PathPart, StateLeaf>>();
  const put = (_: unknown, value: LeafValue, at: GraphWalk): void => {
    const leaf = value instanceof Variable ? value.toState() : value;
    if (hasDisposed(heldValue(leaf))) throw new DisposedError(disposedValueText("State", pathOf(at.at())));
    if (value instanceof Variable) variables[at.indices.get(value) as number] = leaf;
    else putBare(bare, at.owner, at.key, leaf);
  };
  const walk = new GraphWalk({ leaf: put }, order);
  const graphdef = walk.run(root);
  const leaves = { variables, bare, root: bare.get(-1)?.get("") };
  const originals: object[] = [];
  for (const [original, index] of walk.indices) originals[index] = original;
  const own: Make = { ...newParts, variable: (_, __, index) => originals[index], state: Object.freeze };
  const { model, nodes } = build(graphdef, leaves, isView ? own : newParts);
  const copyOf = new Map<object, object>();
  const shared = new Set(isView ? originals.filter(isOfScope) : []);
  for (const [original, index] of walk.indices) {
    const copy = nodes[index] as object;
    copyOf.set(original, copy);
    if (isView && copy instanceof GraphNode) markAsView(copy, shared);
  }
  return { copy: model, copyOf };
}

/**
 * Returns a copy that shares tensors with the original, but no module and no Variable. A tensor is
 * shared only until one of the two replaces it. With `{ variables: false }` the copy shares the
 * Variables. Such a view owns nothing, so disposing it does nothing. Static attributes are shared
 * by reference.
 * @param node - The model, or any graph.
 * @see Flax `nnx.clone`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const copy = nnx.clone(model);
 * copy.kernel === model.kernel; // => false
 * nnx.equalGraphDefs(nnx.graphdef(copy), nnx.graphdef(model)); // => true
 * ```
 */
export function clone<M>(node: M, options: CloneOptions = {}): M {
  checkOptions<CloneOptions>("clone", options, { variables: true });
  const { variables = true } = options;
  return copyGraph(node, { isView: !variables }).copy;
}

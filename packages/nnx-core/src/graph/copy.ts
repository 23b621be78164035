/** @file The one copier of models. */
import { checkOptions } from "../data/options.ts";
import { pathOf } from "../data/place.ts";
import { DisposedError } from "../errors.ts";
import { hasDisposed } from "../ownership/lease.ts";
import type { PathPart } from "../path.ts";
import { disposedValueText } from "../state/holding.ts";
import { leafValue, type StateLeaf } from "../state/state.ts";
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
   * New Variables; `false` makes new modules around the original's own Variables.
   * @defaultValue true
   */
  variables?: boolean;
}

/** How {@link copyGraph} copies. */
export interface CopyOptions {
  /** Whether the original's own Variables are in the copy, which owns nothing then. */
  readonly isView?: boolean;
  /** The order of the copy's attributes. @defaultValue "sorted" */
  readonly order?: KeyOrder;
}

/** A copied model, and what became of each module and Variable of the original. */
export interface GraphCopy<M> {
  readonly copy: M;
  readonly copyOf: ReadonlyMap<object, object>;
}

/**
 * Copies a model in one walk: what was shared is shared again, no constructor runs, and static
 * values are the original's own.
 * @throws {@link StructureError} for what cannot be a graph, or not be copied;
 * {@link DisposedError} where a tensor is gone.
 */
export function copyGraph<M>(root: M, { isView = false, order }: CopyOptions = {}): GraphCopy<M> {
  const variables: StateLeaf[] = [];
  const bare = new Map<number, Map<PathPart, StateLeaf>>();
  const put = (_: unknown, value: LeafValue, at: GraphWalk): void => {
    const leaf = value instanceof Variable ? value.toState() : value;
    if (hasDisposed(leafValue(leaf))) throw new DisposedError(disposedValueText("State", pathOf(at.at())));
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
  for (const [original, index] of walk.indices) {
    const copy = nodes[index] as object;
    copyOf.set(original, copy);
    if (isView && copy instanceof GraphNode) markAsView(copy);
  }
  return { copy: model, copyOf };
}

/**
 * A copy that shares no module and no Variable with the original, only tensors, and those only
 * until one of them is replaced. With `{ variables: false }` it shares the Variables: a view, which
 * owns nothing, so that disposing it does nothing. Static attributes are shared by reference.
 * @see Flax `nnx.clone`
 */
export function clone<M>(node: M, options: CloneOptions = {}): M {
  checkOptions<CloneOptions>("clone", options, { variables: true });
  const { variables = true } = options;
  return copyGraph(node, { isView: !variables }).copy;
}

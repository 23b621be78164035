/** @file Updating a model's parameters, step by step. */
import {
  describe,
  type Filter,
  flattenState,
  formatPath,
  GraphNode,
  isVariableState,
  iterNodes,
  Param,
  type Path,
  type State,
  state as stateOf,
  StructureError,
  toPredicate,
  Variable,
} from "@nnxjs/nnx-core";
import { OptState, type OptStateTree, toValues, toVariables, writeValues } from "./opt-state.ts";
import { add, isTensor, type Tensor, tidy } from "./tensor.ts";
import type { GradientTransformation } from "./transformation.ts";
import { mapTree, type Tree } from "./tree.ts";

/** Options of {@link Optimizer}. */
export interface OptimizerOptions {
  /** Which Variables of the model are updated. @defaultValue Param */
  wrt?: Filter;
}

/**
 * A gradient transformation with its state, for one model. It does not hold the model. Its state is made of Variables: split, save and merge it
 * like a model.
 * @see Flax `nnx.Optimizer`
 * @example
 * ```ts
 * const optimizer = new nnx.Optimizer(model, nnx.adam(1e-3), { wrt: nnx.Param });
 * const [loss, grads] = nnx.valueAndGrad(lossFn)(model, x);
 * optimizer.update(model, grads);
 * ```
 */
export class Optimizer extends GraphNode {
  /** How many updates were made. */
  readonly step: OptState<number>;
  /** The transformation's state, a Variable around each value. */
  readonly optState: OptStateTree;
  readonly tx: GradientTransformation;
  readonly wrt: Filter;

  /** @param model - Only its parameters' paths and shapes are used. @param tx - Such as `adam(1e-3)`. */
  constructor(model: object, tx: GradientTransformation, { wrt = Param }: OptimizerOptions = {}) {
    super();
    this.tx = tx;
    this.wrt = wrt;
    this.step = new OptState(0);
    this.optState = tidy((() => toVariables(tx.init(toTree(parametersOf(model, wrt))))) as () => never);
  }

  /**
   * Writes the updated parameters into the model, in place.
   * @param grads - The gradients by path, as `grad` returns them; a State or a module. Further paths are left alone.
   * @throws StructureError when the gradient of a parameter is missing or has another shape; nothing is changed then.
   * @see Flax `Optimizer.update`, which also returns the updates
   */
  update(model: object, grads: State | GraphNode): void {
    // The scope frees what the step leaves behind; what Variables hold stays.
    tidy(() => {
      const parameters = parametersOf(model, this.wrt);
      const params = toTree(parameters);
      const gradients = toTree(gradientsFor(parameters, grads));
      const [updates, next] = this.tx.update(gradients, toValues(this.optState), params);
      const values = mapTree((p, u) => add(p, u), params, updates);
      for (const [path, variable] of parameters) variable.value = at(values, path);
      writeValues(this.optState, next);
      this.step.value++;
    });
  }
}

type Parameter = readonly [path: Path, variable: Variable<Tensor>];

function parametersOf(model: object, wrt: Filter): Parameter[] {
  const matches = toPredicate(wrt);
  const found: Parameter[] = [];
  for (const [path, node] of iterNodes(model)) {
    if (!(node instanceof Variable) || !matches(path, node)) continue;
    if (!isTensor(node.value)) {
      throw new StructureError(
        `Optimizer at ${formatPath(path)}: expected tensors to optimize, got ${describe(node.value)}. Leave it out with { wrt }.`,
      );
    }
    found.push([path, node as Variable<Tensor>]);
  }
  return found;
}

/** The gradient of each parameter, in a holder so that both are made into trees alike. */
function gradientsFor(
  parameters: readonly Parameter[],
  grads: State | GraphNode,
): [Path, { value: Tensor }][] {
  const entries = grads instanceof GraphNode ? flattenState(stateOf(grads)) : flattenState(grads);
  const byPath = new Map(
    entries.map(([path, leaf]) => [formatPath(path), isVariableState(leaf) ? leaf.value : leaf]),
  );
  return parameters.map(([path, variable]) => {
    const value = byPath.get(formatPath(path));
    if (isTensor(value) && String(value.shape) === String(variable.value.shape)) return [path, { value }];
    throw new StructureError(
      `Optimizer.update at ${formatPath(path)}: expected a gradient like ${describe(variable.value)}, got ${describe(value)}. ` +
        "Differentiate with the same `wrt` as the optimizer's, and pass the gradients of this model.",
    );
  });
}

function toTree(entries: readonly (readonly [Path, { readonly value: Tensor }])[]): Tree {
  const root: Record<string, Tree | Tensor> = {};
  for (const [path, { value }] of entries) {
    let node = root;
    for (const part of path.slice(0, -1)) {
      node[part] ??= {};
      node = node[part] as Record<string, Tree | Tensor>;
    }
    node[path.at(-1) ?? ""] = value;
  }
  return root;
}

function at(tree: Tree, path: Path): Tensor {
  const leaf =
    path.length === 0
      ? tree[""]
      : path.reduce<Tree | Tensor>((node, part) => (node as Tree)[part] as Tree, tree);
  return leaf as Tensor;
}

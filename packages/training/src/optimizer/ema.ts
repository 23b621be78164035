/** @file A running mean of a model's parameters. */
import { add, mul, type Tensor } from "@nnxjs/kernels/internal";
import {
  clone,
  type Filter,
  formatPath,
  GraphNode,
  isVariableState,
  type Path,
  registerModule,
  StructureError,
  Variable,
  type VariableState,
} from "@nnxjs/nnx-core";
import { checkOptions, describe, entriesOf, nodesOf, setChild } from "@nnxjs/nnx-core/internal";
import { checkDecay } from "../checks.ts";
import { isLike } from "../tree/like.ts";
import { align } from "../tree/structure.ts";
import type { Nested } from "../tree/tree.ts";
import { type Change, commit } from "./commit.ts";
import { inScope } from "./in-scope.ts";
import { type Parameters, parametersOf } from "./parameters.ts";

/** Options of {@link EMA}. */
export interface EMAOptions {
  /**
   * Which Variables are followed; all of them hold float32 tensors.
   * @defaultValue true, all
   */
  only?: Filter;
}

/**
 * The running mean of a model's parameters: `mean = decay * mean + (1 - decay) * parameter` at each
 * `update`. It holds the means in Variables of its own, of the parameters' types; `applyTo` gives a
 * model that uses them, and follows every update.
 * @see Flax `nnx.EMA`; Polyak and Juditsky 1992, https://doi.org/10.1137/0330046
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.sgd(0.1));
 * const ema = new nnx.EMA(model, 0.9, { only: nnx.Param });
 * const smooth = ema.applyTo(model);
 * const lossFn = (m: nnx.Linear) => tf.mean(tf.square(m.forward(tf.ones([3, 2]))));
 * for (let step = 0; step < 5; step++) {
 *   tf.tidy(() => optimizer.update(model, nnx.grad(lossFn)(model)));
 *   ema.update(model);
 * }
 * smooth.forward(tf.ones([1, 2])); // with the means
 * ```
 */
export class EMA extends GraphNode {
  readonly decay: number;
  readonly filter: Filter;
  /** The means, by path. */
  readonly params: Nested<Variable<Tensor>>;

  /**
   * @param params - A model, or an array, record or Map of models, or a State; the means begin with
   * its values.
   * @param decay - In `[0, 1)`.
   * @throws RangeError for a decay outside `[0, 1)`; StructureError naming the path, for what is no
   * Variable of a float32 tensor, and when there is nothing to follow.
   */
  constructor(params: object, decay: number, options: EMAOptions = {}) {
    super();
    checkDecay("EMA", "decay", decay);
    checkOptions<EMAOptions>("EMA", options, { only: true });
    const { only = true } = options;
    this.decay = decay;
    this.filter = only;
    const { places, values } = followed("EMA", params, only);
    const { rows, finish } = align([places, values], 1, differs("EMA"));
    for (const row of rows) {
      const [place] = row.leaves;
      if (!(place instanceof Variable) && !isVariableState(place)) throw bare(row.path(), row.leaves[1]);
    }
    for (const row of rows) row.put(0, copyOf(row.leaves[0] as Variable | VariableState));
    this.params = finish()[0] as Nested<Variable<Tensor>>;
  }

  /**
   * Takes the parameters into the means.
   * @param updates - The model that the means were made for, as it is now, or its State.
   * @throws StructureError naming the path, for other paths, shapes and dtypes; the means are as
   * before then.
   */
  update(updates: object): void {
    inScope(() => {
      const { values } = followed("EMA.update", updates, this.filter);
      const { rows } = align([this.params, values], 0, differs("EMA.update"));
      const changes = rows.map((row): Change => {
        const [variable, value] = row.leaves as readonly [Variable<Tensor>, Tensor];
        if (!isLike(value, variable.value))
          throw differs("EMA.update")(row.path(), 1, value, describe(variable.value));
        return [variable, add(mul(variable.value, this.decay), mul(value, 1 - this.decay))];
      });
      commit(changes, []);
    });
  }

  /**
   * A model like the given one, with the means in the place of the parameters that are followed. It
   * shares the Variables of both, so that it follows every update, and owns nothing: disposing it
   * does nothing.
   * @param model - The model that the means were made for.
   * @throws StructureError naming the path, for a model of other paths.
   */
  applyTo<M extends object>(model: M): M {
    const { places } = followed("EMA.applyTo", model, this.filter);
    const { rows } = align([this.params, places], 0, differs("EMA.applyTo"));
    const means = new Map(rows.map(({ leaves: [mean, original] }) => [original, mean]));
    if (model instanceof Variable) return (means.get(model) ?? model) as M;
    const view = clone(model, { variables: false });
    for (const owner of [...nodesOf(view)]) {
      if (owner instanceof Variable) continue;
      for (const [key, item] of entriesOf(owner)) {
        const mean = means.get(item);
        if (mean !== undefined) setChild(owner, key as string, mean);
      }
    }
    return view;
  }
}

registerModule("EMA", EMA);

function followed(where: string, model: object, only: Filter): Parameters {
  const found = parametersOf(where, model, only, undefined, "only");
  if (found) return found;
  throw new StructureError(
    `${where}: expected { only } to select Variables of the model, got none in ${describe(model)}. Leave it out for all.`,
  );
}

const copyOf = (place: Variable | VariableState): unknown => {
  if (place instanceof Variable) return place.copy();
  const { type, value, metadata } = place;
  return new type(value as never, metadata);
};

const bare = (path: Path, got: unknown): StructureError =>
  new StructureError(
    `EMA at ${formatPath(path)}: expected Variables, got ${describe(got)} without one. Leave it out with { only }.`,
  );

const differs =
  (where: string) =>
  (path: Path, _: number, got: unknown, like = "the parameter that the mean is of"): StructureError =>
    new StructureError(
      `${where} at ${formatPath(path)}: expected ${like}, got ${got === undefined ? "nothing" : describe(got)}. ` +
        "Pass the model that the EMA was made for.",
    );

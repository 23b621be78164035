/** @file Updating a model's parameters, step by step. */
import { add, isRecorded, type Tensor, withStepMemory } from "@nnxjs/kernels/internal";
import {
  type Filter,
  formatPath,
  GraphNode,
  Param,
  type Path,
  registerModule,
  StructureError,
  Variable,
} from "@nnxjs/nnx-core";
import { checkOptions, describe, onHost, unread } from "@nnxjs/nnx-core/internal";
import { type BareChange, type Change, commit } from "./commit.ts";
import { extraArgs, type UpdateExtra } from "./extra.ts";
import type { Gradients } from "./gradients.ts";
import { hiddenParameter } from "./hidden.ts";
import { changesOf, OptState, type OptStateTree, toValues, toVariables } from "./opt-state.ts";
import { type BareTensor, isValues, type Parameters, parametersOf } from "./parameters.ts";
import { checkConstruction, checkUpdate, noModel, nothingToTrain, outOfSight } from "./refusals.ts";
import { align } from "../tree/structure.ts";
import { applyingStep } from "../transformations/applying.ts";
import type { GradientTransformation } from "../transformations/transformation.ts";
import { inScope } from "./in-scope.ts";
import { memoryOfStep } from "./step-memory.ts";
import { isLike } from "../tree/like.ts";
import { kindsOf, likenesses, variablesOf, withVariables } from "../tree/variables.ts";

/** Options of {@link Optimizer}. */
export interface OptimizerOptions {
  /**
   * Which parameters of the model are updated: Variables, and with a predicate also tensors that
   * are attributes without a Variable around them.
   * @defaultValue Param
   */
  wrt?: Filter;
}

/**
 * What optimizers have in common: the state, and how a step is made.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const optimizer = new nnx.Optimizer(new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) }), nnx.adam(1e-3));
 * [optimizer instanceof nnx.OptimizerBase, optimizer.step.value]; // => [true, 0]
 * ```
 */
export abstract class OptimizerBase extends GraphNode {
  /** How many updates were made. */
  readonly step: OptState<number>;
  /** The transformation's state, a Variable around each value. */
  readonly optState: OptStateTree;
  readonly tx: GradientTransformation;
  readonly wrt: Filter;

  /**
   * @param model - A module, or an array, record or Map of modules, or a State of one. Only its
   * parameters' paths and shapes are used.
   * @param tx - Such as `adam(1e-3)`.
   * @throws StructureError when there is nothing to train, or some of it is where the graph does
   * not see it.
   */
  constructor(model: object, tx: GradientTransformation, options: OptimizerOptions = {}) {
    super();
    checkConstruction(model, tx);
    checkOptions<OptimizerOptions>("Optimizer", options, { wrt: true });
    const { wrt = Param } = options;
    this.tx = tx;
    this.wrt = wrt;
    this.step = new OptState(0);
    const parameters = parametersOf("Optimizer", model, wrt);
    const hidden = hiddenParameter(model, wrt);
    if (hidden !== undefined) throw outOfSight(hidden);
    if (!parameters) throw nothingToTrain("Optimizer", model);
    this.optState = inScope(() => toVariables(tx.init(parameters.values)));
  }

  /** One step; see {@link Optimizer.update}. */
  protected stepOf<M extends object>(model: M, grads: Gradients, extra: UpdateExtra<M>): void {
    checkUpdate(model, grads);
    // The scope frees what the step leaves behind; what Variables hold stays.
    inScope(() => {
      const parameters = isValues(model)
        ? undefined
        : parametersOf("Optimizer.update", model, this.wrt, grads);
      if (!parameters)
        throw noModel(model, grads, !isValues(grads) && parametersOf("", grads, this.wrt) !== undefined);
      const args = extraArgs(model, this.wrt, parameters, extra);
      const apply = applyingStep(this.tx);
      const { tx, step, optState } = this;
      const { gradients, values } = parameters;
      const variables: unknown[] = [...parameters.list];
      const now = unread(() => ({
        gradients,
        values,
        state: toValues(optState, variables),
        step: checkCount(step.value),
      }));
      const own = apply && memoryOfStep(variables);
      const kinds = isRecorded() ? kindsOf(parameters.list) : [];
      let alike: object | undefined;
      const made = onHost({
        values: now,
        variables: { state: optState, step },
        run: (given) => {
          const params = given.values;
          if (!variablesOf(params)) {
            alike ??= likenesses(params, kinds);
            withVariables(params, alike);
          }
          const result = apply
            ? withStepMemory(own?.memory, () => apply(given.gradients, given.state, params, args))
            : tx.update(given.gradients, given.state, params, args);
          return [...checkResult(result), given.step + 1] as const;
        },
        targets: [undefined, optState, step],
      });
      const [updates, next, count] = made;
      const { changes, bare } = applied(parameters, updates, apply ? (_, after) => after : add);
      const all: readonly Change[] = [...changes, ...unread(() => changesOf(optState, next))];
      commit([...all, [step, count]], bare);
      if (own) for (const [variable, value] of all) own.wrote(variable, value);
    });
  }
}

/**
 * A gradient transformation with its state, for one model. It does not hold the model. Its state is
 * made of Variables: split, save and merge it like a model. Its definition goes through JSON, with
 * transformations of this library, and own functions that are registered.
 * @see Flax `nnx.Optimizer`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 1, { useBias: false, rngs: new nnx.Rngs(0) });
 * model.kernel.value = tf.ones([2, 1]);
 * const optimizer = new nnx.Optimizer(model, nnx.sgd(0.5), { wrt: nnx.Param });
 * const lossFn = (m: nnx.Linear, x: tf.Tensor) => tf.mean(m.forward(x));
 * const [loss, grads] = nnx.valueAndGrad(lossFn)(model, tf.tensor2d([[1, 2]]));
 * optimizer.update(model, grads);
 * Array.from(model.kernel.value.dataSync()); // => [0.5, 0]
 * nnx.dispose([loss, grads]);
 * ```
 */
export class Optimizer extends OptimizerBase {
  /**
   * Writes the updated parameters into the model, in place.
   * @param model - The model, or array, record or Map of models, that the optimizer was made for.
   * @param grads - The gradients by path, as `grad` returns them, or a module with them. Further
   * paths are left alone.
   * @param extra - What some transformations need: `value` and `valueFn` for line searches.
   * @throws StructureError when the gradient of a parameter is missing or has another shape, when
   * the optimizer remembers something of other shapes, or when the transformation returns another
   * structure; RangeError for a schedule that gives no number; and what a `setValue` throws. Model,
   * state and count are as before then.
   * @see Flax `Optimizer.update`, which also returns the updates
   */
  update<M extends object>(model: M, grads: Gradients, extra: UpdateExtra<M> = {}): void {
    this.stepOf(model, grads, extra);
  }
}

registerModule("Optimizer", Optimizer);

/**
 * An Optimizer that holds its model, as Flax had it before 0.11.
 * @see Flax `nnx.ModelAndOptimizer`, which Flax wants to remove: prefer `Optimizer`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 1, { rngs: new nnx.Rngs(0) });
 * const trainer = new nnx.ModelAndOptimizer(model, nnx.adam(1e-3));
 * const grads = nnx.grad((m: nnx.Linear) => tf.mean(m.forward(tf.ones([2, 4]))))(trainer.model);
 * trainer.update(grads);
 * nnx.dispose(grads);
 * ```
 */
export class ModelAndOptimizer<M extends object = object> extends OptimizerBase {
  readonly model: M;

  /** As of {@link Optimizer}. */
  constructor(model: M, tx: GradientTransformation, options: OptimizerOptions = {}) {
    super(model, tx, options);
    this.model = model;
  }

  /** As of {@link Optimizer}, on its own model. */
  update(grads: Gradients, extra: UpdateExtra<M> = {}): void {
    this.stepOf(this.model, grads, extra);
  }
}

registerModule("ModelAndOptimizer", ModelAndOptimizer);

function checkResult<R>(result: R): R {
  if (Array.isArray(result) && result.length === 2) return result;
  throw new StructureError(
    `Optimizer.update: expected the transformation to return [updates, state], got ${describe(result)}. Return both, without await.`,
  );
}

function checkCount(count: unknown): number {
  if (typeof count === "number" && !Number.isNaN(count)) return count;
  throw new StructureError(
    `Optimizer.update at step: expected a plain number, got ${describe(count)}. Restore the State of an optimizer.`,
  );
}

/**
 * Each parameter with its update added.
 * @throws StructureError for updates of other paths or shapes.
 */
function applied(
  { places, values }: Parameters,
  updates: unknown,
  apply: (before: Tensor, change: Tensor) => Tensor,
): { changes: Change[]; bare: BareChange[] } {
  const refused = (path: Path, got: unknown, like = ""): StructureError =>
    new StructureError(
      `Optimizer.update at ${formatPath(path)}: expected the transformation to return one update for each parameter${like}, ` +
        `got ${got === undefined ? "nothing" : describe(got)}. Map its gradients with mapTree.`,
    );
  const changes: Change[] = [];
  const bare: BareChange[] = [];
  const { rows } = align([places, values, updates], 0, (path, _, got) => refused(path, got));
  for (const row of rows) {
    const [place, before, change] = row.leaves as readonly [unknown, Tensor, Tensor];
    if (!isLike(change, before)) throw refused(row.path(), change, ` like itself, here ${describe(before)}`);
    const after = apply(before, change);
    if (place instanceof Variable) changes.push([place, after]);
    else bare.push({ place: place as BareTensor, path: row.path(), before, after });
  }
  return { changes, bare };
}

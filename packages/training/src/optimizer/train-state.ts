/** @file A model, its optimizer and the count of steps as one immutable value. */
import {
  call,
  type Caller,
  type GraphDef,
  GraphNode,
  mergeState,
  type NodeType,
  registerModule,
  replaceByPure,
  type State,
  StructureError,
  tidy,
} from "@nnxjs/nnx-core";
import { checkOptions, describe, isOwner } from "@nnxjs/nnx-core/internal";
import { applyUpdates } from "../tree/arithmetic.ts";
import type { Tree } from "../tree/tree.ts";
import {
  checkTransformation,
  type ExtraArgs,
  type GradientTransformation,
} from "../transformations/transformation.ts";
import type { Gradients } from "./gradients.ts";
import { changesOf, OptState, type OptStateTree, toValues, toVariables } from "./opt-state.ts";
import { type Parameters, parametersOf } from "./parameters.ts";

/** What a {@link TrainState} is made of. */
export interface TrainStateFields {
  /** What is trained. */
  readonly params: State;
  readonly tx: GradientTransformation;
  /** Steps taken. @defaultValue 0 */
  readonly step?: number;
  /** Further States by name, such as that of statistics; they stay as they are. */
  readonly others?: Readonly<Record<string, State>>;
}

/** What changes beside the parameters. */
export interface ApplyGradientsOptions {
  /** Further States that take the place of those of their name. */
  readonly others?: Readonly<Record<string, State>>;
  /** What the transformation needs beside gradients. */
  readonly extra?: ExtraArgs;
}

/**
 * A model's definition and parameters, the optimizer's state and the count of steps. It never
 * changes: a step makes another one. For programs in the functional style; `Optimizer` updates a
 * model in place.
 * @see Flax `nnx.TrainState`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * const [graphdef, params] = nnx.split(model, nnx.Param);
 * let train = nnx.TrainState.create(graphdef, { params, tx: nnx.sgd(0.1) });
 * const lossFn = (m: nnx.Linear) => tf.mean(tf.square(m.forward(tf.ones([3, 2]))));
 * for (let step = 0; step < 3; step++) {
 *   const grads = nnx.grad(lossFn)(nnx.merge(train.graphdef, train.params));
 *   train = train.applyGradients(grads);
 * }
 * const [y] = train.apply("params").forward(tf.ones([1, 2]));
 * train.step.value; // => 3
 * ```
 */
export class TrainState<M extends object = object> extends GraphNode {
  readonly graphdef: GraphDef<M>;
  readonly params: State;
  /** The transformation's state, a Variable around each value. */
  readonly optState: OptStateTree;
  readonly step: OptState<number>;
  readonly tx: GradientTransformation;
  readonly others: Readonly<Record<string, State>>;

  private constructor(
    fields: Pick<TrainState<M>, "graphdef" | "params" | "optState" | "tx" | "others">,
    step: number,
  ) {
    super();
    this.graphdef = fields.graphdef;
    this.params = fields.params;
    this.optState = fields.optState;
    this.step = new OptState(step);
    this.tx = fields.tx;
    this.others = fields.others;
  }

  /**
   * The first one.
   * @throws StructureError for what is no transformation, no State, or no State of float32 tensors.
   */
  static create<M extends object>(graphdef: GraphDef<M>, fields: TrainStateFields): TrainState<M> {
    checkOptions<TrainStateFields>("TrainState.create", fields, {
      params: true,
      tx: true,
      step: true,
      others: true,
    });
    const { params, tx, step = 0, others = {} } = fields;
    checkTransformation("TrainState.create", tx);
    for (const [name, each] of Object.entries({ params, ...others }))
      checkIsState("TrainState.create", name, each);
    const { values } = trained("TrainState.create", params);
    const optState = tidy(() => toVariables(tx.init(values)));
    return new TrainState({ graphdef, params, optState, tx, others }, step);
  }

  /**
   * The methods of the model that these States make, as `call` has them: each returns its result and
   * the model after it.
   * @param states - `"params"`, names of `others`, or States.
   * @throws StructureError for a name of no State.
   */
  apply(...states: readonly (string | State)[]): Caller<M> {
    const found = states.map((each) => (typeof each === "string" ? this.stateOf(each) : each));
    const [first, ...more] = found.length > 0 ? (found as [State, ...State[]]) : [this.params];
    return call([this.graphdef, mergeState(first, ...more)]);
  }

  /**
   * The next one: parameters and the optimizer's state after a step.
   * @param grads - The gradients by path, as `grad` returns them.
   * @throws StructureError for gradients that are not like the parameters, and for a transformation
   * that returns another structure.
   */
  applyGradients(grads: Gradients, options: ApplyGradientsOptions = {}): TrainState<M> {
    const where = "TrainState.applyGradients";
    checkOptions<ApplyGradientsOptions>(where, options, { others: true, extra: true });
    const { others = {}, extra = {} } = options;
    for (const [name, each] of Object.entries(others)) checkIsState(where, name, each);
    const parts = tidy(() => {
      const { values, gradients } = trained(where, this.params, grads);
      const args = { grad: gradients, ...extra };
      const [updates, next] = this.tx.update(gradients, toValues(this.optState), values, args);
      // It refuses a state of another structure.
      changesOf(this.optState, next);
      const params: Tree = applyUpdates(values, updates);
      return { params: replaceByPure(this.params, params), optState: toVariables(next) };
    });
    const { graphdef, tx, step } = this;
    return new TrainState({ graphdef, tx, ...parts, others: { ...this.others, ...others } }, step.value + 1);
  }

  private stateOf(name: string): State {
    const found: unknown = name === "params" ? this.params : this.others[name];
    if (found !== undefined) return found as State;
    throw new StructureError(
      `TrainState.apply: expected the name of a State among {${["params", ...Object.keys(this.others)].join(", ")}}, ` +
        `got ${describe(name)}. Pass the State itself, or give it to TrainState.create as one of others.`,
    );
  }
}

// Definitions never construct: that its constructor is private does not matter.
registerModule("TrainState", TrainState as unknown as NodeType);

function checkIsState(where: string, name: string, state: unknown): void {
  if (typeof state === "object" && state !== null && isOwner(state)) return;
  throw new StructureError(
    `${where}: expected ${name} to be a State, got ${describe(state)}. Pass what split or state returned.`,
  );
}

function trained(where: string, params: State, grads?: Gradients): Parameters {
  const found = parametersOf(where, params, true, grads, "params");
  if (found) return found;
  throw new StructureError(
    `${where}: expected parameters to train, got none in ${describe(params)}. Pass nnx.state(model, nnx.Param).`,
  );
}

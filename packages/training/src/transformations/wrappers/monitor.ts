/** @file Measurements of updates on their way. */
import { cast, isTensor, type Tensor } from "@nnxjs/kernels/internal";
import { registerFactory, StructureError } from "@nnxjs/nnx-core";
import { checkFunction, describe } from "@nnxjs/nnx-core/internal";
import { mapTree, type Tree } from "../../tree/tree.ts";
import { ema, type EmaOptions } from "../parts/ema.ts";
import {
  chain,
  type GradientTransformation,
  isTransformation,
  type TransformationState,
} from "../transformation.ts";

/**
 * A measurement of updates: a scalar such as `globalNorm` gives, or any tensors and numbers, always
 * of one structure.
 */
export type Measure = (updates: Tree) => TransformationState;

/** Measurements by name. */
type Measurements = { readonly [name: string]: TransformationState };

/**
 * Keeps a measurement of the updates in the state, and passes them on as they are. Before the first
 * step it is that of the parameters.
 * @param measure - A function of the updates.
 * @param measureName - Its name in the state.
 * @see `optax.snapshot`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.chain(nnx.snapshot("norm", nnx.globalNorm), nnx.clipByGlobalNorm(1), nnx.adam(1e-3));
 * ```
 */
export const snapshot: (
  measureName: string,
  measure: Measure,
) => GradientTransformation<{ readonly measurement: Measurements }> = registerFactory(
  "tx.snapshot",
  (measureName, measure) => {
    checkFunction("snapshot", measure, "measureName, measure", "second");
    const taken = (updates: Tree) => ({ measurement: { [measureName]: measure(updates) } });
    return { init: taken, update: (updates) => [updates, taken(updates)] };
  },
);

type MonitorState = {
  readonly measurements: Measurements;
  /** What transformations that measure remember; nothing for functions. */
  readonly measureStates: readonly TransformationState[];
};

/**
 * Keeps several measurements of the updates in the state, and passes them on as they are. Before
 * the first step they are those of the parameters.
 * @param measures - By name: functions of the updates, or transformations whose updates are
 * measurements, such as `measureWithEma`.
 * @see `optax.monitor`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const watch = nnx.monitor({ norm: nnx.globalNorm, meanNorm: nnx.measureWithEma(nnx.globalNorm, 0.9) });
 * const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.chain(watch, nnx.adam(1e-3)));
 * ```
 */
export const monitor: (
  measures: Readonly<Record<string, Measure | GradientTransformation>>,
) => GradientTransformation<MonitorState> = registerFactory("tx.monitor", (measures) => {
  const names = Object.keys(measures);
  for (const name of names) {
    const each: unknown = measures[name];
    if (typeof each === "function" || isTransformation(each)) continue;
    throw new StructureError(
      `monitor at ${name}: expected a function of the updates or a transformation, got ${describe(each)}. ` +
        "Pass globalNorm, or measureWithEma(globalNorm, 0.9).",
    );
  }
  const parts = names.map((name) => asTransformation(measures[name] as Measure | GradientTransformation));
  const named = (values: readonly unknown[]): Measurements =>
    Object.fromEntries(names.map((name, i) => [name, values[i] as TransformationState]));
  return {
    init: (params) => {
      const measureStates = parts.map((part) => part.init(params));
      const first = parts.map((part, i) =>
        part.update(params, measureStates[i] as TransformationState, params),
      );
      return { measurements: named(first.map(([measured]) => measured)), measureStates };
    },
    update: (updates, { measureStates }, params, extra) => {
      const results = parts.map((part, i) =>
        part.update(updates, measureStates[i] as TransformationState, params, extra),
      );
      const measurements = named(results.map(([measured]) => measured));
      return [updates, { measurements, measureStates: results.map(([, next]) => next) }];
    },
  };
});

/** What is measured takes the place of updates, whatever it is. */
const asTransformation = (measure: Measure | GradientTransformation): GradientTransformation =>
  typeof measure === "function"
    ? { init: () => [], update: (updates) => [measure(updates) as Tree, []] }
    : measure;

/**
 * A measurement for `monitor`: the running mean of what a function gives. Booleans count as 0 and
 * 1, so that it may be the share of steps in which something was so.
 * @param measure - A function of the updates, which are tensors of any shape in a tree.
 * @param decay - In `[0, 1)`.
 * @throws RangeError for a decay outside `[0, 1)`.
 * @see `optax.measure_with_ema`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const clipped = nnx.measureWithEma((updates) => tf.greater(nnx.globalNorm(updates), 1), 0.99);
 * const tx = nnx.chain(nnx.monitor({ clipped }), nnx.clipByGlobalNorm(1), nnx.adam(1e-3));
 * const optimizer = new nnx.Optimizer(new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) }), tx);
 * ```
 */
export const measureWithEma: (
  measure: (updates: Tree) => Tensor | Tree,
  decay: number,
  options?: EmaOptions,
) => GradientTransformation = registerFactory("tx.measureWithEma", (measure, decay, options = {}) => {
  checkFunction("measureWithEma", measure, "measure, decay");
  const mean = ema(decay, options);
  const measured = (updates: Tree): Tree => mapTree(asFloat, measure(updates) as Tree);
  const take: GradientTransformation = {
    init: () => [],
    update: (updates, state) => [measured(updates), state],
  };
  return chain(take, { ...mean, init: (params) => mean.init(measured(params)) });
});

const asFloat = (x: Tensor): Tensor => (isTensor(x) && x.dtype !== "float32" ? cast(x, "float32") : x);

/** @file Looks at one step of training, or at one evaluation, and says what looks wrong. */
import { captureGradients, type CaptureGradientsOptions } from "../capture/capture-gradients.ts";
import type { CapturedGradients } from "../capture/gradient-types.ts";
import { checkFunction } from "../data/functions.ts";
import { hashOf } from "../data/hash.ts";
import { notAResult } from "../data/not-a-result.ts";
import { checkOptions } from "../data/options.ts";
import { describe, NnxError } from "../errors.ts";
import { BaseModule } from "../graph/base-module.ts";
import { dispose } from "../graph/dispose.ts";
import { iterGraphNodes } from "../graph/iterate.ts";
import { state } from "../graph/split.ts";
import { type Path, pathKey } from "../path.ts";
import { runOnce } from "../recording/run.ts";
import { flattenState } from "../state/flatten-state.ts";
import { leafValue, type State } from "../state/state.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { atomically } from "../undo/atomically.ts";
import { framesOfArgument } from "../undo/structure.ts";
import { Param } from "../variable/variable-types.ts";
import { Variable } from "../variable/variable.ts";
import type { Flag } from "./flag.ts";
import { type Place, placesOfAll } from "./places.ts";
import { type Found, type Measured, rowFlags } from "./row-flags.ts";
import {
  evaluationFlags,
  frozenFlags,
  inputFlags,
  type ModeFacts,
  modeFlags,
  type Parameter,
  type StatisticsFacts,
  statisticsFlags,
  streamFlags,
  twinFlags,
  updateFlags,
} from "./step-flags.ts";
import { checkBins, measure, type SummarizeOptions, type Summary, toSummary } from "./summarize.ts";
import { flagOptionNames, thresholdsOf } from "./thresholds.ts";
import { hasStatistics, InputWatch, type Stream, streamsOf, type WatchedInput } from "./watch.ts";

/** Anything that updates a model by gradients, such as an `Optimizer`. */
export interface Updater {
  update(model: never, gradients: never): unknown;
}

/** What {@link diagnose} runs, and what it expects. */
export interface DiagnoseOptions extends SummarizeOptions, Pick<CaptureGradientsOptions, "hasAux" | "wrt"> {
  /** Its update is looked at, and undone. Without it no update is made. */
  readonly optimizer?: Updater;
  /**
   * Whether this is a step of training, or (`false`) an evaluation. The modes of layers are compared
   * with it. @defaultValue true with an optimizer, and unknown without one
   */
  readonly training?: boolean;
  /**
   * How many steps were made before, for running statistics. @defaultValue the optimizer's count
   */
  readonly steps?: number;
}

/** What {@link diagnose} found. As text it is a table with the flags below. */
export interface Diagnosis extends Summary {
  readonly loss: number;
}

const where = "diagnose";
const optionNames = {
  bins: true,
  ...flagOptionNames,
  hasAux: true,
  wrt: true,
  optimizer: true,
  training: true,
  steps: true,
} as const;

type Loss<M, A extends readonly unknown[]> = (
  model: M,
  ...args: A
) => Tensor | readonly [loss: Tensor, aux: unknown];

/**
 * Runs one step, and flags what looks wrong in it: everything that {@link summarize} flags in the
 * outputs of all layers and their gradients; updates that are too large or too small for the
 * weights; layers that get no gradient or no update; layers in the wrong mode; streams and kernels
 * that were made from the same seed; an input that is not normalized; running statistics that lag
 * behind. The model, the optimizer and all arguments are as before afterwards.
 * @param model - The module to differentiate.
 * @param f - The loss, a function of the model and further arguments. It returns a float32 scalar,
 * or with `hasAux` a pair of it and anything else.
 * @returns a function of the further arguments. It reads all tensors synchronously; where a backend
 * cannot do that, use {@link diagnoseAsync}.
 * @throws what {@link captureGradients} and the optimizer throw; {@link NnxError} for options that
 * it does not know.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const lossFn = (m: nnx.Linear, x: tf.Tensor) => tf.mean(tf.square(m.forward(x)));
 * const optimizer = new nnx.Optimizer(model, nnx.adam(10));
 * const found = nnx.diagnose(model, lossFn, { optimizer })(tf.ones([2, 4]));
 * console.log(String(found)); // each layer in the order of the calls, then what looks wrong
 * found.flags.some(({ kind }) => kind === "largeUpdates"); // => true
 * ```
 */
export function diagnose<M extends object, A extends readonly unknown[]>(
  model: M,
  f: Loss<M, A>,
  options: DiagnoseOptions = {},
): (...args: A) => Diagnosis {
  checkArguments(f, options);
  return notAResult(where, (...args: A) => {
    const work = look(model, f as Loss<object, readonly unknown[]>, options, args);
    let next = work.next();
    while (!next.done) next = work.next(next.value.dataSync());
    return next.value;
  });
}

/**
 * The same as {@link diagnose}, for every backend: the step runs at once, and then one tensor after
 * the other is read without blocking.
 * @param model - The model, which stays as it is.
 * @param f - The loss, as for {@link diagnose}.
 * @throws as {@link diagnose}.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const lossFn = (m: nnx.Linear, x: tf.Tensor) => tf.mean(tf.square(m.forward(x)));
 * (await nnx.diagnoseAsync(model, lossFn)(tf.ones([2, 4]))).flags.length; // => 0
 * ```
 */
export function diagnoseAsync<M extends object, A extends readonly unknown[]>(
  model: M,
  f: Loss<M, A>,
  options: DiagnoseOptions = {},
): (...args: A) => Promise<Diagnosis> {
  checkArguments(f, options);
  return async (...args: A) => {
    const work = look(model, f as Loss<object, readonly unknown[]>, options, args);
    let next = work.next();
    while (!next.done) next = work.next(await next.value.data());
    return next.value;
  };
}

function checkArguments(f: unknown, options: DiagnoseOptions): void {
  checkFunction(where, f, "model, f", "second");
  checkOptions<DiagnoseOptions>(where, options, optionNames);
  checkBins(where, options.bins ?? 16);
  thresholdsOf(where, options);
  const optimizer: unknown = options.optimizer;
  if (optimizer === undefined || typeof Reflect.get(Object(optimizer) as object, "update") === "function")
    return;
  throw new NnxError(
    `${where}: expected optimizer to have a method update, got ${describe(optimizer)}. ` +
      "Pass an Optimizer, or { update: (model, gradients) => ... }.",
  );
}

/** All that is kept of a step, until it was read. */
interface Step {
  readonly captured: CapturedGradients<object, unknown>;
  readonly before: State;
  readonly after: State | undefined;
  readonly watch: InputWatch;
  readonly modes: readonly ModeFacts[];
  readonly drawn: readonly Stream[];
}

function take(
  model: object,
  f: Loss<object, readonly unknown[]>,
  { hasAux = false, wrt = Param, optimizer }: DiagnoseOptions,
  args: readonly unknown[],
): Step {
  const watch = new InputWatch(where, model);
  const modes = modesNow(model);
  const streams = streamsOf(model);
  const before = state(model, wrt);
  const look = captureGradients(f as (model: object, ...args: unknown[]) => [Tensor, unknown], {
    methodOutputs: true,
    hasAux: hasAux as true,
    wrt,
    keepUpdates: true,
  });
  const frames = [model, optimizer, ...args].flatMap(framesOfArgument);
  const run = (): Step => {
    const captured = runOnce([model, ...args], () => look(model, ...args), { session: watch });
    const drawn = streams.filter(({ count, before: leaf }) => count.toState() !== leaf);
    if (!optimizer) return { captured, before, after: undefined, watch, modes, drawn };
    (optimizer.update as (m: object, g: unknown) => unknown)(model, captured.gradients);
    return { captured, before, after: state(model, wrt), watch, modes, drawn };
  };
  try {
    return atomically(frames, run, { alwaysUndo: true });
  } catch (error) {
    watch.dispose();
    dispose(before);
    throw error;
  }
}

const rateOf = (module: object): unknown => Reflect.get(module, "rate") ?? Reflect.get(module, "dropoutRate");

/** The modes of all layers that do something else in training. */
function modesNow(model: object): ModeFacts[] {
  return [...iterGraphNodes(model)].flatMap(([path, module]) => {
    if (!(module instanceof BaseModule)) return [];
    return (["deterministic", "useRunningAverage"] as const).flatMap((name) => {
      const value: unknown = Object.getOwnPropertyDescriptor(module, name)?.value;
      const isIdle = name === "deterministic" && rateOf(module) === 0;
      return typeof value === "boolean" && !isIdle ? [{ path, name, isEvaluation: value }] : [];
    });
  });
}

const stepsOf = ({ steps, optimizer }: DiagnoseOptions): number | undefined => {
  const count: unknown = optimizer && Reflect.get(optimizer, "step");
  const value: unknown = count instanceof Variable ? count.getRawValue() : undefined;
  return steps ?? (typeof value === "number" ? value : undefined);
};

/** A tensor to read; its values come back. */
type Reading<R> = Generator<Tensor, R, ArrayLike<number>>;

function* look(
  model: object,
  f: Loss<object, readonly unknown[]>,
  options: DiagnoseOptions,
  args: readonly unknown[],
): Reading<Diagnosis> {
  const step = take(model, f, options, args);
  const { captured, before, after, watch, modes, drawn } = step;
  try {
    const bins = options.bins ?? 16;
    const thresholds = thresholdsOf(where, options);
    const [loss = Number.NaN] = Array.from(yield captured.loss);
    const rows: Measured[] = [];
    for (const place of placesOfAll(where, captured)) rows.push(measure(place, yield place.tensor, bins));
    const parameters = yield* parametersOf(before, after, rows, bins);
    const all = [
      ...rows,
      ...parameters.map(({ value }) => value),
      ...parameters.flatMap(({ update }) => (update ? [update] : [])),
    ];
    const input = watch.first && measure(inputPlace(watch.first), yield watch.first.tensor, bins);
    const statistics: StatisticsFacts[] = [];
    for (const each of watch.inputs) statistics.push(...(yield* statisticsOf(each)));
    const training = options.training ?? (options.optimizer ? true : undefined);
    const found: Found[] = [
      ...inputFlags(watch.first?.path ?? [], input, thresholds),
      ...brokenLoss(loss, rows),
      ...rowFlags(rows, thresholds),
      ...frozenFlags(parameters),
      ...updateFlags(parameters, thresholds),
      ...twinFlags(parameters),
      ...streamFlags(drawn),
      ...statisticsFlags(statistics, stepsOf(options), thresholds),
    ];
    if (training !== undefined) {
      const wrong = [...modeFlags(modes, training)];
      found.push(...wrong, ...(training ? [] : evaluationFlags(drawn, wrong)));
    }
    const summary = toSummary(all, found, options);
    return Object.assign(summary, { loss });
  } finally {
    watch.dispose();
    dispose([captured, before, ...(after ? [after] : [])]);
  }
}

const inputPlace = ({ path, tensor }: WatchedInput): Place => ({
  path,
  part: "inputs",
  tensor,
  section: "inputs",
});

/** A loss that is not finite, where every output of a layer is. */
function* brokenLoss(loss: number, rows: readonly Measured[]): Generator<Found> {
  const isForward = ({ place }: Measured): boolean => place.side === "value";
  if (Number.isFinite(loss) || rows.some((row) => isForward(row) && row.facts.isBroken)) return;
  const flag: Flag = {
    kind: "nonFinite",
    path: [],
    where: "",
    message: `The loss is ${loss}, and what the layers return is finite.`,
    advice: "Find the op with findNonFinite; often it is the log of 0 in the loss: compute it from logits.",
  };
  yield [flag, undefined];
}

const tensorsIn = (values: State): ReadonlyMap<string, readonly [path: Path, tensor: Tensor]> =>
  new Map(
    flattenState(values).flatMap(([path, leaf]) => {
      const value: unknown = leafValue(leaf);
      return isTensor(value) ? [[pathKey(path), [path, value] as const] as const] : [];
    }),
  );

function* parametersOf(
  before: State,
  after: State | undefined,
  rows: readonly Measured[],
  bins: number,
): Reading<Parameter[]> {
  const gradients = new Map(
    rows.flatMap((row) =>
      row.place.section === "gradients" ? [[pathKey(row.place.path), row] as const] : [],
    ),
  );
  const order = new Map([...gradients.keys()].map((key, i) => [key, i] as const));
  const later = after && tensorsIn(after);
  const parameters: Parameter[] = [];
  const sorted = [...tensorsIn(before)].sort(([a], [b]) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  for (const [key, [path, tensor]] of sorted) {
    const values = yield tensor;
    const place: Place = { path, part: "parameters", tensor, section: "parameters" };
    const next = later?.get(key)?.[1];
    let update: Measured | undefined;
    if (next && next.size === tensor.size) {
      const changed = next === tensor ? values : yield next;
      const difference = Float32Array.from(changed, (x, i) => x - (values[i] as number));
      update = measure({ ...place, part: "updates", section: "updates" }, difference, bins);
    }
    const value = measure(place, values, bins);
    parameters.push({ value, gradient: gradients.get(key), update, hash: hashOf(values) });
  }
  return parameters;
}

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;

/** How far running statistics are from those of the batch. The features have to be the last axis. */
function* statisticsOf({ module, path, tensor }: WatchedInput): Reading<StatisticsFacts[]> {
  if (!hasStatistics(module)) return [];
  const [meanTensor, variance] = [module.mean.getRawValue(), module.var.getRawValue()];
  const width = meanTensor.size;
  if (tensor.shape.at(-1) !== width || tensor.size < 2 * width) return [];
  const values = yield tensor;
  const [means, variances] = [yield meanTensor, yield variance];
  const count = values.length / width;
  const distances: number[] = [];
  const ratios: number[] = [];
  for (let unit = 0; unit < width; unit++) {
    let [sum, squares] = [0, 0];
    for (let i = unit; i < values.length; i += width) sum += values[i] as number;
    const mean = sum / count;
    for (let i = unit; i < values.length; i += width) squares += ((values[i] as number) - mean) ** 2;
    const own = squares / count + 1e-5;
    const stored = (variances[unit] as number) + 1e-5;
    distances.push(Math.abs((means[unit] as number) - mean) / Math.sqrt(own));
    ratios.push(Math.max(own / stored, stored / own));
  }
  return [
    { path, momentum: module.momentum, meanDistance: middle(distances), varianceRatio: middle(ratios) },
  ];
}

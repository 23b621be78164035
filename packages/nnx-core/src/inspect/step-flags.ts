/** @file Flags of a whole step: parameters and their updates, modes, streams, statistics, input. */
import { formatPath, type Path, pathKey } from "../path.ts";
import type { Flag } from "./flag.ts";
import { type Found, figure, type Measured, percent } from "./row-flags.ts";
import type { Thresholds } from "./thresholds.ts";

const about = (
  kind: Flag["kind"],
  path: Path,
  where: Flag["where"],
  message: string,
  advice: string,
): Found => [{ kind, path, where, message, advice }, undefined];

const at = (kind: Flag["kind"], row: Measured, message: string, advice: string): Found => [
  { kind, path: row.place.path, where: row.place.section, message, advice },
  row,
];

/** A parameter with its gradient, and its update if there was one. */
export interface Parameter {
  readonly value: Measured;
  readonly gradient: Measured | undefined;
  readonly update: Measured | undefined;
  /** Identifies the values of the parameter. */
  readonly hash: string;
}

const isKernel = ({ value }: Parameter): boolean => value.place.tensor.rank >= 2;

const isZero = (row: Measured | undefined): boolean => row !== undefined && row.statistics.zeros === 1;

const ratio = ({ value, update }: Parameter): number =>
  update && value.facts.norm > 0 ? update.facts.norm / value.facts.norm : Number.NaN;

/** How much the updates change the weights. */
export function* updateFlags(
  parameters: readonly Parameter[],
  { largeUpdates, smallUpdates }: Thresholds,
): Generator<Found> {
  const kernels = parameters.filter((each) => isKernel(each) && ratio(each) > 0);
  const ratios = kernels.map(ratio).sort((a, b) => a - b);
  const middle = ratios[Math.floor((ratios.length - 1) / 2)];
  if (middle === undefined) return;
  const advice = "Divide the learning rate by 3 or 10, and look at this figure again: about 0.001 is usual.";
  if (middle > largeUpdates) {
    const message = `The updates are ${figure(middle)} times as large as the weights, in the middle of ${ratios.length} kernels.`;
    yield about("largeUpdates", [], "updates", message, advice);
  } else {
    for (const each of kernels) {
      if (ratio(each) <= 10 * largeUpdates) continue;
      const message = `The update is ${figure(ratio(each))} times as large as the weights, and in the middle of all kernels ${figure(middle)} times.`;
      yield at(
        "largeUpdates",
        each.update as Measured,
        message,
        "Look at the initial weights of this layer, and at its learning rate.",
      );
    }
  }
  const isSteep = ({ value, gradient }: Parameter): boolean =>
    gradient !== undefined && gradient.facts.norm > value.facts.norm / 100;
  const steep = kernels
    .filter(isSteep)
    .map(ratio)
    .sort((a, b) => a - b);
  const small = steep[Math.floor((steep.length - 1) / 2)];
  if (small === undefined || small >= smallUpdates || 2 * steep.length < kernels.length) return;
  yield about(
    "smallUpdates",
    [],
    "updates",
    `The updates are ${figure(small)} times as large as the weights, in the middle of ${steep.length} kernels, and the gradients are not small.`,
    "Multiply the learning rate by 10, unless a schedule is at its start or end; about 0.001 is usual.",
  );
}

/** Layers whose parameters get no gradient, or no update. */
export function* frozenFlags(parameters: readonly Parameter[]): Generator<Found> {
  const layers = new Map<string, Parameter[]>();
  for (const each of parameters) {
    const key = pathKey(each.value.place.path.slice(0, -1));
    layers.set(key, [...(layers.get(key) ?? []), each]);
  }
  // Behind a kernel of zeros every gradient is zero, and such kernels are meant: they begin so.
  const hasZeros = parameters.some((each) => isKernel(each) && isZero(each.value));
  const isMoving = (each: Parameter): boolean => !isZero(each.gradient) && each.gradient !== undefined;
  if (!parameters.some(isMoving)) return;
  for (const layer of layers.values()) {
    const [first] = layer;
    if (!first || !layer.some(isKernel)) continue;
    const path = first.value.place.path.slice(0, -1);
    if (layer.every(({ gradient }) => isZero(gradient))) {
      if (hasZeros) continue;
      yield about(
        "frozen",
        path,
        "gradients",
        "The gradient of every parameter of this layer is exactly 0, and that of others is not.",
        "Look for a stopGradient, a dead layer behind it, or a value that was read and made a tensor again; leave the layer out of wrt if it is meant.",
      );
    } else if (
      layer.every(({ update }) => isZero(update)) &&
      parameters.some(({ update }) => update && !isZero(update))
    ) {
      yield about(
        "frozen",
        path,
        "updates",
        "The optimizer leaves every parameter of this layer as it is, although there is a gradient.",
        "Look at the optimizer's wrt, and at freeze, masked or partition in its transformation; give diagnose the same wrt if it is meant.",
      );
    }
  }
}

/** Parameters that were drawn from the same keys. */
export function* twinFlags(parameters: readonly Parameter[]): Generator<Found> {
  const first = new Map<string, Parameter>();
  for (const each of parameters) {
    // A copy that is not trained is meant to be the same.
    if (!isKernel(each) || each.value.statistics.std === 0 || !each.gradient || isZero(each.gradient))
      continue;
    const before = first.get(each.hash);
    if (!before) {
      first.set(each.hash, each);
      continue;
    }
    yield at(
      "sharedStream",
      each.value,
      `The values are exactly those of ${formatPath(before.value.place.path)}, but it is another Variable.`,
      "Make both layers with the same Rngs object, which gives each a key of its own, or assign one to the other if they are to be shared.",
    );
  }
}

/** A layer with modes, as it was in the run. */
export interface ModeFacts {
  readonly path: Path;
  readonly name: "deterministic" | "useRunningAverage";
  readonly isEvaluation: boolean;
}

const modeAdvice = (isTraining: boolean): string =>
  isTraining
    ? "Call model.train() before training, and after each evaluation with model.eval()."
    : "Call model.eval() before evaluation, or evaluate nnx.view(model, { deterministic: true, useRunningAverage: true }).";

/** Layers in another mode than the step. */
export function* modeFlags(modes: readonly ModeFacts[], isTraining: boolean): Generator<Found> {
  const wrong = modes.filter(({ isEvaluation }) => isEvaluation === isTraining);
  const now = isTraining ? "evaluation" : "training";
  const step = isTraining ? "a training step" : "an evaluation";
  if (wrong.length > 0 && wrong.length === modes.length) {
    const message = `All ${wrong.length} layers with modes are in ${now} mode in ${step}.`;
    yield about("mode", [], "modes", message, modeAdvice(isTraining));
    return;
  }
  for (const { path, name } of wrong) {
    const message = `This layer is in ${now} mode in ${step} (${name}: ${String(isTraining)}), and other layers are not.`;
    yield about("mode", path, "modes", message, modeAdvice(isTraining));
  }
}

/** A stream that gave keys in the run. */
export interface DrawnStream {
  readonly path: Path;
  readonly start: string;
}

/** Streams that began a run with the same key and count. */
export function* streamFlags(drawn: readonly DrawnStream[]): Generator<Found> {
  const first = new Map<string, Path>();
  for (const { path, start } of drawn) {
    const before = first.get(start);
    if (!before) {
      first.set(start, path);
      continue;
    }
    yield about(
      "sharedStream",
      path,
      "streams",
      `This stream gives the same keys as the stream ${formatPath(before)}: its masks or noise are the same, too.`,
      "Make all layers with one Rngs object, or give each its own seed; nnx.reseed sets seeds in a model that is there.",
    );
  }
}

/** Draws and new statistics in an evaluation, of layers whose modes say nothing. */
export function* evaluationFlags(drawn: readonly DrawnStream[], flagged: readonly Found[]): Generator<Found> {
  if (flagged.length > 0) return;
  for (const { path } of drawn) {
    const message = "Random numbers were drawn from this stream in an evaluation.";
    const advice =
      "Look for { deterministic: false } in a call of forward, or for a layer whose deterministic is not set by eval().";
    yield about("mode", path, "streams", message, advice);
  }
}

/** The input of the first layer with a kernel. */
export function* inputFlags(path: Path, row: Measured | undefined, { input }: Thresholds): Generator<Found> {
  if (!row) return;
  const { facts, statistics } = row;
  const size = facts.norm / Math.sqrt(statistics.size);
  const most = Math.max(Math.abs(statistics.min), Math.abs(statistics.max));
  const isLarge = size > input;
  if (!isLarge && !(most > 0 && most < 1 / input ** 2)) return;
  yield about(
    "input",
    path,
    "inputs",
    `The input has mean ${figure(statistics.mean)} and standard deviation ${figure(statistics.std)}, from ${figure(statistics.min)} to ${figure(statistics.max)}.`,
    "Subtract the mean of the training data and divide by its standard deviation, or divide pixels by 255.",
  );
}

/** Running statistics beside those of a batch. */
export interface StatisticsFacts {
  readonly path: Path;
  readonly momentum: number;
  /** The middle of all features: how far the mean is, in standard deviations of the batch. */
  readonly meanDistance: number;
  /** The middle of all features: the larger variance divided by the smaller. */
  readonly varianceRatio: number;
}

/** Before this many steps running statistics are far from the batch's whatever the momentum is. */
const fewSteps = 100;

export function* statisticsFlags(
  layers: readonly StatisticsFacts[],
  steps: number | undefined,
  { statistics }: Thresholds,
): Generator<Found> {
  if (steps === undefined || steps < fewSteps) return;
  for (const { path, momentum, meanDistance, varianceRatio } of layers) {
    const rest = momentum ** steps;
    if (rest < statistics || (meanDistance < 0.5 && varianceRatio < 1.5)) continue;
    yield about(
      "statistics",
      path,
      "parameters",
      `After ${steps} steps ${percent(rest)} of the running statistics are still those of the start: the mean is ${figure(meanDistance)} standard deviations off, the variance ${figure(varianceRatio)} times.`,
      `Use a smaller momentum than ${momentum}, such as 0.9, or train longer before model.eval().`,
    );
  }
}

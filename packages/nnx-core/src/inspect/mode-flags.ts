/** @file Flags of how a step ran: modes, streams, running statistics, and the input. */
import { formatPath, type Path } from "../path.ts";
import { about, type Found, figure, type Measured, percent } from "./found.ts";
import type { Thresholds } from "./thresholds.ts";

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
    const which =
      wrong.length === 1
        ? `${formatPath((wrong[0] as ModeFacts).path)}, the only layer with modes, is`
        : `All ${wrong.length} layers with modes are`;
    const message = `${which} in ${now} mode in ${step}.`;
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

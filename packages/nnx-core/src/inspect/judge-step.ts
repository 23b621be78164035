/** @file Reads what was kept of a step, and flags what looks wrong. */
import { dispose } from "../graph/dispose.ts";
import { Variable } from "../variable/variable.ts";
import type { DiagnoseOptions, Diagnosis, Loss } from "./diagnose-types.ts";
import type { Flag } from "./flag.ts";
import type { Found, Measured } from "./found.ts";
import {
  evaluationFlags,
  inputFlags,
  modeFlags,
  type StatisticsFacts,
  statisticsFlags,
  streamFlags,
} from "./mode-flags.ts";
import { frozenFlags, twinFlags, updateFlags } from "./parameter-flags.ts";
import { parametersOf } from "./parameters.ts";
import { type Place, placesOfAll } from "./places.ts";
import type { Reading } from "./reading.ts";
import { rowFlags } from "./row-flags.ts";
import { runningStatistics } from "./running-statistics.ts";
import { measure, toSummary } from "./summarize.ts";
import { takeStep, where } from "./take-step.ts";
import { thresholdsOf } from "./thresholds.ts";
import type { WatchedInput } from "./watch.ts";

export function* judge(
  model: object,
  f: Loss<object, readonly unknown[]>,
  options: DiagnoseOptions,
  args: readonly unknown[],
): Reading<Diagnosis> {
  const step = takeStep(model, f, options, args);
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
    for (const each of watch.inputs) statistics.push(...(yield* runningStatistics(each)));
    const training = options.training ?? (options.optimizer ? true : undefined);
    const found: Found[] = [
      ...inputFlags(watch.first?.path ?? [], input, thresholds),
      ...brokenLoss(loss, rows),
      ...rowFlags(rows, thresholds),
      ...frozenFlags(parameters),
      ...updateFlags(parameters, loss, thresholds),
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

const stepsOf = ({ steps, optimizer }: DiagnoseOptions): number | undefined => {
  const count: unknown = optimizer && Reflect.get(optimizer, "step");
  const value: unknown = count instanceof Variable ? count.getRawValue() : undefined;
  return steps ?? (typeof value === "number" ? value : undefined);
};

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

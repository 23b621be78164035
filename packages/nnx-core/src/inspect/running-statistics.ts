/** @file How far running statistics are from those of a batch. */
import type { Reading } from "./reading.ts";
import { middle } from "./found.ts";
import type { StatisticsFacts } from "./mode-flags.ts";
import { hasStatistics, type WatchedInput } from "./watch.ts";

/** How far running statistics are from those of the batch. The features have to be the last axis. */
export function* runningStatistics({ module, path, tensor }: WatchedInput): Reading<StatisticsFacts[]> {
  if (!hasStatistics(module)) return [];
  const [meanTensor, variance] = [module.mean.getRawValue(), module.var.getRawValue()];
  const width = meanTensor.size;
  if (width === 0 || tensor.shape.at(-1) !== width || tensor.size < 2 * width) return [];
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

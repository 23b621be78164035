/** @file A bar in a terminal, for Node. Apart from the rest, which browsers import. */
import { createLogUpdate } from "log-update";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import type { Progress } from "./meter.ts";

/** Where the bar is drawn: `process.stderr` and the like. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Options of {@link progressBar}. */
export interface ProgressBarOptions {
  /** @defaultValue `process.stderr` */
  stream?: Terminal;
  /** Stands before the bar. */
  label?: string;
}

const LONGEST = 40;
const SHORTEST = 10;

/**
 * A bar that shows how a loop goes: steps, values, steps per second and the time left. It draws
 * nothing where there is no terminal, such as in a pipe.
 * @returns a function to pass as `onProgress` of `loop`.
 * @throws NnxError for options that are not known.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { progressBar } from "@nnxjs/training/progress";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const data = { x: { data: new Float32Array(32), shape: [8, 4] } } as const;
 * const batches = new nnx.Batches(data, { batchSize: 4 });
 * const { step } = await nnx.loop(batches, ({ x }) => tf.mean(x) as tf.Scalar, { onProgress: progressBar() });
 * step; // => 2
 * ```
 */
export function progressBar(options: ProgressBarOptions = {}): (progress: Progress) => void {
  checkOptions<ProgressBarOptions>("progressBar", options, { stream: true, label: true });
  const { stream = standardError(), label = "" } = options;
  if (stream?.isTTY !== true) return () => {};
  // It calls `write` and reads `columns` and `rows`, whatever else streams of Node have.
  const log = createLogUpdate(stream as Parameters<typeof createLogUpdate>[0], {
    showCursor: true,
  });
  let last = 0;
  return (progress) => {
    // Another loop: the bar of the one before stays.
    if (progress.step <= last) log.done();
    last = progress.step;
    log(line(progress, label, stream.columns || 80));
    if (progress.step === progress.total) log.done();
  };
}

const standardError = (): Terminal | undefined =>
  (globalThis as { process?: { stderr?: Terminal } }).process?.stderr;

function line(
  { step, total, values, stepsPerSecond, seconds, secondsLeft }: Progress,
  label: string,
  columns: number,
): string {
  const isDone = step === total;
  const time = isDone || secondsLeft === undefined ? clock(seconds) : `${clock(secondsLeft)} left`;
  const parts = [
    total === undefined ? `${step}` : `${String(step).padStart(String(total).length)}/${total}`,
    ...Object.entries(values).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`),
    `${Number(stepsPerSecond.toPrecision(3))} steps/s`,
    time,
  ];
  const text = parts.join("  ");
  const before = label === "" ? "" : `${label} `;
  if (total === undefined || total === 0) return before + text;
  const width = Math.max(SHORTEST, Math.min(LONGEST, columns - before.length - text.length - 2));
  const full = Math.round((Math.min(step, total) / total) * width);
  return `${before}${"━".repeat(full)}${"─".repeat(width - full)}  ${text}`;
}

/** Minutes and seconds, with hours where there are some. */
function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (x: number): string => String(x).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

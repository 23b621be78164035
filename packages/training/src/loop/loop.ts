/** @file A loop over batches that leaves the page alive, and tells how it goes. */
import { dispose, NnxError, tidy } from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import { Meter, type Progress } from "./meter.ts";
import { checkPace, pacer, type PacerOptions } from "./pacer.ts";
import { ownValues, read, type Shown, type Values } from "./shown.ts";

/** Options of {@link loop}. */
export interface LoopOptions extends PacerOptions {
  /** After how many steps values are read and shown. @defaultValue 10 */
  showEvery?: number;
  /** Gets the first step that is shown, every `showEvery`-th and the last. It is awaited. */
  onProgress?: ((progress: Progress) => void | Promise<void>) | undefined;
  /** How many steps there will be. @defaultValue the `stepsLeft` of the batches, if they know */
  total?: number;
}

const NAMES = { yieldEvery: true, signal: true, showEvery: true, onProgress: true, total: true } as const;
const WHERE = "loop";

/**
 * Runs a step for each batch. Each step has a scope of its own, so nothing that it leaves behind
 * stays; the page has its turn every `yieldEvery` milliseconds. The scalars that a step returns are
 * read every `showEvery` steps, without waiting in between: values of a GPU are not asked for in
 * each step.
 *
 * When the signal says so, or something throws, the loop ends after a whole step, the last batch is
 * freed, and the reason is thrown: model, optimizer and batches go on from there.
 * @param batches - {@link Batches}, {@link AsyncBatches}, or anything to go over.
 * @param step - Not async. Returns a scalar to be shown as `loss`, scalars by name, or nothing.
 * @returns how it went, with the values of the last step.
 * @throws NnxError for options that are not known or do not fit, and for a step that returns
 * something else.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 1, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.adam(1e-3));
 * const data = { x: { data: new Float32Array(64 * 4), shape: [64, 4] } } as const;
 * const batches = new nnx.Batches(data, { batchSize: 8, epochs: 3 });
 * const lossFn = (m: nnx.Linear, x: tf.Tensor2D) => tf.mean(tf.square(m.forward(x)));
 * const { step, values } = await nnx.loop(batches, ({ x }) => {
 *   const [loss, grads] = nnx.valueAndGrad(lossFn)(model, x);
 *   optimizer.update(model, grads);
 *   return loss;
 * });
 * [step, Object.keys(values)]; // => [24, ["loss"]]
 * ```
 */
export async function loop<T>(
  batches: Iterable<T> | AsyncIterable<T>,
  step: (batch: T, index: number) => Shown,
  options: LoopOptions = {},
): Promise<Progress> {
  checkOptions<LoopOptions>(WHERE, options, NAMES);
  const { showEvery = 10, yieldEvery = 16, onProgress, signal, total = stepsLeft(batches) } = options;
  checkArguments(batches, step, { showEvery, yieldEvery, onProgress, signal, total });
  const pace = pacer({ yieldEvery, signal });
  const meter = new Meter(total);
  let done = 0;
  let values: Values = {};
  let progress = meter.report(0, {});
  const show = async (): Promise<void> => {
    progress = meter.report(done, await read(values));
    await onProgress?.(progress);
  };
  signal?.throwIfAborted();
  try {
    for await (const batch of batches) {
      const next = tidy(() => ownValues(WHERE, step(batch, done)));
      dispose(values);
      values = next;
      done++;
      if (done === 1 || done % showEvery === 0) await show();
      await pace();
    }
    if (progress.step !== done) await show();
    return progress;
  } finally {
    dispose(values);
  }
}

/** What batches say of themselves. */
function stepsLeft(batches: unknown): number | undefined {
  const knows = typeof batches === "object" && batches !== null && "stepsLeft" in batches;
  return knows && typeof batches.stepsLeft === "number" && Number.isFinite(batches.stepsLeft)
    ? batches.stepsLeft
    : undefined;
}

function checkArguments(
  batches: unknown,
  step: unknown,
  options: Readonly<Record<keyof LoopOptions, unknown>>,
): void {
  const isIterable =
    typeof batches === "object" &&
    batches !== null &&
    (Symbol.iterator in batches || Symbol.asyncIterator in batches);
  if (!isIterable) {
    throw new NnxError(
      `${WHERE}: expected batches to go over, got ${describe(batches)}. Pass nnx.Batches or a list.`,
    );
  }
  if (typeof step !== "function") {
    throw new NnxError(
      `${WHERE}: expected a function that takes a batch, got ${describe(step)}. Call loop(batches, (batch) => …).`,
    );
  }
  const { showEvery, yieldEvery, onProgress, signal, total } = options;
  checkPace(WHERE, yieldEvery, signal);
  if (!Number.isSafeInteger(showEvery) || (showEvery as number) < 1) {
    throw new NnxError(
      `${WHERE}: expected showEvery to be a positive integer, got ${describe(showEvery)}. It counts steps.`,
    );
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new NnxError(
      `${WHERE}: expected onProgress to be a function, got ${describe(onProgress)}. It gets the step and the values.`,
    );
  }
  if (total === undefined || (Number.isSafeInteger(total) && (total as number) >= 0)) return;
  throw new NnxError(
    `${WHERE}: expected total to be a number of steps, got ${describe(total)}. Leave it out where it is not known.`,
  );
}

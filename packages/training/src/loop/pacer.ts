/** @file Giving way to the page, and stopping when told to, in a loop of one's own. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";

/** What stops a loop: an `AbortSignal`. */
export interface StopSignal {
  throwIfAborted(): void;
}

/** Options of {@link pacer}. */
export interface PacerOptions {
  /** For how many milliseconds work may keep the page from everything else. @defaultValue 16 */
  yieldEvery?: number;
  /** An `AbortSignal`: the next call throws its reason. */
  signal?: StopSignal | undefined;
}

/** @throws NnxError unless it is a number of milliseconds, and a signal if there is one. */
export function checkPace(where: string, yieldEvery: unknown, signal: unknown): void {
  if (typeof yieldEvery !== "number" || !(yieldEvery >= 0)) {
    throw new NnxError(
      `${where}: expected yieldEvery to be a number of milliseconds, got ${describe(yieldEvery)}. Leave it out for the default.`,
    );
  }
  if (signal === undefined) return;
  const isSignal = typeof signal === "object" && signal !== null && "throwIfAborted" in signal;
  if (isSignal) return;
  throw new NnxError(
    `${where}: expected signal to be an AbortSignal, got ${describe(signal)}. Pass the signal of an AbortController.`,
  );
}

/**
 * Lets timers, events and painting have their turn. Nested timeouts are made to wait for 4 ms each
 * by browsers; messages are not.
 */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/**
 * A function to await in each round of a loop: it gives way to the page when that has waited for
 * `yieldEvery` milliseconds, and costs next to nothing else.
 * @throws NnxError for options that are not known or do not fit. What it returns throws the signal's
 * reason.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const pace = nnx.pacer({ signal: AbortSignal.timeout(60_000) });
 * for (let i = 0; i < 100; i++) {
 *   tf.tidy(() => void tf.square(tf.ones([2, 4])));
 *   await pace();
 * }
 * ```
 */
export function pacer(options: PacerOptions = {}): () => Promise<void> {
  checkOptions<PacerOptions>("pacer", options, { yieldEvery: true, signal: true });
  const { yieldEvery = 16, signal } = options;
  checkPace("pacer", yieldEvery, signal);
  let last = performance.now();
  return async () => {
    signal?.throwIfAborted();
    if (performance.now() - last < yieldEvery) return;
    await turn();
    last = performance.now();
    signal?.throwIfAborted();
  };
}

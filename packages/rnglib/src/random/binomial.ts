/** @file Numbers of successes: the binomial and multinomial distributions. */
import { describe } from "@nnxjs/nnx-core/internal";
import { type PRNGKey, split } from "../keys/index.ts";
import { wordOf } from "../keys/prng-key.ts";
import { acceptedSuccesses, successesByWaiting } from "./binomial-rejection.ts";
import { log1p } from "./float32.ts";
import { drawFloat32, expand, type Parameter, sampleShape, valuesOf } from "./kernel.ts";
import type { Drawn1, Drawn2, MaybeShape } from "./ranks.ts";
import { cumulativeSumFromEnd } from "./scan.ts";

const f = Math.fround;

/**
 * The number of successes in `n` trials; NaN for a probability outside `[0, 1]` or a negative `n`.
 * @param n - Number of trials, rounded down; broadcasts to the shape.
 * @param p - Probability of each success; broadcasts to the shape.
 * @param shape - @defaultValue the shape to which the parameters broadcast
 * @returns float32 (as in JAX) of shape `[...key.shape, ...shape]`.
 * @throws RangeError when the parameters do not broadcast to `shape`.
 * @see `jax.random.binomial`; Kachitvichyanukul & Schmeiser 1988, Hörmann 1993
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.binomial(nnx.random.key(0), 10, 0.5, [4]).shape; // => [4]
 * ```
 */
export function binomial<
  K extends PRNGKey,
  A extends Parameter,
  B extends Parameter,
  const S extends MaybeShape = undefined,
>(key: K, n: A, p: B, shape?: S): Drawn2<K, S, A, B> {
  const [trials, chances] = [valuesOf("binomial", n), valuesOf("binomial", p)];
  const dimensions = sampleShape("binomial", shape, trials, chances);
  const [ns, ps] = [expand(trials, dimensions), expand(chances, dimensions)];
  return drawFloat32("binomial", key, dimensions, (single, out) => binomialInto(single, ns, ps, out));
}

/** Fills `out` with binomial values. */
function binomialInto(key: PRNGKey, ns: Float32Array, ps: Float32Array, out: Float32Array): void {
  const size = out.length;
  const k0 = wordOf(key, 0, 0);
  const k1 = wordOf(key, 0, 1);
  const trials = ns.map(Math.floor);
  // Count the outcome that is less likely.
  const chances = ps.map((p) => (p < 0.5 ? p : f(1 - p)));
  const few: number[] = [];
  const many: number[] = [];
  // Elements that are drawn by waiting times also take part in the rounds of rejection, with these
  // values. So the number of rounds is JAX's.
  const stages = { trials: new Float32Array(size).fill(1e4), chances: new Float32Array(size).fill(0.5) };
  for (let i = 0; i < size; i++) {
    const [n, q] = [ns[i]!, chances[i]!];
    if (!(n >= 0) || !(q >= 0)) continue;
    if (f(n * q) <= 10) {
      few.push(i);
      continue;
    }
    many.push(i);
    // Infinitely many trials with probability 0 would never end.
    stages.trials[i] = n === Number.POSITIVE_INFINITY && q === 0 ? Number.NaN : trials[i]!;
    stages.chances[i] = q;
  }
  const counts = new Float32Array(size);
  if (many.length > 0) acceptedSuccesses(k0, k1, stages.trials, stages.chances, counts);
  const logFailures = chances.map((q) => log1p(-q));
  successesByWaiting(k0, k1, trials, logFailures, few, counts);
  for (let i = 0; i < size; i++) {
    const n = ns[i]!;
    if (!(n >= 0) || !(chances[i]! >= 0)) out[i] = Number.NaN;
    else if (n === Number.POSITIVE_INFINITY) out[i] = n;
    else out[i] = ps[i]! < 0.5 ? counts[i]! : trials[i]! - counts[i]!;
  }
}

/**
 * How often each of `k` outcomes occurs in `n` trials.
 * @param n - Number of trials; broadcasts to the shape without its last axis.
 * @param p - Probability of each outcome, along the last axis; broadcasts to the shape.
 * @param shape - The shape of the result, with the outcomes along the last axis. @defaultValue the
 * shape of `p`
 * @returns float32 (as in JAX) of shape `[...key.shape, ...shape]`.
 * @throws RangeError when `p` has no axis or the parameters do not broadcast.
 * @see `jax.random.multinomial`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const counts = nnx.random.multinomial(nnx.random.key(0), 10, tf.tensor1d([0.2, 0.3, 0.5]));
 * tf.sum(counts).dataSync()[0]; // => 10
 * ```
 */
export function multinomial<K extends PRNGKey, P extends Parameter, const S extends MaybeShape = undefined>(
  key: K,
  n: Parameter,
  p: P,
  shape?: S,
): Drawn1<K, S, P> {
  const [trials, chances] = [valuesOf("multinomial", n), valuesOf("multinomial", p)];
  const dimensions = sampleShape("multinomial", shape, chances);
  const outcomes = dimensions.at(-1);
  if (outcomes === undefined) {
    throw new RangeError(
      `multinomial: expected p with at least 1 axis, got ${describe(p)}. Give a probability for each outcome.`,
    );
  }
  const batch = sampleShape("multinomial", dimensions.slice(0, -1), trials);
  const start = expand(trials, batch);
  const ratios = ratiosOf(expand(chances, dimensions), outcomes);
  return drawFloat32("multinomial", key, dimensions, (single, out) => {
    const keys = split(single, outcomes);
    const left = start.slice();
    const counts = new Float32Array(left.length);
    ratios.forEach((ratio, outcome) => {
      binomialInto(keys.at(outcome), left, ratio, counts);
      for (let i = 0; i < left.length; i++) {
        out[i * outcomes + outcome] = counts[i]!;
        left[i]! -= counts[i]!;
      }
    });
  });
}

/**
 * For each outcome and row, its probability divided by that of all outcomes that are not earlier.
 */
function ratiosOf(p: Float32Array, outcomes: number): Float32Array[] {
  const rows = outcomes === 0 ? 0 : p.length / outcomes;
  const ratios = Array.from({ length: outcomes }, () => new Float32Array(rows));
  for (let row = 0; row < rows; row++) {
    const chances = p.subarray(row * outcomes, (row + 1) * outcomes);
    const remaining = cumulativeSumFromEnd(chances);
    ratios.forEach((ratio, outcome) => {
      const rest = remaining[outcome]!;
      const share = f(chances[outcome]! / (rest === 0 ? 1 : rest));
      ratio[row] = Math.min(1, Math.max(0, share));
    });
  }
  return ratios;
}

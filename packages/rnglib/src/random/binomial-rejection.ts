/** @file Two ways to draw a binomial value, for few and for many expected successes. */
import { log } from "./float32.ts";
import { splitInto, uniformAt } from "./words.ts";

const f = Math.fround;

/**
 * Counts how many waiting times between successes fit into the trials. In each round, all elements
 * share one key.
 */
export function successesByWaiting(
  k0: number,
  k1: number,
  trials: Float32Array,
  logFailures: Float32Array,
  indices: readonly number[],
  out: Float32Array,
): void {
  const keys = Uint32Array.of(k0, k1, 0, 0);
  const sums = new Float32Array(out.length);
  for (const i of indices) out[i] = -1;
  let open = indices;
  while (open.length > 0) {
    splitInto(keys[0]!, keys[1]!, 2, keys);
    for (const i of open) {
      out[i]!++;
      sums[i]! += Math.ceil(f(log(uniformAt(keys[0]!, keys[1]!, i)) / logFailures[i]!));
    }
    open = open.filter((i) => sums[i]! <= trials[i]!);
    // The second child continues. JAX takes the two in this order here, and in the other order
    // elsewhere.
    keys.copyWithin(0, 2, 4);
  }
}

/**
 * Transformed rejection. In each round, all elements share two keys, and all take part until every
 * one is accepted. So the result of an element is its last accepted value, not its first, as in
 * JAX. An element with NaN trials takes no part.
 * @see Hörmann 1993, "The generation of binomial random variates"
 */
export function acceptedSuccesses(
  k0: number,
  k1: number,
  trials: Float32Array,
  chances: Float32Array,
  out: Float32Array,
): void {
  const keys = Uint32Array.of(k0, k1, 0, 0, 0, 0);
  const done = Uint8Array.from(trials, (n) => Number(Number.isNaN(n)));
  for (let open = done.length - done.reduce((a, b) => a + b, 0); open > 0; ) {
    splitInto(keys[0]!, keys[1]!, 3, keys);
    for (let i = 0; i < out.length; i++) {
      if (Number.isNaN(trials[i])) continue;
      const u = f(uniformAt(keys[2]!, keys[3]!, i) - 0.5);
      const v = uniformAt(keys[4]!, keys[5]!, i);
      const k = accepted(trials[i]!, chances[i]!, u, v);
      if (k === undefined) continue;
      out[i] = k;
      open -= 1 - done[i]!;
      done[i] = 1;
    }
  }
}

function accepted(count: number, p: number, u: number, v: number): number | undefined {
  const stddev = f(Math.sqrt(f(f(count * p) * f(1 - p))));
  const b = f(f(1.15) + f(2.53) * stddev);
  const a = f(f(0.01) * p + f(f(-0.0873) + f(0.0248) * b));
  const c = f(count * p + 0.5);
  const least = f(f(0.92) - f(f(4.2) / b));
  const shifted = f(0.5 - Math.abs(u));
  const k = Math.floor(f(f(f(f(2 * a) / shifted) + b) * u + c));
  if (shifted >= f(0.07) && v <= least) return k;
  if (k < 0 || k > count) return undefined;
  const r = f(p / f(1 - p));
  const alpha = f(f(f(2.83) + f(f(5.1) / b)) * stddev);
  const m = Math.floor(f(f(count + 1) * p));
  const height = log(f(f(v * alpha) / f(f(a / f(shifted * shifted)) + b)));
  const failures = f(f(count - m) + 1);
  const others = f(f(count - k) + 1);
  let bound = f(f(m + 0.5) * log(f(f(m + 1) / f(r * failures))));
  bound = f(f(count + 1) * log(f(failures / others)) + bound);
  bound = f(f(k + 0.5) * log(f(f(r * others) / f(k + 1))) + bound);
  bound = f(bound + stirlingTail(m));
  bound = f(bound + stirlingTail(f(count - m)));
  bound = f(bound - stirlingTail(k));
  bound = f(bound - stirlingTail(f(count - k)));
  return height <= bound ? k : undefined;
}

const TAILS: readonly number[] = [
  0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
  0.0138761288230707, 0.0118967099458917, 0.010411265261972, 0.00925546218271273, 0.00833056343336287,
].map(f);

/**
 * For all counts above 9. JAX clamps the count before the approximation, so it takes the series
 * only at 9.
 */
const TAIL_ABOVE = seriesAt(9);

/** The remainder of Stirling's formula for `log(k!)`. */
const stirlingTail = (k: number): number => TAILS[k] ?? TAIL_ABOVE;

function seriesAt(k: number): number {
  const square = f(f(k + 1) * f(k + 1));
  const inner = f(f(1 / 360) - f(f(1 / 1260) / square));
  return f(f(f(1 / 12) - f(inner / square)) / f(k + 1));
}

/**
 * @file The Poisson distribution: products of uniforms for small rates, rejection for large ones.
 */
import { type PRNGKey, wordOf } from "../keys/prng-key.ts";
import { log, logFactorial } from "./float32.ts";
import { drawInt32, expand, type Parameter, sampleShape, valuesOf } from "./kernel.ts";
import type { Drawn1, MaybeShape } from "./ranks.ts";
import { splitInto, toInt32, uniformAt } from "./words.ts";

const f = Math.fround;

/**
 * The number of events where `lam` are expected, equal to JAX's; -1 for a negative or NaN rate.
 * @param lam - Broadcasts to the shape.
 * @param shape - @defaultValue the shape of `lam`
 * @returns int32 of shape `[...key.shape, ...shape]`.
 * @throws RangeError when `lam` does not broadcast to `shape`.
 * @see `jax.random.poisson`; Knuth for rates below 10, Hörmann 1993 above
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.poisson(nnx.random.key(0), 4, [3]).dtype; // => "int32"
 * ```
 */
export function poisson<K extends PRNGKey, P extends Parameter, const S extends MaybeShape = undefined>(
  key: K,
  lam: P,
  shape?: S,
): Drawn1<K, S, P> {
  const parameter = valuesOf("poisson", lam);
  const dimensions = sampleShape("poisson", shape, parameter);
  const rates = expand(parameter, dimensions);
  const all = Array.from(rates.keys());
  const anyLarge = rates.some((rate) => rate >= 10);
  const small = all.filter((i) => !(rates[i]! >= 10));
  return drawInt32("poisson", key, dimensions, (single, out) => {
    byProducts(single, rates, small, out);
    if (anyLarge) byRejection(single, rates, out);
  });
}

/**
 * Counts how many uniforms can be multiplied before the product falls to `e^-rate`. In each round,
 * all elements share one key.
 */
function byProducts(key: PRNGKey, rates: Float32Array, indices: readonly number[], out: Int32Array): void {
  const keys = Uint32Array.of(wordOf(key, 0, 0), wordOf(key, 0, 1), 0, 0);
  const logs = new Float32Array(out.length);
  for (const i of indices) out[i] = rates[i] === 0 ? 0 : -1;
  let open = indices.filter((i) => rates[i]! > 0);
  while (open.length > 0) {
    splitInto(keys[0]!, keys[1]!, 2, keys);
    for (const i of open) {
      out[i]!++;
      logs[i]! += log(uniformAt(keys[2]!, keys[3]!, i));
    }
    open = open.filter((i) => logs[i]! > -rates[i]!);
  }
}

/**
 * The rate with which elements of small rates take part in the rounds of rejection. Their results
 * are not used.
 */
const ANY_LARGE_RATE = 1e5;

/**
 * Transformed rejection. In each round, all elements share two keys, and all take part until every
 * one is accepted. So the result of an element is its last accepted value, not its first, as in
 * JAX.
 */
function byRejection(key: PRNGKey, rates: Float32Array, out: Int32Array): void {
  const keys = Uint32Array.of(wordOf(key, 0, 0), wordOf(key, 0, 1), 0, 0, 0, 0);
  const accepted = new Uint8Array(out.length);
  for (let open = out.length; open > 0; ) {
    splitInto(keys[0]!, keys[1]!, 3, keys);
    for (let i = 0; i < out.length; i++) {
      const u = f(uniformAt(keys[2]!, keys[3]!, i) - 0.5);
      const v = uniformAt(keys[4]!, keys[5]!, i);
      const large = rates[i]! >= 10;
      const k = acceptedCount(large ? rates[i]! : ANY_LARGE_RATE, u, v);
      if (k === undefined) continue;
      if (large) out[i] = toInt32(k);
      open -= 1 - accepted[i]!;
      accepted[i] = 1;
    }
  }
}

function acceptedCount(rate: number, u: number, v: number): number | undefined {
  const b = f(f(0.931) + f(2.53) * f(Math.sqrt(rate)));
  const a = f(f(-0.059) + f(0.02483) * b);
  const inverseAlpha = f(f(1.1239) + f(f(1.1328) / f(b - f(3.4))));
  const least = f(f(0.9277) - f(f(3.6224) / f(b - 2)));
  const shifted = f(0.5 - Math.abs(u));
  const k = Math.floor(f(f(f(f(f(2 * a) / shifted) + b) * u + rate) + f(0.43)));
  if (shifted >= f(0.07) && v <= least) return k;
  if (k < 0 || (shifted < f(0.013) && v > shifted)) return undefined;
  const s = log(f(f(v * inverseAlpha) / f(f(a / f(shifted * shifted)) + b)));
  const t = f(f(k * log(rate) - rate) - logFactorial(k));
  return s <= t ? k : undefined;
}

/** @file The gamma distribution, by rejection. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { type PRNGKey, wordOf } from "../keys/prng-key.ts";
import { threefry2x32 } from "../keys/threefry.ts";
import { flush, log, log1p } from "./float32.ts";
import { drawFloat32, expand, type Parameter, sampleShape, valuesOf } from "./kernel.ts";
import type { Drawn1, MaybeShape } from "./ranks.ts";
import { normalOf, splitInto, uniformAt } from "./words.ts";

const f = Math.fround;
const ONE_THIRD = f(1 / 3);
const SQUEEZE = f(0.0331);

/**
 * Density `x^(a-1) e^-x / Γ(a)` for `x > 0`.
 * @param a - Broadcasts to the shape.
 * @param shape - @defaultValue the shape of `a`
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @throws RangeError when `a` does not broadcast to `shape`.
 * @see `jax.random.gamma`; Marsaglia & Tsang 2000
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.gamma(nnx.random.key(0), 2, [3]).shape; // => [3]
 * ```
 */
export function gamma<K extends PRNGKey, P extends Parameter, const S extends MaybeShape = undefined>(
  key: K,
  a: P,
  shape?: S,
): Drawn1<K, S, P> {
  return drawGamma("gamma", key, a, shape, false);
}

/**
 * The logarithm of a gamma value. It stays finite where the value itself would be 0.
 * @param a - Broadcasts to the shape.
 * @param shape - @defaultValue the shape of `a`
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @throws RangeError when `a` does not broadcast to `shape`.
 * @see `jax.random.loggamma`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.loggamma(nnx.random.key(0), 2, [3]).shape; // => [3]
 * ```
 */
export function loggamma<K extends PRNGKey, P extends Parameter, const S extends MaybeShape = undefined>(
  key: K,
  a: P,
  shape?: S,
): Drawn1<K, S, P> {
  return drawGamma("loggamma", key, a, shape, true);
}

function drawGamma<T extends Tensor>(
  where: string,
  key: PRNGKey,
  a: Parameter,
  shape: MaybeShape,
  logSpace: boolean,
): T {
  const parameter = valuesOf(where, a);
  const dimensions = sampleShape(where, shape, parameter);
  const alphas = expand(parameter, dimensions);
  return drawFloat32(where, key, dimensions, (single, out) => gammaInto(single, alphas, logSpace, out));
}

/**
 * Fills `out` with gamma values, or their logarithms. Element `i` has its own key, the `i`-th child
 * of `key`.
 */
export function gammaInto(key: PRNGKey, alphas: Float32Array, logSpace: boolean, out: Float32Array): void {
  const k0 = wordOf(key, 0, 0);
  const k1 = wordOf(key, 0, 1);
  const child = new Uint32Array(2);
  for (let i = 0; i < out.length; i++) {
    threefry2x32(k0, k1, 0, i, child, 0);
    out[i] = flush(gammaOne(child[0]!, child[1]!, alphas[i]!, logSpace));
  }
}

const keys = new Uint32Array(6);
const tries = new Uint32Array(4);

function gammaOne(k0: number, k1: number, alpha: number, logSpace: boolean): number {
  // The method needs alpha >= 1. Below, Gamma(a) is Gamma(a + 1) times a power of a uniform, the
  // boost.
  const boosted = !(alpha >= 1);
  const d = f((boosted ? f(alpha + 1) : alpha) - ONE_THIRD);
  splitInto(k0, k1, 2, keys);
  const boost0 = keys[2]!;
  const boost1 = keys[3]!;
  const v = acceptedCube(d);
  if (logSpace) {
    const exponent = log1p(-uniformAt(boost0, boost1, 0));
    const boost = boosted && exponent !== 0 ? f(exponent * f(1 / alpha)) : 0;
    return f(f(log(d) + log(v)) + boost);
  }
  const boost = boosted ? flush(f(f(1 - uniformAt(boost0, boost1, 0)) ** f(1 / alpha))) : 1;
  return f(f(d * v) * boost);
}

/** The first accepted V. The key is in `keys[0], keys[1]`. */
function acceptedCube(d: number): number {
  if (Number.isNaN(d)) return 1;
  // XLA's reciprocal square root is 0 for both infinities.
  const c = Math.abs(d) === Number.POSITIVE_INFINITY ? 0 : f(ONE_THIRD * f(1 / Math.sqrt(d)));
  for (;;) {
    splitInto(keys[0]!, keys[1]!, 3, keys);
    tries[0] = keys[2]!;
    tries[1] = keys[3]!;
    let x: number;
    let v: number;
    do {
      splitInto(tries[0], tries[1], 2, tries);
      x = normalOf(tries[2]!, tries[3]!);
      v = f(1 + x * c);
    } while (v <= 0);
    const x2 = f(x * x);
    const cube = f(f(v * v) * v);
    const u = uniformAt(keys[4]!, keys[5]!, 0);
    const squeezed = u < f(1 - SQUEEZE * f(x2 * x2));
    const bound = f(x2 * 0.5 + f(d * f(f(1 - cube) + log(cube))));
    // Negated so that NaN is accepted, as in JAX.
    if (squeezed || !(log(u) >= bound)) return cube;
  }
}

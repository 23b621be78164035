/** @file The inverse Gaussian distribution. */
import { type PRNGKey, split, uniform as rawUniform } from "../keys/index.ts";
import { flush } from "./float32.ts";
import { drawFloat32, expand, type Parameter, sampleShape, valuesOf } from "./kernel.ts";
import { erfInvInto } from "./normal.ts";
import type { Drawn1, MaybeShape } from "./ranks.ts";

const f = Math.fround;
const SQRT2 = f(Math.SQRT2);
const SQUARE_OF_SQRT2 = f(SQRT2 * SQRT2);

/** The root that {@link wald} takes or reflects. `e` is a standard normal divided by √2. */
function waldInto(m: number, e: number): number {
  const v = f(SQRT2 * e);
  const y = f(v * v);
  const square = f(m * m);
  const root = f(Math.sqrt(f(f(4 * m) * y + f(square * f(y * y)))));
  return f(f(f(square * y) * 0.5 + m) - f(m * 0.5) * root);
}

/** `waldInto` for a sample of one element, for which XLA combines the constants of a product. */
function waldAlone(m: number, e: number): number {
  const ee = f(e * e);
  const y = f(ee * SQUARE_OF_SQRT2);
  const square = f(m * m);
  const fourth = f(f(ee * ee) * f(SQUARE_OF_SQRT2 * SQUARE_OF_SQRT2));
  const root = f(Math.sqrt(f(f(m * ee) * f(4 * SQUARE_OF_SQRT2) + f(square * fourth))));
  return f(f(f(square * y) * 0.5 + m) - f(m * 0.5) * root);
}

/**
 * The inverse Gaussian distribution: the time at which Brownian motion with drift first reaches a
 * level.
 * @param mean - Broadcasts to the shape; the scale is 1.
 * @param shape - @defaultValue the shape of `mean`
 * @returns float32 of shape `[...key.shape, ...shape]`.
 * @see `jax.random.wald`; Michael, Schucany & Haas 1976
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.wald(nnx.random.key(0), 1, [4]).shape; // => [4]
 * ```
 */
export function wald<K extends PRNGKey, P extends Parameter, const S extends MaybeShape = undefined>(
  key: K,
  mean: P,
  shape?: S,
): Drawn1<K, S, P> {
  const parameter = valuesOf("wald", mean);
  const dimensions = sampleShape("wald", shape, parameter);
  const means = expand(parameter, dimensions);
  const draw = key.size * means.length === 1 ? waldAlone : waldInto;
  return drawFloat32("wald", key, dimensions, (single, out) => {
    const halves = split(single);
    const z = rawUniform(halves.at(1), out.length);
    erfInvInto(halves.at(0), out);
    for (let i = 0; i < out.length; i++) {
      const m = means[i]!;
      const x = draw(m, out[i]!);
      out[i] = flush(z[i]! <= f(m / f(m + x)) ? x : f(flush(f(m * m)) / x));
    }
  });
}

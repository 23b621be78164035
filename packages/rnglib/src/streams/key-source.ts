/** @file Samplers and initializers as methods of everything that gives keys. */
import type { PRNGKey } from "../keys/index.ts";
import * as initializers from "../initializers/index.ts";
import type { KeylessInitializer, RankedInitializer } from "../initializers/initializer.ts";
import { SamplerSource } from "./sampler-source.ts";

const keyless =
  (source: KeySource, initializer: RankedInitializer): KeylessInitializer =>
  (shape, dtype) =>
    initializer<PRNGKey, typeof shape>(source.nextKey(), shape, dtype);

/**
 * Draws with the next key. `source.normal([2, 3])` is `random.normal(source.nextKey(), [2, 3])`,
 * and so for every sampler. `source.heNormal()([2, 3])` is
 * `initializers.heNormal()(source.nextKey(), [2, 3])`, and so for every initializer.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs({ noise: 0 });
 * rngs.stream("noise").normal([2, 3]).shape; // => [2, 3]
 * ```
 */
export abstract class KeySource extends SamplerSource {
  /** As `initializers.deltaOrthogonal`; the key is drawn when the initializer is called. */
  deltaOrthogonal(...options: Parameters<typeof initializers.deltaOrthogonal>): KeylessInitializer {
    return keyless(this, initializers.deltaOrthogonal(...options));
  }

  /** As `initializers.glorotNormal`; the key is drawn when the initializer is called. */
  glorotNormal(...options: Parameters<typeof initializers.glorotNormal>): KeylessInitializer {
    return keyless(this, initializers.glorotNormal(...options));
  }

  /** As `initializers.glorotUniform`; the key is drawn when the initializer is called. */
  glorotUniform(...options: Parameters<typeof initializers.glorotUniform>): KeylessInitializer {
    return keyless(this, initializers.glorotUniform(...options));
  }

  /** As `initializers.heNormal`; the key is drawn when the initializer is called. */
  heNormal(...options: Parameters<typeof initializers.heNormal>): KeylessInitializer {
    return keyless(this, initializers.heNormal(...options));
  }

  /** As `initializers.heUniform`; the key is drawn when the initializer is called. */
  heUniform(...options: Parameters<typeof initializers.heUniform>): KeylessInitializer {
    return keyless(this, initializers.heUniform(...options));
  }

  /** As `initializers.kaimingNormal`; the key is drawn when the initializer is called. */
  kaimingNormal(...options: Parameters<typeof initializers.kaimingNormal>): KeylessInitializer {
    return keyless(this, initializers.kaimingNormal(...options));
  }

  /** As `initializers.kaimingUniform`; the key is drawn when the initializer is called. */
  kaimingUniform(...options: Parameters<typeof initializers.kaimingUniform>): KeylessInitializer {
    return keyless(this, initializers.kaimingUniform(...options));
  }

  /** As `initializers.lecunNormal`; the key is drawn when the initializer is called. */
  lecunNormal(...options: Parameters<typeof initializers.lecunNormal>): KeylessInitializer {
    return keyless(this, initializers.lecunNormal(...options));
  }

  /** As `initializers.lecunUniform`; the key is drawn when the initializer is called. */
  lecunUniform(...options: Parameters<typeof initializers.lecunUniform>): KeylessInitializer {
    return keyless(this, initializers.lecunUniform(...options));
  }

  /** As `initializers.varianceScaling`; the key is drawn when the initializer is called. */
  varianceScaling(...options: Parameters<typeof initializers.varianceScaling>): KeylessInitializer {
    return keyless(this, initializers.varianceScaling(...options));
  }

  /** As `initializers.xavierNormal`; the key is drawn when the initializer is called. */
  xavierNormal(...options: Parameters<typeof initializers.xavierNormal>): KeylessInitializer {
    return keyless(this, initializers.xavierNormal(...options));
  }

  /** As `initializers.xavierUniform`; the key is drawn when the initializer is called. */
  xavierUniform(...options: Parameters<typeof initializers.xavierUniform>): KeylessInitializer {
    return keyless(this, initializers.xavierUniform(...options));
  }
}

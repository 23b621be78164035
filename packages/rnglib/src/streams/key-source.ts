/** @file Everything that gives keys can draw: one list of samplers for streams and collections of streams. */
import { GraphNode } from "@nnxjs/nnx-core";
import type { PRNGKey } from "../keys/index.ts";
import { normal, truncatedNormal } from "../random/normal.ts";
import { bernoulli, type BernoulliOptions, uniform, type UniformOptions } from "../random/uniform.ts";
import type { Tensor } from "../tensor.ts";

/** Draws from the next key: `source.normal([2, 3])` is `random.normal(source.nextKey(), [2, 3])`. */
export abstract class KeySource extends GraphNode {
  abstract nextKey(): PRNGKey;

  /** As `random.bernoulli`, with the next key. */
  bernoulli(p?: number, shape?: readonly number[], options?: BernoulliOptions): Tensor {
    return bernoulli(this.nextKey(), p, shape, options);
  }

  /** As `random.normal`, with the next key. */
  normal(shape?: readonly number[]): Tensor {
    return normal(this.nextKey(), shape);
  }

  /** As `random.truncatedNormal`, with the next key. */
  truncatedNormal(lower: number, upper: number, shape?: readonly number[]): Tensor {
    return truncatedNormal(this.nextKey(), lower, upper, shape);
  }

  /** As `random.uniform`, with the next key. */
  uniform(shape?: readonly number[], options?: UniformOptions): Tensor {
    return uniform(this.nextKey(), shape, options);
  }
}

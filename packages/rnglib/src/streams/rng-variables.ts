/** @file The Variables of random state, so that it is part of a model's State. */
import { registerVariableName, Variable } from "@nnxjs/nnx-core";
import type { PRNGKey } from "../keys/index.ts";

/**
 * State of random streams: keys and counts. @see Flax `nnx.RngState`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs({ dropout: 0 });
 * const random = nnx.flattenState(nnx.state(rngs, nnx.RngState));
 * random.map(([path]) => path.join(".")); // => ["dropout.count", "dropout.key"]
 * ```
 */
export class RngState<T = unknown> extends Variable<T> {
  static override readonly typeName: string = "RngState";
  declare protected readonly nominal: { readonly variable: true; readonly rngState: true };
}

/**
 * The base key of a stream. Drawing does not change it. Its metadata `tag` is the name of the
 * stream.
 * @see Flax `nnx.RngKey`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs({ dropout: 0 });
 * nnx.flattenState(nnx.state(rngs, nnx.RngKey)).map(([path]) => path.join(".")); // => ["dropout.key"]
 * ```
 */
export class RngKey extends RngState<PRNGKey> {
  static override readonly typeName: string = "RngKey";
  declare protected readonly nominal: {
    readonly variable: true;
    readonly rngState: true;
    readonly rngKey: true;
  };
}

/**
 * How many keys a stream has given. For a stream with several keys, nested lists of numbers in the
 * shape of the keys. Plain data.
 */
export type Count = number | readonly Count[];

/**
 * How many keys a stream has given. Its metadata `tag` is the name of the stream.
 * @see Flax `nnx.RngCount`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs({ dropout: 0 });
 * rngs.nextKey("dropout");
 * Number(rngs.stream("dropout").count.value); // => 1
 * ```
 */
export class RngCount extends RngState<Count> {
  static override readonly typeName: string = "RngCount";
  declare protected readonly nominal: {
    readonly variable: true;
    readonly rngState: true;
    readonly rngCount: true;
  };
}

/** Zero for each key in an array of keys of this shape. */
export function zeroCount([length, ...rest]: readonly number[]): Count {
  return length === undefined ? 0 : Array.from({ length }, () => zeroCount(rest));
}

registerVariableName("rng_state", RngState);
registerVariableName("rng_key", RngKey);
registerVariableName("rng_count", RngCount);

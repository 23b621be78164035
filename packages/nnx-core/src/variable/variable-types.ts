/** @file The kinds of Variables that models are made of. The class is the filter. */
import { Variable } from "./variable.ts";

/** A learnable parameter: what `grad` and optimizers select by default. @see Flax `nnx.Param` */
export class Param<T = unknown> extends Variable<T> {
  static override readonly typeName: string = "Param";
  declare protected readonly nominal: { readonly variable: true; readonly param: true };
}

/** A running statistic, such as BatchNorm's mean and variance. @see Flax `nnx.BatchStat` */
export class BatchStat<T = unknown> extends Variable<T> {
  static override readonly typeName: string = "BatchStat";
  declare protected readonly nominal: { readonly variable: true; readonly batchStat: true };
}

/**
 * State of autoregressive decoding, such as an attention layer's keys and values.
 * @see Flax `nnx.Cache`
 */
export class Cache<T = unknown> extends Variable<T> {
  static override readonly typeName: string = "Cache";
  declare protected readonly nominal: { readonly variable: true; readonly cache: true };
}

/** What `sow` records. @see Flax `nnx.Intermediate` */
export class Intermediate<T = unknown> extends Variable<T> {
  static override readonly typeName: string = "Intermediate";
  declare protected readonly nominal: { readonly variable: true; readonly intermediate: true };
}

/**
 * What `perturb` adds to a value, so that its gradient is the value's. An {@link Intermediate} too,
 * as in Flax; `capture` sorts by exact type.
 * @see Flax `nnx.Perturbation`
 */
export class Perturbation<T = unknown> extends Intermediate<T> {
  static override readonly typeName: string = "Perturbation";
  declare protected readonly nominal: {
    readonly variable: true;
    readonly intermediate: true;
    readonly perturbation: true;
  };
}

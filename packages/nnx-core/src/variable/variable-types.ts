/** @file The kinds of Variables in models. Each class serves as a filter. */
import { Variable } from "./variable.ts";

/**
 * A learnable parameter. `grad` and optimizers select it by default. @see Flax `nnx.Param`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const scale = new nnx.Param(tf.ones([3]));
 * scale.value.shape; // => [3]
 * ```
 */
export class Param<T = unknown> extends Variable<T> {
  static override readonly typeName: string = "Param";
  declare protected readonly nominal: { readonly variable: true; readonly param: true };
}

/**
 * A running statistic, such as BatchNorm's mean and variance. @see Flax `nnx.BatchStat`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const seen = new nnx.Cache(tf.zeros([3]));
 * seen.value.shape; // => [3]
 * ```
 */
export class BatchStat<T = unknown> extends Variable<T> {
  static override readonly typeName: string = "BatchStat";
  declare protected readonly nominal: { readonly variable: true; readonly batchStat: true };
}

/**
 * State of autoregressive decoding, such as an attention layer's keys and values.
 * @see Flax `nnx.Cache`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const seen = new nnx.Cache(tf.zeros([3]));
 * seen.value.shape; // => [3]
 * ```
 */
export class Cache<T = unknown> extends Variable<T> {
  static override readonly typeName: string = "Cache";
  declare protected readonly nominal: { readonly variable: true; readonly cache: true };
}

/**
 * A value that `sow` records. @see Flax `nnx.Intermediate`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * class Net extends nnx.Module {
 *   readonly linear = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 *   forward(x: tf.Tensor): tf.Tensor {
 *     const y = this.linear.forward(x);
 *     this.sow(nnx.Intermediate, "mean", tf.mean(y));
 *     return y;
 *   }
 * }
 * const [y, seen] = nnx.capture(new Net(), nnx.Intermediate)(tf.ones([2, 4]));
 * Object.keys(seen); // => ["mean"]
 * nnx.dispose([y, seen]);
 * ```
 */
export class Intermediate<T = unknown> extends Variable<T> {
  static override readonly typeName: string = "Intermediate";
  declare protected readonly nominal: { readonly variable: true; readonly intermediate: true };
}

/**
 * The term that `perturb` adds to a value. The gradient of the term is the gradient of the value.
 * The class extends {@link Intermediate}, as in Flax, but `capture` sorts by exact type.
 * @see Flax `nnx.Perturbation`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * class Net extends nnx.Module {
 *   forward(x: tf.Tensor): tf.Tensor {
 *     return tf.sum(tf.square(this.perturb("x", x)));
 *   }
 * }
 * const lossFn = (m: Net, x: tf.Tensor) => m.forward(x) as tf.Scalar;
 * const seen = nnx.captureGradients(lossFn)(new Net(), tf.tensor1d([1, 2]));
 * nnx.valuesAt(seen.perturbed, ["x"]).map(({ gradient }) => Array.from(gradient.dataSync())); // => [[2, 4]]
 * nnx.dispose(seen);
 * ```
 */
export class Perturbation<T = unknown> extends Intermediate<T> {
  static override readonly typeName: string = "Perturbation";
  declare protected readonly nominal: {
    readonly variable: true;
    readonly intermediate: true;
    readonly perturbation: true;
  };
}

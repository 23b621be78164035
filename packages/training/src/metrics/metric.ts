/** @file What every metric is: Variables that are updated, read and reset. */
import {
  type Filter,
  type GraphDef,
  GraphNode,
  registerVariableName,
  split,
  type SplitStates,
  Variable,
} from "@nnxjs/nnx-core";

/**
 * What a metric has seen so far. @see Flax `nnx.metrics.MetricState`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const loss = new nnx.metrics.Average();
 * loss.update({ values: tf.scalar(2) });
 * const ofMetric = nnx.flattenState(nnx.state(loss, nnx.metrics.MetricState));
 * ofMetric.map(([path]) => path.join(".")); // => ["count", "rest.count", "rest.total", "total"]
 * ```
 */
export class MetricState<T = unknown> extends Variable<T> {
  static override readonly typeName: string = "MetricState";
  declare protected readonly nominal: { readonly variable: true; readonly metricState: true };
}

/**
 * The base of metrics, also of your own: keep what was seen in {@link MetricState}s, and write
 * `update`, `compute` and `reset`. A metric is split, merged, cloned and saved like a model.
 * @typeParam U - What `update` takes, by name.
 * @typeParam R - What `compute` returns.
 * @see Flax `nnx.Metric`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * class Largest extends nnx.Metric<{ values: tf.Tensor }, tf.Tensor> {
 *   readonly largest = new nnx.metrics.MetricState(tf.scalar(-Infinity));
 *   update({ values }: { values: tf.Tensor }) {
 *     this.largest.value = tf.tidy(() => tf.maximum(this.largest.value, tf.max(values)));
 *   }
 *   compute() {
 *     return this.largest.value.clone();
 *   }
 *   reset() {
 *     this.largest.value = tf.scalar(-Infinity);
 *   }
 * }
 * const largest = new Largest();
 * largest.update({ values: tf.tensor1d([1, 3, 2]) });
 * largest.compute().arraySync(); // => 3
 * ```
 */
export abstract class Metric<U extends object = never, R = unknown> extends GraphNode {
  /** Takes a batch in. Names that the metric does not know are for others. */
  abstract update(updates: U): void;
  /**
   * The value over all that was seen since the last reset. Its tensors stay on the device and are
   * the caller's to dispose, or the scope's.
   */
  abstract compute(): R;
  /** Forgets all that was seen. */
  abstract reset(): void;

  /** The function `split` of this metric. @see Flax `Metric.split` */
  split<const Fs extends readonly Filter[]>(...filters: Fs): [GraphDef<this>, ...SplitStates<this, Fs>] {
    return split<this, Fs>(this, ...filters);
  }
}

registerVariableName("metric_state", MetricState);

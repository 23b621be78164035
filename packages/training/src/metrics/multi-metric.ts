/** @file Several metrics that are updated, read and reset together. */
import { isTensor } from "@nnxjs/kernels/internal";
import { NnxError, registerModule, tidy } from "@nnxjs/nnx-core";
import { atomicallyOn, describe, isPlainObject, nearestName } from "@nnxjs/nnx-core/internal";
import { inScope } from "../optimizer/in-scope.ts";
import { Metric } from "./metric.ts";
import type { Mask } from "./weights.ts";

/** Metrics by name. */
export type Metrics = Readonly<Record<string, Metric>>;

type Both<T> = (T extends unknown ? (each: T) => void : never) extends (all: infer A) => void ? A : never;

type UpdateOf<T> = T extends Metric<infer U> ? Omit<U, "mask"> : never;

/** What all metrics are updated with, and a mask for all of them or one for each. */
export type MultiUpdate<M extends Metrics> = Both<UpdateOf<M[keyof M]>> & {
  readonly mask?: Mask | { readonly [K in keyof M]?: Mask };
};

/** What each metric computes, by its name. */
export type Computed<M extends Metrics> = { readonly [K in keyof M]: ReturnType<M[K]["compute"]> };

class MultiMetricBase<M extends Metrics> extends Metric<MultiUpdate<M>, Computed<M>> {
  /** In the order of the constructor. */
  private readonly metricNames: readonly string[];

  constructor(metrics: M) {
    super();
    checkMetrics(metrics);
    this.metricNames = Object.keys(metrics);
    Object.assign(this, metrics);
  }

  update(updates: MultiUpdate<M>): void {
    const { mask, ...others } = checkUpdates(updates);
    const masks = masksOf(mask, this.metricNames);
    inScope(() =>
      atomicallyOn([this], () => {
        for (const [name, metric] of this.entries()) {
          const own = masks(name);
          // Each takes what it knows.
          metric.update((own === undefined ? others : { ...others, mask: own }) as never);
        }
      }),
    );
  }

  compute(): Computed<M> {
    return tidy(() =>
      Object.fromEntries(Array.from(this.entries(), ([name, metric]) => [name, metric.compute()])),
    ) as Computed<M>;
  }

  reset(): void {
    inScope(() =>
      atomicallyOn([this], () => {
        for (const [, metric] of this.entries()) metric.reset();
      }),
    );
  }

  private entries(): (readonly [name: string, metric: Metric])[] {
    return this.metricNames.map((name) => [name, Reflect.get(this, name) as Metric]);
  }
}

/** Names that a metric may not have, since something else is under them. */
const taken = (name: string): boolean =>
  name in MultiMetricBase.prototype || name === "mask" || name === "metricNames";

function checkMetrics(metrics: unknown): void {
  if (!isPlainObject(metrics)) {
    throw new NnxError(
      `MultiMetric: expected metrics by name, got ${describe(metrics)}. Pass an object such as { loss: new nnx.metrics.Average() }.`,
    );
  }
  for (const [name, metric] of Object.entries(metrics)) {
    if (taken(name)) {
      throw new NnxError(
        `MultiMetric: expected a free name, got ${describe(name)}. Call the metric something else.`,
      );
    }
    if (metric instanceof Metric) continue;
    throw new NnxError(
      `MultiMetric: expected a metric under ${name}, got ${describe(metric)}. Pass an instance of a class that extends nnx.Metric.`,
    );
  }
}

function checkUpdates(updates: unknown): { mask?: unknown } {
  if (typeof updates === "object" && updates !== null && !isTensor(updates)) return updates;
  throw new NnxError(
    `MultiMetric.update: expected values by name, got ${describe(updates)}. Call update({ logits, labels }), say.`,
  );
}

/** The mask of each metric. */
function masksOf(mask: unknown, names: readonly string[]): (name: string) => unknown {
  if (mask === undefined || mask === null) return () => undefined;
  if (isTensor(mask)) return () => mask;
  if (typeof mask !== "object") {
    throw new NnxError(
      `MultiMetric.update: expected a mask, or masks by the names of metrics, got ${describe(mask)}. It says of each label whether it counts.`,
    );
  }
  for (const name of Object.keys(mask)) {
    if (names.includes(name)) continue;
    const near = nearestName(name, names);
    throw new NnxError(
      `MultiMetric.update: expected masks of metrics among {${names.join(", ")}}, got one of ${describe(name)}. ` +
        (near === undefined ? "Leave it out." : `Did you mean ${near}?`),
    );
  }
  return (name) => Reflect.get(mask, name) ?? undefined;
}

/**
 * Several metrics as one. Each is an attribute under its name, so `metrics.loss` is the metric.
 * `update` gives all values to every metric, or changes none when one of them throws; `mask` may be
 * one for all, or an object of masks by the names of metrics. `compute` returns what each computes,
 * by name.
 * @typeParam M - The metrics, by name.
 * @see Flax `nnx.MultiMetric`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const metrics = new nnx.MultiMetric({
 *   accuracy: new nnx.metrics.Accuracy(),
 *   loss: new nnx.metrics.Average({ argname: "loss" }),
 * });
 * const logits = tf.tensor2d([[2, 1], [0, 3]]);
 * metrics.update({ loss: tf.scalar(0.5), logits, labels: tf.tensor1d([0, 0], "int32") });
 * const { accuracy, loss } = metrics.compute();
 * [accuracy.arraySync(), loss.arraySync()]; // => [0.5, 0.5]
 * ```
 */
export type MultiMetric<M extends Metrics = Metrics> = MultiMetricBase<M> & M;

/** The class of {@link MultiMetric}s: its instances have the metrics as attributes. */
export interface MultiMetricClass {
  /**
   * @param metrics - By name, none of which is a method's.
   * @throws NnxError for what is no metric, and for names that are taken.
   */
  new <M extends Metrics>(metrics: M): MultiMetric<M>;
  readonly prototype: MultiMetricBase<Metrics>;
}

export const MultiMetric: MultiMetricClass = MultiMetricBase as unknown as MultiMetricClass;

registerModule("MultiMetric", MultiMetricBase);

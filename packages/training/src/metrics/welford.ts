/** @file Mean and spread of all that was seen. */
import {
  add,
  cast,
  clone,
  div,
  equal,
  mul,
  sqrt,
  square,
  sub,
  type Tensor,
  where,
} from "@nnxjs/kernels/internal";
import { registerModule, tidy } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { commit } from "../optimizer/commit.ts";
import { inScope } from "../optimizer/in-scope.ts";
import { type ArgnameOptions, checkArgname, type ValuesUpdate, valuesOf } from "./average.ts";
import { Metric, type MetricState } from "./metric.ts";
import { added, cleared, type Rests, type Scalar, type Sum, sumOf, zeroState } from "./sums.ts";
import { asScalar, maskOf, products, weighted } from "./weights.ts";

/** What {@link Welford} computes; each is float32 `[]`. @see Flax `nnx.metrics.Statistics` */
export interface Statistics {
  /** 0 before the first value. */
  readonly mean: Scalar;
  /** The standard deviation divided by the root of the count; NaN before the first value. */
  readonly standardErrorOfMean: Scalar;
  /** Of the values as a population; NaN before the first value. */
  readonly standardDeviation: Scalar;
}

/** Of one batch: how many values, their mean, and the sum of their squared distances from it. */
interface Moments {
  readonly count: Tensor;
  readonly mean: Tensor;
  readonly m2: Tensor;
}

/**
 * Mean and standard deviation of all values since the last reset, batch by batch.
 * @typeParam N - The name of the values in `update`.
 * @see Flax `nnx.metrics.Welford`; Chan, Golub and LeVeque 1983,
 * https://doi.org/10.1080/00031305.1983.10483115
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const loss = new nnx.metrics.Welford();
 * loss.update({ values: tf.tensor1d([1, 2, 3, 4]) });
 * const { mean, standardDeviation } = loss.compute();
 * mean.arraySync(); // => 2.5
 * ```
 */
export class Welford<N extends string = "values"> extends Metric<ValuesUpdate<N>, Statistics> {
  readonly argname: string;
  /** How many values were seen, or the sum of their weights; float32 `[]`. */
  readonly count: MetricState<Tensor> = zeroState();
  /** Their mean, float32 `[]`. */
  readonly mean: MetricState<Tensor> = zeroState();
  /** The sum of their squared distances from the mean, float32 `[]`. */
  readonly m2: MetricState<Tensor> = zeroState();
  /** What rounding took from the three. */
  readonly rest: Rests<"count" | "mean" | "m2"> = { count: zeroState(), mean: zeroState(), m2: zeroState() };

  /** @throws NnxError for a name that is none. */
  constructor(options: ArgnameOptions<N> = {}) {
    super();
    checkOptions<ArgnameOptions>("Welford", options, { argname: true });
    const { argname = "values" }: ArgnameOptions = options;
    checkArgname("Welford", argname);
    this.argname = argname;
  }

  /**
   * A batch without values, or whose mask leaves all of them out, changes nothing.
   * @throws NnxError for values that are neither a tensor of numbers nor a number, and a mask that
   * does not broadcast; nothing changes then.
   */
  update(updates: ValuesUpdate<N>): void {
    const here = "Welford.update";
    const values = valuesOf(here, updates, this.argname);
    const mask = maskOf(here, updates);
    inScope(() => {
      const batch = momentsOf(here, values, mask);
      const before = this.count.value;
      const share = orZero(batch.count, div(batch.count, add(before, batch.count)));
      const delta = sub(orZero(batch.count, batch.mean), this.mean.value);
      const m2 = add(orZero(batch.count, batch.m2), mul(mul(square(delta), before), share));
      const [count, mean, spread] = this.sums;
      commit(
        [
          ...added(here, count, batch.count),
          ...added(here, mean, mul(delta, share)),
          ...added(here, spread, m2),
        ],
        [],
      );
    });
  }

  compute(): Statistics {
    return tidy(() => {
      const count = this.count.value;
      const standardDeviation = sqrt(div(this.m2.value, count)) as Scalar;
      const standardErrorOfMean = div(standardDeviation, sqrt(count)) as Scalar;
      return { mean: clone(this.mean.value) as Scalar, standardErrorOfMean, standardDeviation };
    });
  }

  reset(): void {
    commit(this.sums.flatMap(cleared), []);
  }

  private get sums(): readonly [count: Sum, mean: Sum, m2: Sum] {
    return [
      { value: this.count, rest: this.rest.count },
      { value: this.mean, rest: this.rest.mean },
      { value: this.m2, rest: this.rest.m2 },
    ];
  }
}

/** `x`, or 0 where there is no value that it is of. */
const orZero = (count: Tensor, x: Tensor): Tensor => where(equal(count, 0), 0, x);

function momentsOf(here: string, values: Tensor | number, mask: Tensor | undefined): Moments {
  if (typeof values === "number") return { count: asScalar(1), mean: asScalar(values), m2: asScalar(0) };
  if (mask === undefined) {
    const count = asScalar(values.size);
    const mean = div(sumOf(values), count);
    return { count, mean, m2: sumOf(square(sub(cast(values, "float32"), mean))) };
  }
  const both = weighted(here, values, mask);
  const count = sumOf(both.weights);
  const mean = div(sumOf(products(both)), count);
  return { count, mean, m2: sumOf(mul(square(sub(both.values, mean)), both.weights)) };
}

registerModule("Welford", Welford);

/** @file The mean of all that was seen. */
import { div, type Tensor } from "@nnxjs/kernels/internal";
import { NnxError, registerModule } from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import { commit } from "../optimizer/commit.ts";
import { inScope } from "../optimizer/in-scope.ts";
import { Metric, type MetricState } from "./metric.ts";
import { added, cleared, type Rests, type Scalar, type Sum, sumOf, zeroState } from "./sums.ts";
import { argumentOf, asScalar, checkNumbers, type Mask, maskOf, products, weighted } from "./weights.ts";

/** Options of {@link Average} and {@link Welford}. */
export interface ArgnameOptions<N extends string = string> {
  /** The name under which `update` takes the values. @defaultValue "values" */
  argname?: N;
}

/** What {@link Average} and {@link Welford} are updated with: the values under their name. */
export type ValuesUpdate<N extends string> = {
  /** A number, or a tensor of any shape, whose elements count one by one. */
  readonly [K in N]: Tensor | number;
} & {
  /** Broadcasts against the values: 0 or `false` leaves one out, other numbers weigh it. */
  readonly mask?: Mask;
};

/** @throws NnxError unless it is a name that is not taken. */
export function checkArgname(where: string, argname: unknown): asserts argname is string {
  if (typeof argname === "string" && argname !== "" && argname !== "mask") return;
  throw new NnxError(
    `${where}: expected argname to be a name other than mask, got ${describe(argname)}. Pass one such as { argname: "loss" }.`,
  );
}

/**
 * The values among the updates: a tensor or a number.
 * @throws NnxError for something else, and for a number with a mask.
 */
export function valuesOf(where: string, updates: object, name: string): Tensor | number {
  const values = argumentOf(where, updates, name);
  if (typeof values !== "number") {
    checkNumbers(where, name, values);
    return values;
  }
  if (maskOf(where, updates) === undefined) return values;
  throw new NnxError(
    `${where}: expected ${name} to be a tensor where there is a mask, got ${values}. Pass tf.scalar(${name}).`,
  );
}

/**
 * The mean of all values since the last reset, float32; NaN before the first. What was seen stays on
 * the device. It is kept in twice the bits of float32, so that a mean of 1e9 values is right.
 * @typeParam N - The name of the values in `update`.
 * @see Flax `nnx.metrics.Average`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const loss = new nnx.metrics.Average({ argname: "loss" });
 * loss.update({ loss: tf.tensor1d([1, 2, 3, 4]) });
 * loss.update({ loss: 5 });
 * loss.compute().arraySync(); // => 3
 * ```
 */
export class Average<N extends string = "values"> extends Metric<ValuesUpdate<N>, Scalar> {
  readonly argname: string;
  /** The sum of what was seen, float32 `[]`. */
  readonly total: MetricState<Tensor> = zeroState();
  /** How many values were seen, or the sum of their weights; float32 `[]`. */
  readonly count: MetricState<Tensor> = zeroState();
  /** What rounding took from the two. */
  readonly rest: Rests<"total" | "count"> = { total: zeroState(), count: zeroState() };

  /** @throws NnxError for a name that is none. */
  constructor(options: ArgnameOptions<N> = {}) {
    super();
    checkOptions<ArgnameOptions>("Average", options, { argname: true });
    const { argname = "values" }: ArgnameOptions = options;
    checkArgname("Average", argname);
    this.argname = argname;
  }

  /**
   * @throws NnxError for values that are neither a tensor of numbers nor a number, and a mask that
   * does not broadcast; nothing changes then.
   */
  update(updates: ValuesUpdate<N>): void {
    const where = "Average.update";
    inScope(() => this.take(where, valuesOf(where, updates, this.argname), maskOf(where, updates)));
  }

  /** The mean, float32 `[]`. */
  compute(): Scalar {
    return div(this.total.value, this.count.value) as Scalar;
  }

  reset(): void {
    commit(this.sums.flatMap(cleared), []);
  }

  private get sums(): readonly [total: Sum, count: Sum] {
    return [
      { value: this.total, rest: this.rest.total },
      { value: this.count, rest: this.rest.count },
    ];
  }

  /** Adds values to the mean. Call it in a scope. */
  protected take(where: string, values: Tensor | number, mask: Tensor | undefined): void {
    const [total, count] = this.sums;
    const [sum, size] = sumAndCount(where, values, mask);
    commit([...added(where, total, sum), ...added(where, count, size)], []);
  }
}

function sumAndCount(
  where: string,
  values: Tensor | number,
  mask: Tensor | undefined,
): [sum: Tensor, count: Tensor] {
  if (typeof values === "number") return [asScalar(values), asScalar(1)];
  if (mask === undefined) return [sumOf(values), asScalar(values.size)];
  const both = weighted(where, values, mask);
  return [sumOf(products(both)), sumOf(both.weights)];
}

registerModule("Average", Average);

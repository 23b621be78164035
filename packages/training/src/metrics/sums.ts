/**
 * @file Sums that go on growing. In float32 alone a sum of ones ends at 2^24, and 1e6 additions of
 * 0.1 are off by 1 %. So each sum is kept as two numbers, which have 48 bits between them.
 */
import { add, cast, equal, sub, sum, type Tensor, where, zeros } from "@nnxjs/kernels/internal";
import { StructureError } from "@nnxjs/nnx-core";
import { describe, fuse } from "@nnxjs/nnx-core/internal";
import type { TensorOfAxes } from "@nnxjs/rnglib/internal";
import type { Change } from "../optimizer/commit.ts";
import { MetricState } from "./metric.ts";

/** What most metrics compute: float32 `[]`. */
export type Scalar = TensorOfAxes<readonly []>;

/** A float32 sum, and what rounding took from it. */
export interface Sum {
  readonly value: MetricState<Tensor>;
  readonly rest: MetricState<Tensor>;
}

/** What sums lost by rounding, by name. */
export type Rests<N extends string> = Readonly<Record<N, MetricState<Tensor>>>;

/** A Variable of zeros. */
export const zeroState = (shape: readonly number[] = []): MetricState<Tensor> =>
  new MetricState<Tensor>(zeros([...shape]));

/** What makes a sum 0 again. */
export const cleared = ({ value, rest }: Sum): Change[] =>
  [value, rest].map((variable): Change => [variable, zeros([...variable.value.shape])]);

/**
 * What adds `x` to a sum.
 * @param x - float32 in the sum's shape.
 * @throws StructureError for a sum of another shape, such as one of another number of classes.
 */
export function added(where: string, { value, rest }: Sum, x: Tensor): Change[] {
  const [high, low] = [value.value, rest.value].map((part) => checked(where, part, x)) as [Tensor, Tensor];
  const [nextHigh, nextLow] = addInDouble(high, low, x) ?? addInPairs(high, low, x);
  return [
    [value, nextHigh],
    [rest, nextLow],
  ];
}

/** Flax's counts are int32. */
function checked(where: string, part: Tensor, x: Tensor): Tensor {
  if (part.shape.join() === x.shape.join()) return cast(part, "float32");
  throw new StructureError(
    `${where}: expected what was seen so far as ${describe(x)}, got ${describe(part)}. Restore the State of a metric that was made alike.`,
  );
}

type Pair = readonly [high: Tensor, low: Tensor];

/** One loop over the values where they are; `undefined` on backends that hide them. */
function addInDouble(high: Tensor, low: Tensor, x: Tensor): Pair | undefined {
  const { shape } = high;
  return fuse([high, low, x], [shape, shape], ([a, b, c], [nextHigh, nextLow]) => {
    for (let i = 0; i < nextHigh!.length; i++) {
      const total = a![i]! + b![i]! + c![i]!;
      const rounded = Math.fround(total);
      nextHigh![i] = rounded;
      nextLow![i] = Number.isFinite(rounded) ? total - rounded : 0;
    }
  }) as Pair | undefined;
}

/**
 * The same by ops in float32.
 * @see Knuth, The Art of Computer Programming, volume 2, section 4.2.2, theorem B
 */
export function addInPairs(high: Tensor, low: Tensor, x: Tensor): Pair {
  const total = add(high, x);
  const arrived = sub(total, high);
  const lost = finite(add(sub(high, sub(total, arrived)), sub(x, arrived)));
  const rest = add(low, lost);
  const next = add(total, rest);
  return [next, finite(sub(rest, sub(next, total)))];
}

/** 0 in the place of NaN: infinite sums lose nothing by rounding. */
const finite = (x: Tensor): Tensor => where(equal(x, x), x, 0);

/**
 * The sum of all elements, float32. wasm's own sum of 1e6 numbers is off by 1 %, and one of ones
 * ends at 2^24.
 */
export function sumOf(x: Tensor): Tensor {
  const numbers = cast(x, "float32");
  const fused = fuse([numbers], [[]], ([values], [total]) => {
    let all = 0;
    for (let i = 0; i < values!.length; i++) all += values![i]!;
    total![0] = all;
  });
  return fused?.[0] ?? sum(numbers);
}

/** @file Shuffles ranges, the slices of a tensor, or each lane independently. */
import { checkOptions, checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { bits, type PRNGKey, split } from "../keys/index.ts";
import { formatShape, sizeOf } from "../keys/shape.ts";
import { isTensor, valuesOf } from "@nnxjs/kernels/internal";
import type { Tensor } from "@tensorflow/tfjs-core";
import { drawInt32 } from "./kernel.ts";
import { axisOf, drawAs, type Lanes, lanesOf, takeInto } from "./lanes.ts";
import { sortByWords } from "./radix.ts";
import type { Drawn } from "./ranks.ts";
import type { AxesOfTensor } from "../tensor-types.ts";

const NAMES = { axis: true, independent: true } as const;
/** The longest range, because elements are int32. */
const LONGEST_RANGE = 2 ** 31;

/** Options of {@link permutation} for a tensor. */
export interface PermutationOptions {
  /** The axis to shuffle along; negative ones count from the end. @defaultValue 0 */
  axis?: number;
  /**
   * Whether to shuffle each lane along the axis independently, instead of whole slices.
   * @defaultValue false
   */
  independent?: boolean;
}

/**
 * The numbers from 0 to `x - 1`, or the slices of a tensor, in random order, equal to JAX's.
 * @param x - A size, or a tensor with at least 1 axis, whose values are read: on a GPU pass one that
 * `nnx.readAhead` has read.
 * @returns int32 of shape `[...key.shape, x]`. For a tensor, its dtype, and its shape after the
 * key's shape.
 * @throws TypeError when `x` is neither an integer nor a tensor with an axis, RangeError for an
 * axis out of range.
 * @see `jax.random.permutation`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.permutation(nnx.random.key(0), 5).shape; // => [5]
 * ```
 */
export function permutation<K extends PRNGKey, X extends number | Tensor>(
  key: K,
  x: X,
  options: PermutationOptions = {},
): Drawn<K, X extends Tensor ? AxesOfTensor<X> : readonly [number]> {
  checkOptions("permutation", options, NAMES);
  const { axis = 0, independent = false } = options;
  if (typeof x === "number" && Number.isInteger(x) && x <= LONGEST_RANGE) {
    axisOf("permutation", axis, [x]);
    return drawInt32("permutation", key, [Math.max(0, x)], (single, out) => {
      out.set(shuffledRange(single, out.length));
    });
  }
  if (!isTensor(x) || x.rank === 0) {
    throw new TypeError(
      `permutation: expected an integer of at most 2^31 or a tensor with at least 1 axis, got ${describe(x)}. Pass the size of a range, or reshape.`,
    );
  }
  checkTensor("permutation", "x", x);
  const lanes = lanesOf(x.shape, axisOf("permutation", axis, x.shape));
  const data = valuesOf(x, "permutation");
  return drawAs(x.dtype, "permutation", key, x.shape, (single, out) => {
    if (independent || x.rank === 1) {
      out.set(data);
      shuffleLanes(single, out, lanes);
    } else takeInto(data, lanes, shuffledRange(single, lanes.length), out);
  });
}

/** `0 … n - 1` in random order. */
export function shuffledRange(key: PRNGKey, n: number): Int32Array {
  const order = countTo(n);
  for (const subkey of subkeysFor(key, n)) sortByWords(bits(subkey, n), order);
  return order;
}

/** `0 … n - 1`. */
function countTo(n: number): Int32Array {
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  return order;
}

function shuffleLanes(key: PRNGKey, values: Float32Array | Int32Array | Uint8Array, lanes: Lanes): void {
  const { before, length, after } = lanes;
  for (const subkey of subkeysFor(key, values.length)) {
    const words = bits(subkey, values.length);
    for (let b = 0; b < before; b++) {
      for (let a = 0; a < after; a++) {
        const at = (i: number): number => (b * length + i) * after + a;
        const order = countTo(length);
        sortByWords(
          Uint32Array.from(order, (i) => words[at(i)]!),
          order,
        );
        const lane = Array.from(order, (i) => values[at(i)]!);
        lane.forEach((value, i) => {
          values[at(i)] = value;
        });
      }
    }
  }
}

/**
 * Yields a new key for each round of sorting. There are enough rounds to make collisions of 32-bit
 * words harmless.
 */
function* subkeysFor(key: PRNGKey, size: number): Generator<PRNGKey> {
  const rounds = Math.ceil((3 * Math.log(Math.max(1, size))) / Math.log(2 ** 32 - 1));
  let current = key;
  for (let round = 0; round < rounds; round++) {
    const children = split(current);
    yield children.at(1);
    current = children.at(0);
  }
}

/** @throws RangeError when more different samples are asked for than there are. */
export function checkEnough(
  where: string,
  asked: number,
  population: number,
  shape: readonly number[],
): void {
  if (asked <= population) return;
  throw new RangeError(
    `${where}: expected at most ${population} samples without replacement, got ${asked} for the shape ${formatShape(shape)} ` +
      `(${sizeOf(shape)} values). Draw fewer, or with replacement.`,
  );
}

/** @file The output of samplers: a new array or a given one, with one row for each key. */
import { open } from "./derivations.ts";
import { describe } from "./messages.ts";
import { ownKey, type PRNGKey, wordOf } from "./prng-key.ts";
import { dimensionsOf, formatShape, type Shape, sizeOf } from "./shape.ts";
import { use } from "./uses.ts";

/** The array types that samplers write. */
export type OutputArray = Float32Array | Int32Array | Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

interface OutputConstructor<A extends OutputArray> {
  new (length: number): A;
  readonly name: string;
}

/**
 * Returns `out`, or a new array, for a sample of `shape` from each key.
 *
 * @throws TypeError when `out` has another type, RangeError when it has another length.
 */
export function outputFor<A extends OutputArray>(
  where: string,
  key: PRNGKey,
  shape: Shape,
  kind: OutputConstructor<A>,
  out: A | undefined,
): A {
  const leading = ownKey(where, key).shape;
  const own = dimensionsOf(where, shape);
  const dimensions = leading.length === 0 ? own : [...leading, ...own];
  const size = sizeOf(dimensions);
  if (out === undefined) return new kind(size);
  if (!(out instanceof kind)) {
    throw new TypeError(
      `${where}: expected out to be a ${kind.name}, got ${describe(out)}. Leave it out for a new array.`,
    );
  }
  if (out.length !== size) {
    throw new RangeError(
      `${where}: expected out to have ${size} elements for shape ${formatShape(dimensions)}, got ${out.length}. ` +
        "Pass out.subarray(begin, end) to fill a part.",
    );
  }
  return out;
}

/** Calls `fill` once per key with its words and its row of `out`, and returns `out`. */
export const fillRows = <A extends OutputArray>(
  where: string,
  key: PRNGKey,
  out: A,
  fill: (k0: number, k1: number, row: A, begin: number) => void,
): A => use(key, where, () => fillNow(key, out, fill));

function fillNow<A extends OutputArray>(
  key: PRNGKey,
  out: A,
  fill: (k0: number, k1: number, row: A, begin: number) => void,
): A {
  open(key);
  const keys = ownKey("fillRows", key);
  const rows = keys.size;
  if (keys.shape.length === 0) {
    fill(wordOf(keys, 0, 0), wordOf(keys, 0, 1), out, 0);
    return out;
  }
  const width = rows === 0 ? 0 : out.length / rows;
  for (let i = 0; i < rows; i++) {
    // `subarray` of an A is an A. The types of the library do not say so.
    const row = out.subarray(i * width, (i + 1) * width) as A;
    fill(wordOf(keys, i, 0), wordOf(keys, i, 1), row, i * width);
  }
  return out;
}

/** @file The cache of keys and values of earlier positions. */
import { type Cache, NnxError } from "@nnxjs/nnx-core";
import { checkParam, describe } from "@nnxjs/nnx-core/internal";
import {
  add,
  cast,
  concat,
  fuse,
  isRecorded,
  isTensor,
  greaterEqual,
  scalar,
  scalarOf,
  sizeOf,
  slice,
  type Tensor,
  tensorOf,
} from "@nnxjs/kernels/internal";
import { shapeText } from "../checks.ts";
import { dynamicUpdateSlice } from "../indexing/dynamic-update-slice.ts";
import { combineMasks } from "./masks.ts";

/** The part of an attention layer that has the cache. */
interface CacheOwner {
  readonly cached_key: Cache<Tensor> | null;
  readonly cached_value: Cache<Tensor> | null;
  readonly cache_index: Cache<Tensor> | null;
  readonly numKvHeads: number;
  readonly headDim: number;
}

/** The keys and values for a query, and the mask over them. */
interface Known {
  readonly key: Tensor;
  readonly value: Tensor;
  readonly mask: Tensor | null;
  /**
   * Writes the new position into the cache. It is called when nothing can fail any more, so that a
   * refused call leaves the cache unchanged.
   */
  readonly write?: () => void;
}

/** @throws NnxError unless the arrays of the cache fit the layer and each other. */
export function checkCache(where: string, layer: CacheOwner): void {
  const { cached_key: keys, cached_value: values, cache_index: index, numKvHeads, headDim } = layer;
  if (!keys || !values || !index) return;
  checkParam(where, "cache_index", index.value, []);
  const [key, value]: unknown[] = [keys.value, values.value];
  if (isTensor(key) && isTensor(value) && shapeText(key.shape) === shapeText(value.shape)) {
    const [heads, depth] = key.shape.slice(-2);
    if (key.rank > 2 && heads === numKvHeads && depth === headDim) return;
  }
  throw new NnxError(
    `${where}: expected cached_key and cached_value of one shape [...batch, length, ${numKvHeads}, ${headDim}], ` +
      `got ${describe(key)} and ${describe(value)}. Call initCache again.`,
  );
}

/** The keys and values of all positions up to this one, and the mask that hides later positions. */
export function remember(
  where: string,
  layer: CacheOwner,
  key: Tensor,
  value: Tensor,
  mask: Tensor | null,
): Known {
  const { cached_key: keys, cached_value: values, cache_index: index } = layer;
  if (!keys || !values || !index) {
    throw new NnxError(`${where}: expected a cache to decode with, got none. Call initCache first.`);
  }
  const { shape } = keys.value;
  const expected = [...shape.slice(0, -3), 1, ...shape.slice(-2)];
  if (shapeText(key.shape) !== shapeText(expected)) {
    throw new NnxError(
      `${where}: expected a key of shape ${shapeText(expected)} for the cache of shape ${shapeText(shape)}, got ` +
        `${shapeText(key.shape)}. Pass one position per call, and initCache the shape of the batch.`,
    );
  }
  const length = shape.at(-3) as number;
  const position = positionOf(where, index.value, length);
  const all = { key: writeAt(keys.value, key, position), value: writeAt(values.value, value, position) };
  return {
    ...all,
    mask: combineMasks([mask, positionMask(shape.slice(0, -3), length, position)]),
    write: () => {
      keys.value = all.key;
      values.value = all.value;
      index.value = after(position);
    },
  };
}

/** A number, or in a recorded function a tensor: each time that it is played has another one. */
type Position = number | Tensor;

/**
 * The next position.
 * @throws NnxError now, and each time that the run is played, when the cache is full.
 */
function positionOf(where: string, index: Tensor, length: number): Position {
  const check = (position: number): number => {
    if (position < length) return position;
    throw new NnxError(
      `${where}: expected at most ${length} positions, which the cache has, got one more. Call initCache with a longer shape.`,
    );
  };
  const isChecked =
    isRecorded() &&
    fuse([cast(index, "float32")], [], ([values]) => void check((values as Float32Array)[0] as number));
  return isChecked ? index : check(scalarOf(index, where));
}

/** Made of a number where there is one: no backend has to be waited for at the next position. */
const after = (position: Position): Tensor =>
  isTensor(position) ? add(position, scalar(1, "int32")) : tensorOf([position + 1], [], "int32");

/** A cache `[...batch, length, heads, depth]` with one position replaced. */
function writeAt(cache: Tensor, entry: Tensor, position: Position): Tensor {
  const axis = cache.rank - 3;
  if (isTensor(position)) {
    return dynamicUpdateSlice(
      cache,
      entry,
      cache.shape.map((_, i) => (i === axis ? position : 0)),
    );
  }
  const length = cache.shape[axis] as number;
  const part = (from: number, count: number): Tensor =>
    slice(
      cache,
      cache.shape.map((_, i) => (i === axis ? from : 0)),
      cache.shape.map((n, i) => (i === axis ? count : n)),
    );
  const rest = length - position - 1;
  const pieces = [
    ...(position > 0 ? [part(0, position)] : []),
    entry,
    ...(rest > 0 ? [part(position + 1, rest)] : []),
  ];
  return pieces.length === 1 ? entry : concat(pieces, axis);
}

/** Bool, `[...batch, 1, 1, length]`: true up to the position. */
function positionMask(batch: readonly number[], length: number, position: Position): Tensor {
  const shape = [...batch, 1, 1, length];
  const positions = Array.from({ length: sizeOf(batch) * length }, (_, i) => i % length);
  return isTensor(position)
    ? greaterEqual(position, tensorOf(positions, shape, "int32"))
    : tensorOf(
        positions.map((each) => Number(each <= position)),
        shape,
        "bool",
      );
}

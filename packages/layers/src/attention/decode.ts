/** @file The cache of keys and values of earlier positions. */
import { type Cache, NnxError } from "@nnxjs/nnx-core";
import { checkParam, describe } from "@nnxjs/nnx-core/internal";
import { concat, isTensor, sizeOf, slice, type Tensor, tensorOf, scalarOf } from "@nnxjs/kernels/internal";
import { shapeText } from "../checks.ts";
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
  const position = scalarOf(index.value, where);
  if (position >= length) {
    throw new NnxError(
      `${where}: expected at most ${length} positions, which the cache has, got one more. Call initCache with a longer shape.`,
    );
  }
  const all = { key: writeAt(keys.value, key, position), value: writeAt(values.value, value, position) };
  return {
    ...all,
    mask: combineMasks([mask, positionMask(shape.slice(0, -3), length, position)]),
    write: () => {
      keys.value = all.key;
      values.value = all.value;
      // Made of a number, not computed: no backend has to be waited for at the next position.
      index.value = tensorOf([position + 1], [], "int32");
    },
  };
}

/** A cache `[...batch, length, heads, depth]` with one position replaced. */
function writeAt(cache: Tensor, entry: Tensor, position: number): Tensor {
  const axis = cache.rank - 3;
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
function positionMask(batch: readonly number[], length: number, position: number): Tensor {
  const values = Array.from({ length: sizeOf(batch) * length }, (_, i) => Number(i % length <= position));
  return tensorOf(values, [...batch, 1, 1, length], "bool");
}

/** @file Looks up rows of a table by id. */
import { registerModule, type Metadata, NnxError, type Param } from "@nnxjs/nnx-core";
import { checkParam, checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { initializers, type Initializer, type Rngs } from "@nnxjs/rnglib";
import { checkFeatures, checkSize } from "../checks.ts";
import { DtypeLayer } from "../dtype-layer.ts";
import { DTYPE_CHECKS, type DtypeOptions, type FloatDtype, promoted } from "../dtypes.ts";
import { checkLayerOptions, checkRngs, choice, func, metadata, type OptionChecks } from "../options.ts";
import { drawParam } from "../params.ts";
import {
  add,
  broadcastTo,
  cast,
  expandDims,
  fuse,
  gather,
  gatherAt,
  greaterEqual,
  isRecorded,
  less,
  logicalAnd,
  matMul,
  mul,
  ones,
  reshape,
  scalar,
  type Tensor,
  tensorOf,
  transpose,
  valuesOf,
  where,
  zerosLike,
} from "@nnxjs/kernels/internal";

/** What to do for an id without a row in the table. */
export type OutOfRange = "nan" | "error";

/** Options of {@link Embed}; the names are Flax's. */
export interface EmbedOptions extends DtypeOptions {
  /** A source of keys. Its `params` stream gives the table. */
  rngs: Rngs;
  /** @defaultValue varianceScaling(1, "fanIn", "normal", { outAxis: 0 }) */
  embeddingInit?: Initializer;
  /** Metadata of the table's Param. */
  embeddingMetadata?: Metadata;
  /** `"nan"` returns a row of NaN, as JAX does; `"error"` throws. @defaultValue "nan" */
  outOfRange?: OutOfRange;
}

const OPTIONS: OptionChecks<EmbedOptions> = {
  rngs: checkRngs,
  embeddingInit: func,
  embeddingMetadata: metadata,
  outOfRange: choice("nan", "error"),
  ...DTYPE_CHECKS,
};

/**
 * Returns row `id` of a table of vectors, for every id. Negative ids count from the end.
 * @see Flax `nnx.Embed`
 * @example
 * ```ts
 * const layer = new nnx.Embed(1000, 64, { rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.tensor2d([[3, 14], [15, 92]], [2, 2], "int32")); // [2, 2, 64]
 * ```
 */
export class Embed extends DtypeLayer {
  /** `[numEmbeddings, features]` */
  readonly embedding: Param<Tensor>;
  readonly numEmbeddings: number;
  readonly features: number;
  // Only narrows the type: the base class holds the value.
  declare readonly dtype: FloatDtype;
  readonly outOfRange: OutOfRange;
  /** The initializer of the table, which can draw it again. */
  readonly embeddingInit: Initializer;

  /**
   * @throws NnxError when a size is not a positive integer, TypeError for an unknown `outOfRange`.
   */
  constructor(numEmbeddings: number, features: number, options: EmbedOptions) {
    checkLayerOptions("Embed", options, OPTIONS);
    const { paramDtype = "float32" } = options;
    super({ ...options, dtype: options.dtype ?? paramDtype });
    const { rngs, outOfRange = "nan" } = options;
    checkSize("Embed", "numEmbeddings", numEmbeddings);
    checkSize("Embed", "features", features);
    const { embeddingInit = initializers.varianceScaling(1, "fanIn", "normal", { outAxis: 0 }) } = options;
    const shape = [numEmbeddings, features];
    this.embedding = drawParam("Embed", embeddingInit, rngs, shape, paramDtype, options.embeddingMetadata);
    this.numEmbeddings = numEmbeddings;
    this.features = features;
    this.outOfRange = outOfRange;
    this.embeddingInit = embeddingInit;
  }

  /**
   * @param ids - Any shape. A table of one row returns that row for every id.
   * @returns the shape of `ids`, followed by `[features]`.
   * @throws NnxError when `ids` are not int32, or, with `outOfRange: "error"`, when one is outside
   * `[-numEmbeddings, numEmbeddings)`.
   */
  forward(ids: Tensor): Tensor {
    checkTensor("Embed.forward", "ids", ids);
    checkTable("Embed.forward", this);
    if (ids.dtype !== "int32") {
      throw new NnxError(
        `Embed.forward: expected int32 ids, got ${describe(ids)}. Make them with tf.tensor1d(ids, "int32"), or cast.`,
      );
    }
    const [table] = promoted(this, [this.embedding.value]);
    const shape = [...ids.shape, this.features];
    if (this.numEmbeddings === 1)
      return broadcastTo(reshape(table, [...ids.shape.map(() => 1), this.features]), shape);
    if (isRecorded()) return recordedRows(this, table, ids);
    const { rows, known } = resolve(this, valuesOf(ids));
    const found = reshape(gather(table, rows), shape);
    if (known.every(Boolean)) return found;
    const mask = expandDims(tensorOf(known.map(Number), ids.shape, "bool"), -1);
    return where(broadcastTo(mask, shape), found, mul(ones(shape), Number.NaN));
  }

  /**
   * The scores of a vector against every row: `query @ embeddingᵀ`. An output layer with tied
   * weights computes this.
   * @param query - `[..., features]`
   * @returns `[..., numEmbeddings]`
   * @throws NnxError when the last axis has another size.
   */
  attend(query: Tensor): Tensor {
    checkFeatures("Embed.attend", query, this.features);
    checkTable("Embed.attend", this);
    const [vectors, table] = promoted(this, [query, this.embedding.value]);
    const scores = matMul(reshape(vectors, [-1, this.features]), transpose(table));
    return reshape(scores, [...query.shape.slice(0, -1), this.numEmbeddings]);
  }
}

const checkTable = (where: string, layer: Embed): void =>
  checkParam(where, "embedding", layer.embedding.value, [layer.numEmbeddings, layer.features]);

/** The row number of each id, and whether it has a row. */
function resolve(
  { numEmbeddings, outOfRange }: Embed,
  ids: ArrayLike<number>,
): { rows: number[]; known: boolean[] } {
  const rows: number[] = [];
  const known: boolean[] = [];
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as number;
    const row = id < 0 ? id + numEmbeddings : id;
    const has = row >= 0 && row < numEmbeddings;
    if (!has && outOfRange === "error") {
      throw new NnxError(
        `Embed.forward: expected ids from ${-numEmbeddings} to ${numEmbeddings - 1}, got ${id} at position ${i}. ` +
          "Enlarge numEmbeddings or map unknown ids to one that exists.",
      );
    }
    rows.push(has ? row : 0);
    known.push(has);
  }
  return { rows, known };
}

/** As {@link Embed.forward}, without reading the ids: they are others when the run is played. */
function recordedRows(layer: Embed, table: Tensor, ids: Tensor): Tensor {
  const { numEmbeddings, features, outOfRange } = layer;
  if (outOfRange === "error") {
    // float32 has all integers up to 2^24, and rounds no id into the range.
    const checked = fuse([cast(ids, "float32")], [], ([values]) => resolve(layer, values as Float32Array));
    if (!checked) resolve(layer, valuesOf(ids));
  }
  const rows = where(less(ids, 0), add(ids, scalar(numEmbeddings, "int32")), ids);
  const known = logicalAnd(greaterEqual(rows, 0), less(rows, numEmbeddings));
  const found = reshape(gatherAt(table, reshape(where(known, rows, zerosLike(rows)), [-1])), [
    ...ids.shape,
    features,
  ]);
  if (outOfRange === "error") return found;
  return where(broadcastTo(expandDims(known, -1), found.shape), found, mul(ones(found.shape), Number.NaN));
}

registerModule("Embed", Embed);

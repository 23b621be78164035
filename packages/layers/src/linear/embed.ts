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
  gatherAt,
  greaterEqual,
  isRecorded,
  less,
  logicalAnd,
  matMul,
  type Rank,
  reshape,
  rowsOf,
  scalar,
  type Tensor,
  transpose,
  valuesOf,
  where,
  zerosLike,
} from "@nnxjs/kernels/internal";

/** What to do for an id without a row in the table. */
export type OutOfRange = "nan" | "error";

/** Vectors in the place of ids: one axis more, where the rank is known. */
export type EmbeddedOf<T extends Tensor> =
  T extends Tensor<Rank.R0>
    ? Tensor<Rank.R1>
    : T extends Tensor<Rank.R1>
      ? Tensor<Rank.R2>
      : T extends Tensor<Rank.R2>
        ? Tensor<Rank.R3>
        : T extends Tensor<Rank.R3>
          ? Tensor<Rank.R4>
          : Tensor;

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
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
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
  forward<T extends Tensor>(ids: T): EmbeddedOf<T>;
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
    if (this.outOfRange === "error") checkEach(this, ids);
    const found = rowsOf(table, ids, "nan");
    if (found) return found;
    // The wrapped ids, and 0 for those without a row.
    const wrapped = where(less(ids, 0), add(ids, scalar(this.numEmbeddings, "int32")), ids);
    const known = logicalAnd(greaterEqual(wrapped, 0), less(wrapped, this.numEmbeddings));
    const rows = where(known, wrapped, zerosLike(wrapped));
    return where(expandDims(known, -1), gatherAt(table, rows), Number.NaN);
  }

  /**
   * The scores of a vector against every row: `query @ embeddingᵀ`. An output layer with tied
   * weights computes this.
   * @param query - `[..., features]`
   * @returns `[..., numEmbeddings]`
   * @throws NnxError when the last axis has another size.
   */
  attend<T extends Tensor>(query: T): T {
    checkFeatures("Embed.attend", query, this.features);
    checkTable("Embed.attend", this);
    const [vectors, table] = promoted(this, [query, this.embedding.value]);
    const scores = matMul(reshape(vectors, [-1, this.features]), transpose(table));
    return reshape(scores, [...query.shape.slice(0, -1), this.numEmbeddings]) as T;
  }
}

const checkTable = (where: string, layer: Embed): void =>
  checkParam(where, "embedding", layer.embedding.value, [layer.numEmbeddings, layer.features]);

/** Refuses ids without a row. */
function checkIds({ numEmbeddings }: Embed, ids: ArrayLike<number>): void {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as number;
    if (id < -numEmbeddings || id >= numEmbeddings) {
      throw new NnxError(
        `Embed.forward: expected ids from ${-numEmbeddings} to ${numEmbeddings - 1}, got ${id} at position ${i}. ` +
          "Enlarge numEmbeddings or map unknown ids to one that exists.",
      );
    }
  }
}

/** {@link checkIds} now, and each time the run is played. */
function checkEach(layer: Embed, ids: Tensor): void {
  // float32 has all integers up to 2^24, and rounds no id into the range.
  const isChecked =
    isRecorded() && fuse([cast(ids, "float32")], [], ([values]) => checkIds(layer, values as Float32Array));
  if (!isChecked) checkIds(layer, valuesOf(ids, "Embed.forward"));
}

registerModule("Embed", Embed);

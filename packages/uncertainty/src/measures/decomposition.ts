/** @file The result of the decompositions. */

/** One number for each input, in row-major order of the axes between samples and classes. */
export interface Decomposition {
  /** The whole uncertainty about the output. */
  readonly total: Float64Array;
  /** The uncertainty within each prediction: noise in the data, which more data do not remove. */
  readonly aleatoric: Float64Array;
  /** The disagreement between predictions: weights that the data do not determine. */
  readonly epistemic: Float64Array;
}

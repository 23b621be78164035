/** @file What decompositions return. */

/** One number for each input, in row-major order of the axes between samples and classes. */
export interface Decomposition {
  /** All uncertainty about the output. */
  readonly total: Float64Array;
  /** What is uncertain in each prediction: noise in the data, which more data does not remove. */
  readonly aleatoric: Float64Array;
  /** What the predictions do not agree on: weights that the data have not settled. */
  readonly epistemic: Float64Array;
}

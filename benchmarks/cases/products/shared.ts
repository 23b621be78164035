/** @file Products of two matrices of 512 × 512, each as it is (N) or transposed (T). */

export const SIZE = 512;
/** Each product, and which of its matrices are transposed. */
export const PRODUCTS = {
  "512³ NN": [false, false],
  "512³ NT": [false, true],
  "512³ TN": [true, false],
  "512³ TT": [true, true],
} as const;

/** @file A convolutional net on 32 images of 28 × 28: 16 and 32 filters of 3 × 3, max pools. */

export const CONV = "conv net";
export const IMAGES = [32, 28, 28, 1] as const;
export const LABELS = [32] as const;
export const SHAPES = {
  "conv1.kernel": [3, 3, 1, 16],
  "conv1.bias": [16],
  "conv2.kernel": [3, 3, 16, 32],
  "conv2.bias": [32],
  "out.kernel": [1568, 10],
  "out.bias": [10],
} as const;

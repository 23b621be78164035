/** @file Adam alone, on the 536,000 parameters of the MLP. */

export const ADAM = "Adam, 536 k parameters";
export const SHAPES = {
  "a.kernel": [784, 512],
  "a.bias": [512],
  "b.kernel": [512, 256],
  "b.bias": [256],
  "c.kernel": [256, 10],
  "c.bias": [10],
} as const;
/** The gradient of a parameter is always its initial values. What is compared is this one. */
export const COMPARED = "a.bias";

/** @file Names of kernels that both compute and have a shape where nothing is computed. */

/** Their names in the registry. */
export const ownKernelNames = {
  positive: "NnxPositive",
  notNegative: "NnxNotNegative",
  above: "NnxAbove",
} as const;

/** @file 20 dense layers of width 4 on a batch of 4: what everything around the kernels costs. */

export const SMALL = "20 layers of width 4";
export const INPUT = [4, 4] as const;
/** The paths of the layers. */
export const LAYERS = Array.from({ length: 20 }, (_, i) => `layers.${i}`);

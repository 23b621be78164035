/** @file Unstable: what the other packages of this project use. It may change in any version. */
export { drop, type DropOptions } from "./fused/drop.ts";
export { shuffledRange } from "./random/permutation.ts";
export type { TensorOfAxes } from "./tensor-types.ts";

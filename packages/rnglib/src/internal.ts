/**
 * @file What the other packages of this project use. It is not for users, and may change in any
 * version.
 */
export { drop } from "./fused/drop.ts";
export { observeUses } from "./keys/uses.ts";
export { shuffledRange } from "./random/permutation.ts";
export type { TensorOfAxes } from "./tensor-types.ts";

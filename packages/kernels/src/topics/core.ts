/** @file What every program has. */
import { moves } from "../move/all-moves.ts";
import { slopeKernels } from "../own/activation-kernels.ts";
import { comparisonKernels } from "../own/comparisons.ts";
import { denseKernels } from "../own/dense.ts";
import { gathers } from "../own/gathers.ts";
import { elementwise } from "../wasm/elementwise.ts";
import { matMuls } from "../wasm/mat-mul.ts";
import { pairMends } from "../wasm/pairs.ts";
import { reductions } from "../wasm/reductions.ts";
import type { Topic } from "./topic.ts";

/** Products, element-wise kernels, reductions, and kernels that move elements. */
export const core: Topic = {
  quick: () => [...elementwise, ...pairMends, ...matMuls, ...reductions, ...moves, ...gathers],
  own: () => [...comparisonKernels(), ...slopeKernels(), ...denseKernels()],
};

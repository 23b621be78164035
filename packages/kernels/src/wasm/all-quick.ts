/** @file All kernels that replace slow ones, in one table. */
import type { Mend } from "../mends/mend.ts";
import { elementwise } from "./elementwise.ts";
import { moves } from "../move/all-moves.ts";
import { softmaxes } from "../own/softmax.ts";
import { matMuls } from "./mat-mul.ts";
import { pairMends } from "./pairs.ts";
import { reductions } from "./reductions.ts";
import { quickConvolutions } from "./conv-kernels.ts";
import { quickPools } from "./pool-kernels.ts";

/**
 * Every replacement of a kernel that is right but slow. `around` gets the mended kernel, and the
 * replacement calls it where WebAssembly is out of reach.
 */
export const allQuick: readonly Mend[] = [
  ...elementwise,
  ...pairMends,
  ...matMuls,
  ...reductions,
  ...moves,
  ...softmaxes,
  ...quickPools,
  ...quickConvolutions,
];

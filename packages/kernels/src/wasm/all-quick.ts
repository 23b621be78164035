/** @file All kernels that replace slow ones, in one table. */
import type { Mend } from "../mends/mend.ts";
import { softmaxes } from "../own/softmax.ts";
import { matMuls } from "./mat-mul.ts";
import { reductions } from "./reductions.ts";

/**
 * Every replacement of a kernel that is right but slow. `around` gets the mended kernel, and the
 * replacement calls it where WebAssembly is out of reach.
 */
export const allQuick: readonly Mend[] = [...matMuls, ...reductions, ...softmaxes];

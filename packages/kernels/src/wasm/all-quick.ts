/** @file All kernels that replace slow ones, in one table. */
import type { Mend } from "../mends/mend.ts";
import { unpack } from "../quick/unstack.ts";
import { matMuls } from "./mat-mul.ts";

/**
 * Every replacement of a kernel that is right but slow. `around` gets the mended kernel, and the
 * replacement calls it where WebAssembly is out of reach.
 */
export const allQuick: readonly Mend[] = [...matMuls, unpack];

/** @file All quicker kernels that move elements, in one table. */
import type { Mend } from "../mend.ts";
import { joins } from "./joins.ts";
import { layouts } from "./layouts.ts";
import { slices } from "./slices.ts";

/** Replacements of kernels that move elements. */
export const moves: readonly Mend[] = [...slices, ...joins, ...layouts];

/** @file How the values of all slices become one. */
import type { Variable } from "../variable/variable.ts";
import { type Misfit, stackValues } from "./axis-values.ts";
import { sameValues } from "./same-values.ts";

/** Puts values of slices together. */
export interface Joining {
  /**
   * Stacks values along a new axis.
   * @param variable - The Variable that has them, if they are its own.
   */
  stack(values: readonly unknown[], axis: number, misfit: Misfit, variable?: Variable): unknown;
  /** The value that all slices have. */
  same(values: readonly unknown[], last: number, misfit: Misfit, variable?: Variable): unknown;
}

/** Returns the last value, when all are equal. */
export function sameFor(values: readonly unknown[], last: number, misfit: Misfit): unknown {
  values.forEach((value, index) => {
    if (!sameValues("vmap or scan", value, values[0])) throw misfit(value, index);
  });
  return values[last];
}

/** For values of each slice. */
export const ofEachSlice: Joining = { stack: stackValues, same: sameFor };

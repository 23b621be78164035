/** @file What is as good as JAX's values at the edges of float32 and int32 on a GPU. */
import type * as tf from "@tensorflow/tfjs-core";
import { tidy } from "@tensorflow/tfjs-core";
import { inject } from "vitest";

export const isWebgl: boolean = inject("backend") === "webgl";

/** Below it, numbers are not normal, and GPUs take them for 0. */
export const NORMAL = 2 ** -126;
export const isClose = (found: number, wanted: number, tolerance: number): boolean =>
  found === wanted ||
  (Number.isNaN(found) && Number.isNaN(wanted)) ||
  (Number.isFinite(wanted) && Math.abs(found - wanted) <= tolerance * Math.abs(wanted)) ||
  (Math.abs(wanted) < 2 * NORMAL && Math.abs(found) < 2 * NORMAL);

export async function valuesOf(run: () => tf.Tensor): Promise<number[]> {
  const y = tidy(run);
  try {
    return [...(await y.data())];
  } finally {
    y.dispose();
  }
}

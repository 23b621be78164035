/** @file What `diagnose` takes and returns. */
import type { CaptureGradientsOptions } from "../capture/capture-gradients.ts";
import type { Tensor } from "../tensor.ts";
import type { SummarizeOptions, Summary } from "./summarize.ts";

/** Anything that updates a model by gradients, such as an `Optimizer`. */
export interface Updater {
  update(model: never, gradients: never): unknown;
}

export type Loss<M, A extends readonly unknown[]> = (
  model: M,
  ...args: A
) => Tensor | readonly [loss: Tensor, aux: unknown];

/** What `diagnose` runs, and what it expects. */
export interface DiagnoseOptions extends SummarizeOptions, Pick<CaptureGradientsOptions, "hasAux" | "wrt"> {
  /** Its update is looked at, and undone. Without it no update is made. */
  readonly optimizer?: Updater;
  /**
   * Whether this is a step of training, or (`false`) an evaluation. The modes of layers are compared
   * with it. @defaultValue true with an optimizer, and unknown without one
   */
  readonly training?: boolean;
  /**
   * How many steps were made before, for running statistics. @defaultValue the optimizer's count
   */
  readonly steps?: number;
}

/** What `diagnose` found. As text it is a table with the flags below. */
export interface Diagnosis extends Summary {
  readonly loss: number;
}

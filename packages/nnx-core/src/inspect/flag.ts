/** @file A finding about a model or one of its runs. */
import type { Path } from "../path.ts";

/**
 * What a {@link Flag} is about.
 *
 * - `dead`: units that give 0 for every example, and get no gradient
 * - `saturated`: units at the ends of tanh or sigmoid
 * - `vanishing`, `exploding`: gradients or outputs that shrink or grow from layer to layer
 * - `nonFinite`: NaN or infinities
 * - `smallUpdates`, `largeUpdates`: updates beside the weights; the learning rate, mostly
 * - `frozen`: a layer whose parameters get no gradient, or no update
 * - `mode`: layers that are in training mode where evaluation mode is expected, or the other way
 * - `sharedStream`: streams that draw the same numbers
 * - `statistics`: running statistics that are far from those of the batch
 * - `input`: an input that is far from mean 0 and standard deviation 1
 */
export type FlagKind =
  | "dead"
  | "saturated"
  | "vanishing"
  | "exploding"
  | "nonFinite"
  | "smallUpdates"
  | "largeUpdates"
  | "frozen"
  | "mode"
  | "sharedStream"
  | "statistics"
  | "input";

/** In which part of a run a {@link Flag} was found. Empty for what is about the whole. */
export type FlagPlace =
  | "sown"
  | "perturbed"
  | "outputs"
  | "inputs"
  | "gradients"
  | "parameters"
  | "updates"
  | "modes"
  | "streams"
  | "";

/** Something that looks wrong, and what to try. */
export interface Flag {
  readonly kind: FlagKind;
  /** The path of the value, the Variable or the module. `[]` for the model itself. */
  readonly path: Path;
  readonly where: FlagPlace;
  /** What was seen, in one sentence with the figure. */
  readonly message: string;
  /** What to try, in one sentence. */
  readonly advice: string;
}

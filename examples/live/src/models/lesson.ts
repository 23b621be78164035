/** @file What a trainer needs to know of a training. */
import type * as nnx from "@nnxjs/nnx";

/** A training that can be looked at while it goes on. */
export interface Lesson<Sight> {
  /** All that training changes: its State is a moment to which one can return. */
  readonly run: nnx.Module;
  /** One step of training. @returns the loss, in nats */
  step(): number;
  /** What there is to see now. It changes nothing in the run. */
  look(): Sight;
  setLearningRate(rate: number): void;
  dispose(): void;
}

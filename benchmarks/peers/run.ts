/** @file What a case is, to the process that runs it. */

/** One case in one peer. */
export interface Run {
  /**
   * Does the work once. It has ended when this returns, or when the promise that this returns is
   * fulfilled. The result is the loss; if it is not a number, there is none.
   */
  step(): unknown;
  /**
   * Computes the numbers that all peers must agree on, before the first step. Without it these are
   * the losses of the first steps.
   */
  check?(): number[] | Promise<number[]>;
}

/** What the file of a case exports for one peer: a maker of each entry. */
export type Runs = Readonly<Record<string, () => Run | Promise<Run>>>;

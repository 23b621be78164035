/** @file What bench.ts and the process of a peer say to each other: one line of JSON each. */

/** Asks for an entry of a case to be made, checked and warmed up. */
export interface Prepare {
  readonly do: "prepare";
  readonly group: string;
  readonly entry: string;
  /** How long to warm up, in milliseconds of CPU time. */
  readonly warmUp: number;
}

/** Asks for some steps of what was prepared. */
export interface Measure {
  readonly do: "measure";
  readonly steps: number;
  /** Steps before these, which do not count. */
  readonly unmeasured: number;
}

export type Request = Prepare | Measure;

export interface Prepared {
  /** Whether this peer has the entry. */
  readonly exists: boolean;
  /** What all peers must agree on. */
  readonly numbers?: readonly number[];
  /** The CPU time of the last step, in milliseconds. */
  readonly milliseconds?: number;
  /** The CPU time of making, compiling, checking and warming up, in milliseconds. */
  readonly prepared?: number;
}

export interface Measured {
  /** The CPU time of one step, in milliseconds: the mean over the steps of the request. */
  readonly milliseconds: number;
}

export interface Failed {
  readonly error: string;
}

/** The file descriptor on which a peer answers. Libraries print what they like on the others. */
export const ANSWERS = 3;

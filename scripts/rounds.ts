/** @file How often a test repeats itself: a few times in each run, many in `npm run test:long`. */

// Browsers have no `process`.
const isLong = typeof process !== "undefined" && process.env.NNXJS_LONG === "1";

/** The number of rounds: `short` finds what breaks from one round to the next, `long` what piles up. */
export const rounds = (short: number, long: number): number => (isLong ? long : short);

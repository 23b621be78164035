/** @file How often a test repeats itself, and with which numbers: `npm run test:long` tries more, and other ones. */

// Browsers have no `process`.
const isLong = typeof process !== "undefined" && process.env.NNXJS_LONG === "1";

/** The number of rounds: `short` finds what breaks from one round to the next, `long` what piles up. */
export const rounds = (short: number, long: number): number => (isLong ? long : short);

/** The seed of properties. The same each time, so that a test fails when the code has changed, and not by chance. */
export const propertySeed = isLong ? Date.now() | 0 : 1;

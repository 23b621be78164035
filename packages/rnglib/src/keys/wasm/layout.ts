/**
 * @file Where things lie in the one page of memory that the kernels share; read by them and by who
 * calls them.
 */

/**
 * Elements per call. Short enough for both buffers to stay in the first-level cache, and for V8 to
 * tier up between calls.
 */
export const CHUNK = 4096;

/**
 * Byte offset of the results. Not 0: copying from just below a destination modulo 4096 is up to ten
 * times slower on some machines (`rep movsb` on Zen 3), and large allocations begin just above a
 * multiple of 4096.
 */
export const OUT = 1024;

/** Byte offset of what a kernel reads. */
export const SOURCE: number = OUT + 4 * CHUNK + 1024;

/**
 * @file The layout of the one page of memory that the kernels share. The kernels and their callers
 * use it.
 */

/**
 * Elements per call. At this length both buffers stay in the first-level cache, and V8 can tier up
 * between calls.
 */
export const CHUNK = 4096;

/**
 * Byte offset of the results. It is not 0, because copying from just below a destination modulo
 * 4096 is up to ten times slower on some machines (`rep movsb` on Zen 3), and large allocations
 * begin just above a multiple of 4096.
 */
export const OUT = 1024;

/** Byte offset of a kernel's input. */
export const SOURCE: number = OUT + 4 * CHUNK + 1024;

/** @file A million whole numbers, and a permutation of a million. */

export const COUNT = 1 << 20;
export const BOUND = 1000;
export const RANDINT = "randint, 1M";
export const PERMUTATION = "permutation, 1M";

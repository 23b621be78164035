/** @file An LSTM of 64 units on 8 sequences of 64 steps: value and gradients of its parameters. */

export const LSTM = "LSTM";
/** Batch, steps, features; the units are as many as the features. */
export const INPUT = [8, 64, 64] as const;
export const UNITS = 64;
/** The gates in Flax's order. */
export const GATES = ["i", "f", "g", "o"] as const;

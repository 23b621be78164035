/** @file A transformer block: 8 sequences of 64 steps and 128 features, causal, 4 heads. */

export const BLOCK = "transformer block";
export const INPUT = [8, 64, 128] as const;
const [, , FEATURES] = INPUT;
export const LENGTH = INPUT[1];
export const HEADS = 4;
export const DEPTH = FEATURES / HEADS;
export const HIDDEN = 512;

const projection = [FEATURES, HEADS, DEPTH];
/** Flax's paths and shapes. */
export const SHAPES: Readonly<Record<string, readonly number[]>> = {
  "norm1.scale": [FEATURES],
  "norm1.bias": [FEATURES],
  ...Object.fromEntries(
    ["query", "key", "value"].flatMap((name) => [
      [`attention.${name}.kernel`, projection],
      [`attention.${name}.bias`, [HEADS, DEPTH]],
    ]),
  ),
  "attention.out.kernel": [HEADS, DEPTH, FEATURES],
  "attention.out.bias": [FEATURES],
  "norm2.scale": [FEATURES],
  "norm2.bias": [FEATURES],
  "up.kernel": [FEATURES, HIDDEN],
  "up.bias": [HIDDEN],
  "down.kernel": [HIDDEN, FEATURES],
  "down.bias": [FEATURES],
};

/** @file The programs whose sizes are watched, and how large each may be. */

/** A program, and the most bytes that it may have, minified and compressed by gzip. */
export interface Watched {
  readonly program: string;
  readonly most: number;
}

const TRAINER = `
import * as nnx from "@nnxjs/nnx";
export { Linear, Module, Rngs, relu, valueAndGrad, Optimizer, adam } from "@nnxjs/nnx";
export const loss = nnx.softmaxCrossEntropyWithIntegerLabels;
`;

/** By name. What needs more than this has to say why. */
export const watched: Readonly<Record<string, Watched>> = {
  everything: { program: 'export * from "@nnxjs/nnx";', most: 350_400 },
  "a trainer: Linear, Module, Rngs, relu, valueAndGrad, Optimizer, adam, a loss": {
    program: TRAINER,
    most: 132_000,
  },
  "core and Linear: Linear, Module, Rngs, grad, split, merge": {
    program: 'export { Linear, Module, Rngs, grad, split, merge } from "@nnxjs/nnx";',
    most: 118_300,
  },
  "Linear and Rngs": { program: 'export { Linear, Rngs } from "@nnxjs/nnx";', most: 86_700 },
  "keys and samplers without tensorflow.js": {
    program: 'export * from "@nnxjs/rnglib/keys";',
    most: 9_900,
  },
  "keys alone: key, split, foldIn": {
    program: 'export { key, split, foldIn } from "@nnxjs/rnglib/keys";',
    most: 2_500,
  },
};

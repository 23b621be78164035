/** @file Whole numbers and permutations with nnxjs; the same bits as JAX's. */
import { random } from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import type { Run, Runs } from "../../peers/run.ts";
import { BOUND, COUNT, PERMUTATION, RANDINT } from "./shared.ts";

const key = random.key(1);

const of = (draw: () => tf.Tensor): Run => ({
  check: () => [...tf.tidy(() => draw().dataSync().slice(0, 3))],
  step: () => draw().dispose(),
});

export const runs: Runs = {
  [RANDINT]: () => of(() => random.randint(key, [COUNT], 0, BOUND)),
  [PERMUTATION]: () => of(() => random.permutation(key, COUNT)),
};

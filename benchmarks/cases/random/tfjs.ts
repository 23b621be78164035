/** @file Whole numbers and permutations with tensorflow.js. */
import * as tf from "@tensorflow/tfjs-core";
import type { Runs } from "../../peers/run.ts";
import { BOUND, COUNT, PERMUTATION, RANDINT } from "./shared.ts";

export const runs: Runs = {
  [RANDINT]: () => ({ step: () => tf.randomUniform([COUNT], 0, BOUND, "int32", 1).dispose() }),
  [PERMUTATION]: () => ({ step: () => void tf.util.createShuffledIndices(COUNT) }),
};

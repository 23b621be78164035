/** @file Adam of tensorflow.js. */
import * as tf from "@tensorflow/tfjs-core";
import type { Run, Runs } from "../../peers/run.ts";
import { weights } from "../../peers/numbers.ts";
import { ADAM, COMPARED, SHAPES } from "./shared.ts";

function make(): Run {
  const named = Object.entries(SHAPES).map(([path, shape]) => {
    const initial = tf.tensor(weights(path, shape), [...shape]);
    return { path, initial, variable: tf.variable(initial) };
  });
  const adam = tf.train.adam(1e-3);
  const grads = named.map(({ initial, variable }) => ({ name: variable.name, tensor: initial }));
  const step = (): void => tf.tidy(() => adam.applyGradients(grads));
  const { variable } = named.find(({ path }) => path === COMPARED)!;
  return {
    check: () =>
      [0, 1, 2].map(() => {
        step();
        return tf.tidy(() => tf.sum(tf.abs(variable)).dataSync()[0]!);
      }),
    step,
  };
}

export const runs: Runs = { [ADAM]: make };

/** @file The LSTM of tfjs-layers. */
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import type { Run, Runs } from "../../peers/run.ts";
import { tensorOf } from "../../peers/stock.ts";
import { joined } from "./joined.ts";
import { GATES, INPUT, LSTM, UNITS } from "./shared.ts";

function make(): Run {
  const model = tfl.sequential();
  const [, steps, features] = INPUT;
  model.add(
    tfl.layers.lstm({
      units: UNITS,
      recurrentActivation: "sigmoid",
      // The default needs methods of tensors that only @tensorflow/tfjs adds.
      recurrentInitializer: "zeros",
      returnSequences: true,
      inputShape: [steps, features],
    }),
  );
  const { input, hidden, bias } = joined(GATES);
  model.setWeights([
    tf.tensor(input, [features, 4 * UNITS]),
    tf.tensor(hidden, [UNITS, 4 * UNITS]),
    tf.tensor(bias, [4 * UNITS]),
  ]);
  const x = tensorOf("lstm.x", INPUT);
  const both = () =>
    tf.variableGrads(() => tf.mean(tf.square(model.apply(x, { training: true }) as tf.Tensor)));
  return {
    step: () => tf.tidy(() => both().value.dataSync()[0]!),
    check: () =>
      tf.tidy(() => {
        const { value, grads } = both();
        const sizes = Object.values(grads).map((g) => tf.sum(tf.abs(g)));
        return [value.dataSync()[0]!, tf.addN(sizes).dataSync()[0]!];
      }),
  };
}

export const runs: Runs = { [LSTM]: make };

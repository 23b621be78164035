/** @file The LSTM with jax-js, which has no loop: 64 steps in one jitted function. */
import { nn, numpy as np } from "@jax-js/jax";
import { arrayOf, valueAndGradients } from "../../peers/jax-js.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { joined } from "./joined.ts";
import { GATES, INPUT, LSTM, UNITS } from "./shared.ts";

function make(): Run {
  const [batch, steps, features] = INPUT;
  const { input, hidden, bias } = joined(GATES);
  const args = {
    input: np.array(input, { shape: [features, 4 * UNITS] }),
    hidden: np.array(hidden, { shape: [UNITS, 4 * UNITS] }),
    bias: np.array(bias),
  };
  const x = np.reshape(arrayOf("lstm.x", INPUT), [batch * steps, features]);
  return valueAndGradients((p) => {
    const projected = np.reshape(np.matmul(x.ref, p.input!).add(p.bias!), [batch, steps, 4 * UNITS]);
    let [c, h] = [np.zeros([batch, UNITS]), np.zeros([batch, UNITS])];
    const outputs: np.Array[] = [];
    for (let t = 0; t < steps; t++) {
      const gates = projected.ref.slice([], t, []).add(np.matmul(h, p.hidden!.ref));
      const [i, f, g, o] = np.split(gates, 4, -1) as [np.Array, np.Array, np.Array, np.Array];
      c = nn
        .sigmoid(f)
        .mul(c)
        .add(nn.sigmoid(i).mul(np.tanh(g)));
      h = nn.sigmoid(o).mul(np.tanh(c.ref));
      outputs.push(h.ref);
    }
    return np.mean(np.square(np.stack(outputs, 1)));
  }, args);
}

export const runs: Runs = { [LSTM]: make };

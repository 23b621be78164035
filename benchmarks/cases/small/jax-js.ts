/** @file The small layers with jax-js. */
import { numpy as np } from "@jax-js/jax";
import { arrayOf, dense, parameters, trainer } from "../../peers/jax-js.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { INPUT, LAYERS, SMALL } from "./shared.ts";

function make(): Run {
  const [x, target] = [arrayOf("small.x", INPUT), arrayOf("small.target", INPUT)];
  const shapes = LAYERS.flatMap((path) => [
    [`${path}.kernel`, [4, 4]] as const,
    [`${path}.bias`, [4]] as const,
  ]);
  const step = trainer(parameters(Object.fromEntries(shapes)), (p) => {
    const y = LAYERS.reduce((h, path) => np.tanh(dense(h, p, path)), x.ref);
    return np.mean(np.square(y.sub(target.ref)));
  });
  return { step };
}

export const runs: Runs = { [SMALL]: make };

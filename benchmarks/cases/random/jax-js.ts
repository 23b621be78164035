/** @file Whole numbers and permutations with jax-js, jitted. Its bits are not JAX's. */
import { jit, type numpy as np, random } from "@jax-js/jax";
import type { Run, Runs } from "../../peers/run.ts";
import { BOUND, COUNT, PERMUTATION, RANDINT } from "./shared.ts";

function make(draw: (key: np.Array) => np.Array): Run {
  const key = random.key(1);
  const jitted = jit(draw);
  return {
    async step() {
      const drawn = jitted(key.ref);
      await drawn.blockUntilReady();
      drawn.dispose();
    },
  };
}

export const runs: Runs = {
  [RANDINT]: () => make((key) => random.randint(key, { minval: 0, maxval: BOUND, shape: [COUNT] })),
  [PERMUTATION]: () => make((key) => random.permutation(key, COUNT)),
};

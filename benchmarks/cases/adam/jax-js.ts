/** @file Adam with jax-js, jitted. */
import { blockUntilReady, jit, numpy as np, tree } from "@jax-js/jax";
import { adam, adamState, type Arrays, parameters } from "../../peers/jax-js.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { ADAM, COMPARED, SHAPES } from "./shared.ts";

function make(): Run {
  const grads = parameters(SHAPES);
  const update = jit(adam);
  let state = adamState(parameters(SHAPES));
  const step = async (): Promise<void> => {
    state = await blockUntilReady(update(state, tree.ref<Arrays>(grads)));
  };
  return {
    async check() {
      const sums: number[] = [];
      for (let i = 0; i < 3; i++) {
        await step();
        sums.push(np.sum(np.absolute(state.params[COMPARED]!.ref)).dataSync()[0]!);
      }
      return sums;
    },
    step,
  };
}

export const runs: Runs = { [ADAM]: make };

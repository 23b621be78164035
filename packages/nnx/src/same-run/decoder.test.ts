/** @file A decoder of two layers that learns to say five tokens backwards loses what it loses in Flax. */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { BATCH, expectSameRun, SEED } from "../../../../scripts/same-run.ts";
import { Decoder, nextTokens, sequences } from "../../test/models.ts";
import * as nnx from "../index.ts";

describe.each(["cpu", "wasm"])("on %s, a decoder", (backend) => {
  beforeAll(() => tf.setBackend(backend));
  afterAll(() => tf.setBackend("cpu"));

  it("loses in 60 steps what it loses in Flax", () => {
    const model = new Decoder({ rngs: new nnx.Rngs(SEED, { dropout: SEED + 1 }) });
    const optimizer = new nnx.Optimizer(model, nnx.adamw(3e-3), { wrt: nnx.Param });
    expectSameRun("decoder", (step) => {
      const [value, grads] = nnx.valueAndGrad(nextTokens)(model, sequences(BATCH, step));
      optimizer.update(model, grads);
      return value.dataSync()[0] as number;
    });
  });
});

import { dispose, grad } from "@nnxjs/nnx-core";
import { DropConnectLinear, Linear } from "@nnxjs/layers";
import { random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../../scripts/use-backend.ts";
import {
  dropConnectMoments,
  dropout,
  Ensemble,
  ensemble,
  sample,
  sampleAsync,
  sampleMembers,
} from "../index.ts";

const key = random.key(3);
/** The results of one backend as plain numbers, and the number of tensors that it leaves. */
async function run() {
  const before = tf.memory().numTensors;
  const base = new Linear(6, 4, { rngs: new Rngs(0) });
  const layer = new DropConnectLinear(base, 0.4, { rngs: new Rngs(1), masks: "example" });
  const x = random.normal(random.key(2), [5, 6]);
  const dropped = dropout(base, 0.3, { rngs: new Rngs(2), skipFirst: false });
  const members = ensemble(base, 2, { rngs: new Rngs(3) });
  expect(members).toBeInstanceOf(Ensemble);
  const results = {
    each: tf.tidy(() => [...layer.forward(x, { rngs: key }).dataSync()]),
    gradient: tf.tidy(() => [
      ...grad((input: tf.Tensor) => tf.sum(tf.square(layer.forward(input, { rngs: key }))) as tf.Tensor)(
        x,
      ).dataSync(),
    ]),
    samples: [...sample(layer, x, 3, { key, batchSize: 2 }).data],
    later: [...(await sampleAsync(layer, x, 3, { key })).data],
    dropped: [...sample(dropped, x, 3, { key, outputs: "logits" }).data],
    members: [...sampleMembers(members, x).data],
    variance: tf.tidy(() => [...dropConnectMoments(layer, x).variance.dataSync()]),
  };
  dispose([layer, x, dropped, members]);
  return { results, left: tf.memory().numTensors - before };
}

describe("uncertainty on wasm", () => {
  let onCpu: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    onCpu = await run();
  });

  it("gives the numbers of the cpu backend, and leaves no tensor on either", async () => {
    await useBackend("wasm");
    const onWasm = await run();
    expect([onCpu.left, onWasm.left]).toEqual([0, 0]);
    for (const [name, values] of Object.entries(onCpu.results)) {
      const found = onWasm.results[name as keyof typeof onWasm.results];
      expect(found).toHaveLength(values.length);
      for (const [i, value] of values.entries()) expect(found[i]).toBeCloseTo(value, 5);
    }
  });

  afterAll(() => tf.setBackend("cpu"));
});

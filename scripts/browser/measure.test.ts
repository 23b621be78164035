import { drawsOnDevice } from "@nnxjs/kernels/internal";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { inject, it } from "vitest";
import { bernoulli, uniform } from "../../packages/rnglib/src/keys/index.ts";
it("measures", async () => {
  await drawsOnDevice();
  const key = nnx.random.key(3);
  const time = async (make: () => tf.Tensor): Promise<number> => {
    const t: number[] = [];
    for (let i = 0; i < 9; i++) {
      const start = performance.now();
      const x = make();
      const y = tf.slice(tf.reshape(x, [x.size]), [0], [1]);
      await y.data();
      t.push(performance.now() - start);
      tf.dispose([x, y]);
    }
    return t.sort((a, b) => a - b)[4]!;
  };
  for (const p of [14, 16, 18, 20, 22]) {
    const n = 2 ** p;
    const row = [
      await time(() => tf.tensor(uniform(key, n))),
      await time(() => nnx.random.uniform(key, [n])),
      await time(() => tf.tensor(bernoulli(key, 0.7, n), [n], "bool")),
      await time(() => nnx.random.bernoulli(key, 0.7, [n])),
    ];
    console.log(`MEASURE ${inject("backend")} 2^${p} host uniform, device, host mask, device: ${row.map((x) => x.toFixed(2)).join(" ")}`);
  }
}, 600000);

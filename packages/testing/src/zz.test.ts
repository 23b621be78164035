import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { it } from "vitest";
import { random, Rngs, jit, Linear, initializers, RNN, GRUCell } from "@nnxjs/nnx";
it("x", () => {
  for (const f of [(m: Linear, x: tf.Tensor) => m.forward(x), (m: Linear, x: tf.Tensor) => tf.tidy(() => m.forward(x))])
  for (const biasInit of [initializers.zeros, initializers.normal(1)]) {
    const m = new Linear(3, 4, { rngs: new Rngs(0), biasInit });
    const j = jit(f);
    for (let i = 0; i < 3; i++) {
      const x = random.normal(random.key(i), [3, 3]);
      const e = m.forward(x);
      const y = j(m, x);
      console.log(i, (e as tf.Tensor).dataSync().slice(0, 4).join(), (y as tf.Tensor).dataSync().slice(0, 4).join(), j.programs.length);
    }
    console.log(m.bias!.value.dataSync().join());
  }
  const r = new RNN(new GRUCell(2, 3, { rngs: new Rngs(0) }));
  const j = jit((m: typeof r, x: tf.Tensor) => m.forward(x));
  try { for (let i = 0; i < 5; i++) j(r, tf.ones([2, 4, 2])); } catch (e) { console.log(String(e)); }
});

/**
 * @file Steps of training by a recorded function, with and without relaxed SIMD. Prints, as JSON,
 * what the function itself gives, what the recorded one gives, and what was recorded.
 */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../../src/index.ts";

const closedOver = nnx.random.normal(nnx.random.key(1), [40, 60]) as tf.Tensor2D;
const other = nnx.random.normal(nnx.random.key(2), [60, 30]) as tf.Tensor2D;
const x = nnx.random.normal(nnx.random.key(3), [20, 30]) as tf.Tensor2D;
const model = new nnx.Linear(30, 40, { rngs: new nnx.Rngs(0) });

// The first product is of constants, so that a program keeps its result.
const f = (m: nnx.Linear, input: tf.Tensor2D): tf.Tensor =>
  tf.matMul(m.forward(input), tf.matMul(closedOver, other));
const jitted = nnx.jit(f);

const rounds = [false, false, true, true, false].map((on) => {
  if (!nnx.useRelaxedSimd(on)) throw new Error("This process has no relaxed SIMD.");
  return tf.tidy(() => ({
    on,
    itself: [...f(model, x).dataSync()],
    recorded: [...jitted(model, x).dataSync()],
  }));
});
console.log(JSON.stringify({ rounds, programs: jitted.programs }));

/**
 * @file Steps of training by a recorded function, with and without relaxed SIMD. Prints, as JSON,
 * what the function itself gives, what the recorded one gives, and what was recorded.
 */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import process from "node:process";
import * as nnx from "../../src/index.ts";

const backend = process.argv[2] ?? "cpu";
await tf.setBackend(backend);
await tf.ready();

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

/** Steps of training with convolutions, a recurrent layer, dense layers and Adam. */
class Network extends nnx.Module {
  readonly conv: nnx.Conv;
  readonly depthwise: nnx.Conv;
  readonly rnn: nnx.RNN<nnx.LSTMCarry, false>;
  readonly drop: nnx.Dropout;
  readonly out: nnx.Linear;
  constructor() {
    super();
    const rngs = new nnx.Rngs(0);
    this.conv = new nnx.Conv(3, 8, [3, 3], { rngs });
    this.depthwise = new nnx.Conv(8, 8, [3, 3], { featureGroupCount: 8, rngs });
    this.rnn = new nnx.RNN(new nnx.OptimizedLSTMCell(40, 12, { rngs }));
    this.drop = new nnx.Dropout(0.2, { rngs });
    this.out = new nnx.Linear(12, 4, { rngs });
  }
  forward(image: tf.Tensor4D): tf.Tensor2D {
    const seen = nnx.relu(this.depthwise.forward(nnx.relu(this.conv.forward(image))));
    const sequence = tf.reshape(seen, [2, 5, 40]) as tf.Tensor3D;
    return this.out.forward(this.drop.forward(tf.mean(this.rnn.forward(sequence), 1))) as tf.Tensor2D;
  }
}
const image = nnx.random.normal(nnx.random.key(4), [2, 5, 5, 3]) as tf.Tensor4D;
const labels = tf.tensor1d([0, 3], "int32");
const step = (m: Network, optimizer: nnx.Optimizer): tf.Tensor => {
  const lossOf = (own: Network): tf.Tensor =>
    tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(own.forward(image), labels));
  const [loss, grads] = nnx.valueAndGrad(lossOf)(m);
  optimizer.update(m, grads);
  return loss;
};
const [own, twin] = [new Network(), new Network()];
const [a, b] = [own, twin].map((m) => new nnx.Optimizer(m, nnx.adam(1e-2))) as [nnx.Optimizer, nnx.Optimizer];
const recordedStep = nnx.jit(step);
const numbersOf = (m: Network): number[] =>
  nnx.flattenState(nnx.state(m, nnx.Param)).flatMap(([, { value }]) => [...(value as tf.Tensor).dataSync()]);
const training = [false, false, false, true, true, true, true].map((on) => {
  nnx.useRelaxedSimd(on);
  return tf.tidy(() => ({
    itself: [...step(own, a).dataSync(), ...numbersOf(own)],
    recorded: [...recordedStep(twin, b).dataSync(), ...numbersOf(twin)],
  }));
});
console.log(
  JSON.stringify({
    rounds,
    programs: jitted.programs,
    training,
    replays: recordedStep.programs.map((p) => p.replays),
  }),
);

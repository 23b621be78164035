/**
 * @file What the cross entropies cost, value and gradient, beside the same made of tensorflow.js's
 * ops: node scripts/run.mjs benchmarks/losses.ts
 *
 * CPU time, in alternation, each call in its own `tf.tidy`.
 */
import * as nnx from "@nnxjs/nnx";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { type Contestant, measure } from "./measure.ts";

/** Examples, classes, calls per round. */
const SIZES = [
  { rows: 128, classes: 10, calls: 50 },
  { rows: 128, classes: 1000, calls: 3 },
  { rows: 2048, classes: 1000, calls: 1 },
] as const;

/** -sum(labels * log_softmax(logits)), op by op. */
const ofOps = (logits: tf.Tensor, labels: tf.Tensor): tf.Tensor =>
  tf.neg(tf.sum(tf.mul(labels, nnx.logSoftmax(logits)), -1));

tf.enableProdMode();
nnx.installGradients();
for (const backend of ["cpu", "wasm"] as const) {
  await tf.setBackend(backend);
  for (const { rows, classes, calls } of SIZES) {
    const logits = nnx.random.normal(nnx.random.key(0), [rows, classes]);
    const ids = nnx.random.randint(nnx.random.key(1), [rows], 0, classes);
    const labels = nnx.oneHot(ids, classes);
    const contestant = (name: string, loss: (x: tf.Tensor) => tf.Tensor): Contestant => {
      const step = nnx.valueAndGrad((x: tf.Tensor) => tf.mean(loss(x)));
      return {
        name,
        run: () => {
          for (let i = 0; i < calls; i++) tf.tidy(() => void step(logits));
        },
      };
    };
    const results = measure(
      [
        contestant("softmaxCrossEntropy", (x) => nnx.softmaxCrossEntropy(x, labels)),
        contestant("with integer labels", (x) => nnx.softmaxCrossEntropyWithIntegerLabels(x, ids)),
        contestant("op by op", (x) => ofOps(x, labels)),
        contestant("tf.losses", (x) => tf.losses.softmaxCrossEntropy(labels, x)),
      ],
      15,
    );
    const microseconds = results.map(
      ({ name, nanoseconds }) => `${name} ${(nanoseconds / calls / 1000).toFixed(0)} us`,
    );
    console.log(`${backend}, ${rows} x ${classes}: ${microseconds.join(", ")}`);
    tf.dispose([logits, ids, labels]);
  }
}

/** CTC of a batch of sequences. */
for (const backend of ["cpu", "wasm"] as const) {
  await tf.setBackend(backend);
  const [batch, frames, classes, length] = [16, 100, 32, 20];
  const logits = nnx.random.normal(nnx.random.key(0), [batch, frames, classes]);
  const labels = nnx.random.randint(nnx.random.key(1), [batch, length], 1, classes);
  const [ofFrames, ofLabels] = [tf.zeros([batch, frames]), tf.zeros([batch, length])];
  const sumOf = (loss: (x: tf.Tensor) => tf.Tensor): Contestant["run"] => {
    const step = nnx.valueAndGrad((x: tf.Tensor) => tf.mean(loss(x)));
    return () => tf.tidy(() => void step(logits));
  };
  const results = measure(
    [
      { name: "ctcLoss", run: sumOf((x) => nnx.ctcLoss(x, ofFrames, labels, ofLabels)) },
      {
        name: "op by op",
        run: sumOf((x) => nnx.ctcLossWithForwardProbs(x, ofFrames, labels, ofLabels)[0]),
      },
    ],
    5,
  );
  const times = results.map(({ name, nanoseconds }) => `${name} ${(nanoseconds / 1e6).toFixed(1)} ms`);
  console.log(`${backend}, CTC of ${batch} x ${frames} x ${classes}, ${length} labels: ${times.join(", ")}`);
  tf.dispose([logits, labels, ofFrames, ofLabels]);
}

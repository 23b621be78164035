/** @file A training run that has a bit of everything: what it is made of, and one step of it. */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";

const [EXAMPLES, FEATURES, CLASSES, WIDTH] = [96, 6, 3, 16];
/** 96 examples do not fill 7 batches of 15: epochs end with a smaller one. */
const BATCH = 15;

class Mlp extends nnx.Module {
  readonly hidden: nnx.Linear;
  readonly norm: nnx.BatchNorm;
  readonly drop: nnx.Dropout;
  readonly out: nnx.DropConnectLinear;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.hidden = new nnx.Linear(FEATURES, WIDTH, { rngs });
    this.norm = new nnx.BatchNorm(WIDTH, { rngs });
    this.drop = new nnx.Dropout(0.2, { rngs });
    this.out = new nnx.DropConnectLinear(new nnx.Linear(WIDTH, CLASSES, { rngs }), 0.25, { rngs });
  }
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.out.forward(this.drop.forward(nnx.relu(this.norm.forward(this.hidden.forward(x)))));
  }
}

/** Points, and which of their first three numbers is the largest. */
function data() {
  const x = nnx.random.normal(nnx.random.key(7), [EXAMPLES, FEATURES]);
  const rows = x.arraySync() as number[][];
  const labels = Int32Array.from(rows, ([a = 0, b = 0, c = 0]) => (a > b ? (a > c ? 0 : 2) : b > c ? 1 : 2));
  const values = x.dataSync<"float32">();
  x.dispose();
  return { x: { data: values, shape: [EXAMPLES, FEATURES] as [number, number] }, labels };
}

/** Everything that a run of `epochs` changes. The seed decides all but the data. */
export function prepare(seed: number, epochs: number) {
  const model = new Mlp({ rngs: new nnx.Rngs(seed, { dropout: seed + 1, dropconnect: seed + 2 }) });
  const rate = nnx.warmupCosineDecaySchedule(0, 0.02, 20, 1000);
  return {
    model,
    optimizer: new nnx.Optimizer(model, nnx.chain(nnx.clipByGlobalNorm(1), nnx.adamw(rate)), {
      wrt: nnx.Param,
    }),
    ema: new nnx.EMA(model, 0.99, { only: nnx.Param }),
    metrics: new nnx.MultiMetric({
      loss: new nnx.metrics.Average({ argname: "loss" }),
      accuracy: new nnx.metrics.Accuracy(),
    }),
    batches: new nnx.Batches(data(), { batchSize: BATCH, key: nnx.random.key(seed + 3), epochs }),
  };
}
export type Run = ReturnType<typeof prepare>;

function lossOf(model: Mlp, x: tf.Tensor2D, labels: tf.Tensor1D): [tf.Scalar, tf.Tensor2D] {
  const logits = model.forward(x);
  return [tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(logits, labels)), logits];
}

/** One step: its loss, and what the metrics say of all steps so far. Call it in a scope. */
export function step(
  { model, optimizer, ema, metrics }: Run,
  { x, labels }: { x: tf.Tensor2D; labels: tf.Tensor1D },
) {
  const [[loss, logits], grads] = nnx.valueAndGrad(lossOf, { hasAux: true })(model, x, labels);
  optimizer.update(model, grads);
  ema.update(model);
  metrics.update({ loss, logits, labels });
  const { loss: mean, accuracy } = metrics.compute();
  return { loss, mean, accuracy };
}

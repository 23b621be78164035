/** @file The worker's work, in a browser and in Node: trains the model that it gets, and sends it back. */
import "@tensorflow/tfjs-backend-cpu";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { type Message, pack, type Post, unpack } from "./messages.ts";
import { points, type Rings } from "./model.ts";

const lossOf = (model: Rings, x: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar =>
  tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(model.forward(x), labels));

/** Answers a message. What goes wrong is told. */
export async function obey(message: Message, post: Post): Promise<void> {
  try {
    if (message.kind === "train") await train(unpack<Rings>(message.model), message.steps, post);
  } catch (error) {
    post({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
}

async function train(model: Rings, steps: number, post: Post): Promise<void> {
  const optimizer = new nnx.Optimizer(model, nnx.adam(0.02), { wrt: nnx.Param });
  const { x, labels } = points(128, nnx.random.key(5));
  for (let step = 1; step <= steps; step++) {
    const loss = tf.tidy(() => {
      const [value, grads] = nnx.valueAndGrad(lossOf)(model, x, labels);
      optimizer.update(model, grads);
      return value;
    });
    if (step % 50 === 0) {
      // A copy: the model goes on learning with its own tensors.
      const { message: state, transfer } = await nnx.toTransferable(model);
      post({ kind: "progress", step, loss: (await loss.data())[0] as number, state }, transfer);
    }
    loss.dispose();
  }
  nnx.dispose(optimizer);
  tf.dispose([x, labels]);
  const { model: trained, transfer } = await pack(model);
  post({ kind: "done", model: trained, tensors: tf.memory().numTensors }, transfer);
}

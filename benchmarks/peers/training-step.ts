/** @file A step of training of ours. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";

/** A step by Adam that reads nothing back: each call gives the loss of before it. */
export function trainingStep<M extends nnx.Module>(
  model: M,
  lossFn: (model: M) => tf.Tensor,
  isRecorded: boolean,
): () => tf.Tensor {
  const optimizer = new nnx.Optimizer(model, nnx.adam(1e-3));
  const update = (m: M, own: typeof optimizer): tf.Tensor => {
    const [loss, grads] = nnx.valueAndGrad(lossFn)(m);
    own.update(m, grads);
    return loss as tf.Tensor;
  };
  const train = isRecorded ? nnx.jit(update) : update;
  return () => tf.tidy(() => train(model, optimizer));
}

/** The loss of such a step, read. */
export const lossOf = (step: () => tf.Tensor): number => tf.tidy(() => step().dataSync()[0]!);

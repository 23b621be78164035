/** @file Records one batch: the output of each layer, and the gradient of each output. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { type Images, pixelsOf } from "./images.ts";
import type { Mlp } from "./model.ts";
import { crossEntropy } from "./train.ts";

/** Returns activations and their gradients by layer, as two States. Call it in a scope. */
export function inspect(model: Mlp, images: Images): { activations: nnx.State; gradients: nnx.State } {
  const x = pixelsOf(images);
  const labels = tf.tensor1d(images.labels, "int32");
  const [, perturbations] = nnx.capture(model, nnx.Perturbation)(x);
  const lossFn = (m: Mlp, perturbed: nnx.State) => {
    const [logits, seen] = nnx.capture(m, nnx.Intermediate, { init: perturbed })(x);
    return [crossEntropy(logits, labels), seen] as const;
  };
  const [[, gradients], activations] = nnx.grad(lossFn, { argnums: [0, 1], hasAux: true })(
    model,
    perturbations,
  );
  return { activations, gradients };
}

/** @file A worker of a page: doubles a State and sends it back. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";

const post = globalThis as unknown as {
  postMessage(message: nnx.StateMessage, transfer: ArrayBuffer[]): void;
  onmessage: (event: { readonly data: nnx.StateMessage }) => void;
};
post.onmessage = ({ data }) => {
  const doubled = nnx.mapValues(
    (value: unknown) => tf.mul(value as tf.Tensor, 2),
    nnx.fromTransferable(data),
  );
  void nnx
    .toTransferable(doubled, { consume: true })
    .then(({ message, transfer }) => post.postMessage(message, transfer));
};

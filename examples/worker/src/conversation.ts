/** @file The page's side: it makes a model, has it trained, and gets it back. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { type Message, pack, type Post, unpack } from "./messages.ts";
import { accuracyOf, Rings } from "./model.ts";

/** What came of it. */
export interface Outcome {
  readonly before: number;
  readonly after: number;
  /** The buffers of the model that was sent, now. */
  readonly bytesKept: number;
  /** Tensors that are left here and in the worker. */
  readonly left: readonly [here: number, there: number];
}

/**
 * Has a new model trained.
 * @param hear - Is called with a function that gets the worker's messages.
 */
export async function haveTrained(
  post: Post,
  hear: (listen: (message: Message) => void) => void,
  tell: (news: string) => void,
  steps = 200,
): Promise<Outcome> {
  const model = new Rings({ rngs: new nnx.Rngs(0, { dropout: 1 }) });
  const before = await accuracyOf(model);
  const done = new Promise<Message & { readonly kind: "done" }>((resolve, reject) => {
    hear((message) => {
      if (message.kind === "done") resolve(message);
      else if (message.kind === "failed") reject(new Error(message.message));
      else if (message.kind === "progress") {
        nnx.dispose(nnx.fromTransferable(message.state));
        tell(`Step ${message.step}, loss ${message.loss.toFixed(4)}`);
      }
    });
  });
  const { model: sent, transfer } = await pack(model);
  post({ kind: "train", model: sent, steps }, transfer);
  const bytesKept = transfer.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const { model: returned, tensors } = await done;
  const trained = unpack<Rings>(returned);
  const after = await accuracyOf(trained);
  nnx.dispose(trained);
  return { before, after, bytesKept, left: [tf.memory().numTensors, tensors] };
}

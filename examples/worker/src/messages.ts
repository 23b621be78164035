/** @file What the page and the worker tell each other. */
import * as nnx from "@nnxjs/nnx";

/** A model on its way to another thread: its structure as JSON, its values as buffers. */
export interface SentModel {
  readonly definition: nnx.GraphDefJson;
  readonly state: nnx.StateMessage;
}

export type Message =
  /** To the worker: train this model. */
  | { readonly kind: "train"; readonly model: SentModel; readonly steps: number }
  /** To the page: so far. The State is there for whoever wants to show it. */
  | {
      readonly kind: "progress";
      readonly step: number;
      readonly loss: number;
      readonly state: nnx.StateMessage;
    }
  /** To the page: the trained model, and what the worker has left. */
  | { readonly kind: "done"; readonly model: SentModel; readonly tensors: number }
  | { readonly kind: "failed"; readonly message: string };

/** Either side of a conversation. */
export type Post = (message: Message, transfer?: ArrayBuffer[]) => void;

/** Gives a model away: it is disposed, and its memory goes along where nobody else has it. */
export async function pack(model: nnx.Module): Promise<{ model: SentModel; transfer: ArrayBuffer[] }> {
  const [definition, state] = nnx.split(model);
  nnx.dispose(model);
  const { message, transfer } = await nnx.toTransferable(state, { consume: true });
  return { model: { definition: nnx.graphDefToJson(definition), state: message }, transfer };
}

/** The model that arrived. */
export function unpack<M extends nnx.Module>(sent: SentModel): M {
  const state = nnx.fromTransferable(sent.state);
  try {
    return nnx.merge(nnx.graphDefFromJson<M>(sent.definition), state);
  } finally {
    nnx.dispose(state);
  }
}

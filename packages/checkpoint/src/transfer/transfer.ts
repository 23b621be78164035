/** @file States between threads: what `postMessage` takes, without copies on the way. */
import { copyBytes, isAlive, isTensor, memoryOf, type Tensor, tensorFrom } from "@nnxjs/kernels/internal";
import { dispose, type OwnedState, unflattenState } from "@nnxjs/nnx-core";
import { checkOptions, describe, isOwner } from "@nnxjs/nnx-core/internal";
import { CheckpointError, checkFlag } from "../errors.ts";
import { bytesOf, formText, isFileDtype, type TensorForm } from "../format/dtypes.ts";
import { shownKey } from "../format/header.ts";
import { pathOfKey } from "../format/keys.ts";
import { frameOf } from "../read/frame.ts";
import { decodeLeaf } from "../values/decode.ts";
import { descriptionFrom, type LeafDescription } from "../values/description.ts";
import type { Piece } from "../values/encode.ts";
import { discard, isTensorDtype, nameOfDtype, type Received } from "../values/read.ts";
import { bytesOfTensor } from "../values/write.ts";
import { collect } from "../write/collect.ts";

/** A tensor on its way. */
interface SentTensor extends TensorForm {
  readonly key: string;
  readonly data: ArrayBuffer;
}

/** A State as `postMessage` takes it: plain data and buffers. */
export interface StateMessage {
  readonly format: "nnx.state";
  readonly version: 1;
  readonly leaves: readonly { readonly key: string; readonly description: LeafDescription }[];
  readonly tensors: readonly SentTensor[];
}

/** The two arguments of `postMessage`. */
export interface TransferableState {
  readonly message: StateMessage;
  /** The buffers of the message: hand them over, so that they are not copied. */
  readonly transfer: ArrayBuffer[];
}

/** Options of {@link toTransferable}. */
export interface TransferableOptions {
  /**
   * Disposes the State and gives its memory away where nobody else has it: on the cpu backend
   * nothing is copied then. A typed array that a tensor of the State was made of is emptied.
   * @defaultValue false
   */
  consume?: boolean;
}

/**
 * A State, or a model's, for another thread. The buffers are copies, so that no tensor loses its
 * values when they are handed over.
 * @param what - A model or a State; with `consume` a State.
 * @throws StructureError for values that cannot be sent, as `save`.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const { message, transfer } = await nnx.toTransferable(nnx.state(model));
 * const { port1, port2 } = new MessageChannel();
 * port1.postMessage(message, transfer); // worker.postMessage, or parentPort.postMessage
 * const received = await new Promise<nnx.StateMessage>((resolve) => {
 *   port2.onmessage = ({ data }) => resolve(data);
 * });
 * nnx.update(model, nnx.fromTransferable(received));
 * port1.close();
 * ```
 */
export async function toTransferable(
  what: unknown,
  options: TransferableOptions = {},
): Promise<TransferableState> {
  checkOptions<TransferableOptions>("toTransferable", options, { consume: true });
  const { consume = false } = options;
  checkFlag("toTransferable", "consume", consume);
  if (consume && !(typeof what === "object" && what !== null && isOwner(what))) {
    throw new CheckpointError(
      `toTransferable: expected a State to consume, got ${describe(what)}. Pass what state or split returned, or leave consume out.`,
    );
  }
  const collected = collect("toTransferable", what);
  const pieces = collected.leaves.flatMap((leaf) => [...leaf.pieces]);
  const buffers: (ArrayBuffer | Lent)[] = [];
  try {
    for (const [, piece] of pieces)
      buffers.push((consume ? lend(piece) : undefined) ?? (await copyOf(piece)));
  } finally {
    collected.release();
  }
  if (consume) dispose(what);
  const given = new Set<ArrayBuffer>();
  const tensors = pieces.map(([key, { dtype, shape }], i): SentTensor => {
    const data = settle(buffers[i]!, given);
    given.add(data);
    return { key, dtype, shape: [...shape], data };
  });
  const leaves = collected.leaves.map(({ key, description }) => ({ key, description }));
  return { message: { format: "nnx.state", version: 1, leaves, tensors }, transfer: [...given] };
}

/** Memory of a tensor that may turn out to be nobody's, once its State is gone. */
interface Lent {
  readonly memory: ArrayBuffer;
  readonly dataId: object;
}

function lend({ content }: Piece): Lent | undefined {
  const memory = isTensor(content) ? memoryOf(content) : undefined;
  return memory && { memory, dataId: (content as Tensor).dataId };
}

const settle = (buffer: ArrayBuffer | Lent, given: ReadonlySet<ArrayBuffer>): ArrayBuffer => {
  if (buffer instanceof ArrayBuffer) return buffer;
  const { memory, dataId } = buffer;
  return isAlive(dataId) || given.has(memory) ? memory.slice(0) : memory;
};

async function copyOf(piece: Piece): Promise<ArrayBuffer> {
  const { content } = piece;
  const bytes = new Uint8Array(bytesOf(piece));
  if (!isTensor(content)) bytes.set(content);
  else if (!copyBytes(content, 0, bytes)) bytes.set(await bytesOfTensor(content));
  return bytes.buffer;
}

const refused = (expected: string, got: string): CheckpointError =>
  new CheckpointError(
    `fromTransferable: expected ${expected}, got ${got}. Pass the message that toTransferable made.`,
  );

/** The bytes of a message by key, each of the length that its shape says. */
function buffersIn(tensors: unknown): Map<string, SentTensor> {
  if (!Array.isArray(tensors)) throw refused("a list of tensors", describe(tensors));
  return new Map(
    (tensors as readonly (Partial<SentTensor> | null | undefined)[]).map((sent) => {
      const { key, dtype, shape, data } = sent ?? {};
      const isFine =
        typeof key === "string" &&
        typeof dtype === "string" &&
        isFileDtype(dtype) &&
        Array.isArray(shape) &&
        shape.every((length) => Number.isSafeInteger(length) && (length as number) >= 0) &&
        data instanceof ArrayBuffer;
      if (!isFine) throw refused("tensors with key, dtype, shape and data", describe(sent));
      const form = { dtype, shape: shape as readonly number[] };
      if (data.byteLength !== bytesOf(form))
        throw refused(`${formText(form)} at ${shownKey(key)}`, `${data.byteLength} bytes`);
      return [key, { key, ...form, data }];
    }),
  );
}

/** Whether it has the form of a message. It came from another thread, so its type proves nothing. */
const isStateMessage = (message: unknown): message is StateMessage =>
  typeof message === "object" &&
  message !== null &&
  "format" in message &&
  message.format === "nnx.state" &&
  "version" in message &&
  message.version === 1 &&
  "leaves" in message &&
  Array.isArray(message.leaves);

/**
 * The State in a message of {@link toTransferable}: yours to dispose. On the cpu backend its tensors
 * compute with the very buffers that came.
 * @throws CheckpointError for another message; NotFoundError for a Variable class that is not
 * registered in this thread.
 */
export function fromTransferable(message: StateMessage): OwnedState {
  if (!isStateMessage(message)) throw refused('{ format: "nnx.state", version: 1, ... }', describe(message));
  const buffers = buffersIn(message.tensors);
  const made: Received[] = [];
  try {
    return unflattenState(
      (message.leaves as readonly unknown[]).map((leaf) => {
        const { key, description } = leafIn(leaf);
        const path = pathOfKey(key);
        if (!path) throw refused("keys that paths are written as", shownKey(key));
        const frame = frameOf("fromTransferable", { key, path, description });
        const isInTree = (at: string): boolean => at !== key;
        const value = decodeLeaf("fromTransferable", key, description.kind ?? "tensor", description, (at) => {
          const sent = buffers.get(at);
          if (!sent) throw refused(`a tensor at ${shownKey(at)}`, "none");
          const asTensor = isInTree(at) ? sent.dtype !== "U32" : (description.kind ?? "tensor") === "tensor";
          const received = asTensor ? tensorIn(sent) : new Uint8Array(sent.data);
          made.push(received);
          return { form: sent, received };
        });
        return [path, frame(value)] as const;
      }),
    );
  } catch (error) {
    discard(made);
    throw error;
  }
}

function leafIn(leaf: unknown): { readonly key: string; readonly description: LeafDescription } {
  const { key, description } = (leaf ?? {}) as { readonly key?: unknown; readonly description?: unknown };
  const found = descriptionFrom(description);
  if (typeof key === "string" && found) return { key, description: found };
  throw refused("leaves with key and description", describe(leaf));
}

function tensorIn({ key, dtype, shape, data }: SentTensor): Tensor {
  if (isTensorDtype(dtype)) return tensorFrom(nameOfDtype(dtype), shape, new Uint8Array(data));
  throw refused(`a tensor of tensorflow.js at ${shownKey(key)}`, dtype);
}

/** @file States between threads, on each backend. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { bundled } from "../../test/bundled.ts";
import { bitsOf, Everything } from "../../test/everything.ts";
import { fromTransferable, type StateMessage, toTransferable } from "../index.ts";

/** What arrives at the other end. */
function sent({ message, transfer }: { message: StateMessage; transfer: ArrayBuffer[] }): StateMessage {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(message, transfer);
  const received = receiveMessageOnPort(port2) as { message: StateMessage };
  port1.close();
  return received.message;
}

/** What a tensor of the cpu backend computes with; of others a copy. */
const memoryOf = ({ dataId }: tf.Tensor): ArrayBufferLike =>
  (tf.backend() as unknown as { readSync(dataId: object): Float32Array }).readSync(dataId).buffer;

const withoutHooks = nnx.not(nnx.pathContains("hooked"));

onEachBackend("toTransferable", (backend) => {
  it("sends every kind of leaf, takes nothing from the model, and leaks nothing", async () => {
    const model = new Everything(1);
    const state = nnx.state(model, withoutHooks);
    const before = tf.memory().numTensors;
    const right = bitsOf(state);
    const made = await toTransferable(state);
    expect(tf.memory().numTensors).toBe(before);
    const received = sent(made);
    // They were handed over, not copied.
    expect(made.transfer.every((buffer) => buffer.byteLength === 0)).toBe(true);
    const back = fromTransferable(received);
    expect(back).not.toBe(state);
    expect(bitsOf(back)).toEqual(right);
    // The model has all of its values still, and can compute with them; so has the State.
    expect(bitsOf(state)).toEqual(right);
    expect(nnx.flattenState(state).length).toBe(received.leaves.length);
    nnx.update(model, back);
    expect(tf.tidy(() => tf.sum(model.kernel.value).dataSync()[0])).toBe(6);
    nnx.dispose([back, state, model]);
    model.bare.dispose();
  });

  it("gives the memory of a State away that it consumes, where nobody else has it", async () => {
    const w = new nnx.Param(tf.tidy(() => tf.add(tf.ones([1000]), 1)));
    const shared = new nnx.Param(tf.tidy(() => tf.add(tf.ones([1000]), 2)));
    const state = nnx.state({ w, shared });
    const memory = memoryOf(w.value);
    nnx.dispose(w);
    const { message, transfer } = await toTransferable(state, { consume: true });
    expect(() => nnx.flattenState(state)).toThrow(nnx.DisposedError);
    expect(transfer.map((buffer) => buffer.byteLength)).toEqual([4000, 4000]);
    // What is sent is what the tensor computed with, where that can be.
    expect(transfer.includes(memory as ArrayBuffer)).toBe(backend === "cpu");
    const received = sent({ message, transfer });
    const back = fromTransferable(received);
    const value = (Reflect.get(back, "w") as nnx.VariableState<tf.Tensor>).value;
    expect(value.dataSync().every((x) => x === 2)).toBe(true);
    expect(received.tensors.some(({ data }) => data === memoryOf(value))).toBe(backend === "cpu");
    // The model has this one still.
    expect([...shared.value.dataSync()]).toEqual(new Array(1000).fill(3));
    nnx.dispose([back, shared]);
  });

  it("sends a tensor's memory without a copy, or a copy while another tensor has it", async () => {
    const tensors = [tf.tidy(() => tf.add(tf.ones([8]), 1)), tf.tidy(() => tf.add(tf.ones([8]), 2))] as const;
    const alias = tf.reshape(tensors[1], [2, 4]);
    const state = nnx.unflattenState([
      [["alone"], tensors[0]],
      [["aliased"], tensors[1]],
    ]);
    const { message, transfer } = await toTransferable(state, { consume: true });
    sent({ message, transfer });
    expect([...alias.dataSync()]).toEqual(new Array(8).fill(3));
    alias.dispose();
  });
});

describe("a message", () => {
  it("of a model leaves the model as it is", async () => {
    const before = tf.memory().numTensors;
    const model = { w: new nnx.Param(tf.tensor1d([1, 2])), on: new nnx.Variable(true) };
    const { message, transfer } = await toTransferable(model);
    expect(message.tensors.map(({ key, dtype, shape }) => [key, dtype, shape])).toEqual([
      ["on", "BOOL", []],
      ["w", "F32", [2]],
    ]);
    expect(transfer.map(({ byteLength }) => byteLength)).toEqual([1, 8]);
    expect([...model.w.value.dataSync()]).toEqual([1, 2]);
    nnx.dispose(model);
    expect(tf.memory().numTensors).toBe(before);
    const back = fromTransferable(message);
    expect(bitsOf(back)).toEqual({
      [nnx.pathKey(["on"])]: true,
      [nnx.pathKey(["w"])]: expect.any(String) as unknown,
    });
    nnx.dispose(back);
  });

  it("has a tensor once that two leaves share, and each of them gets it", async () => {
    const tensor = tf.tensor1d([1, 2]);
    const state = nnx.unflattenState([
      [["a"], tensor],
      [["b"], tf.clone(tensor)],
    ]);
    const { message, transfer } = await toTransferable(state, { consume: true });
    expect(new Set(transfer).size).toBe(transfer.length);
    const back = fromTransferable(sent({ message, transfer }));
    const values = nnx.flattenState(back).map(([, leaf]) => [...(leaf as tf.Tensor).dataSync()]);
    expect(values).toEqual([
      [1, 2],
      [1, 2],
    ]);
    nnx.dispose(back);
  });

  it("of metadata that could not be written is refused by name", async () => {
    const model = { w: new nnx.Param(tf.scalar(1), { hook: () => 1 }) };
    const { message } = await toTransferable(model);
    const before = tf.memory().numTensors;
    expect(() => fromTransferable(message)).toThrow(
      /^fromTransferable at w: expected metadata that could be written, got hook/,
    );
    expect(tf.memory().numTensors).toBe(before);
    nnx.dispose(model);
  });

  it("with a tensor in a list is made of tensors and keys", async () => {
    const seen = new nnx.Intermediate<unknown>([tf.scalar(1), nnx.random.key(2), 3]);
    const back = fromTransferable(sent(await toTransferable({ seen })));
    expect(bitsOf(back)).toEqual(bitsOf({ seen }));
    nnx.dispose([seen, back]);
  });
  it("goes to a thread and back", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nnx-worker-"));
    const worker = new Worker(await bundled("worker", join(folder, "worker.cjs")));
    const model = { w: new nnx.Param(tf.tensor1d([1, 2, 3])), rngs: new nnx.Rngs(0, { dropout: 1 }) };
    const { message, transfer } = await toTransferable(nnx.state(model));
    const answered = new Promise<{ answer: StateMessage; own: number }>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    worker.postMessage(message, transfer);
    const { answer } = await answered;
    nnx.update(model, [fromTransferable(answer)], { strict: true });
    expect([...model.w.value.dataSync()]).toEqual([2, 4, 6]);
    expect(model.rngs.nextKey("dropout")).toEqual(new nnx.Rngs(0, { dropout: 1 }).nextKey("dropout"));
    await worker.terminate();
    rmSync(folder, { recursive: true });
  });

  it.each<[string, unknown, RegExp]>([
    ["nothing", undefined, /got undefined/],
    ["null", null, /expected \{ format: "nnx.state", .*got null/],
    ["a text", "nnx.state", /expected \{ format: "nnx.state"/],
    [
      "leaves that are none",
      { format: "nnx.state", version: 1, leaves: 5, tensors: [] },
      /leaves|version: 1/,
    ],
    ...(
      [
        ["without a key", { key: undefined }],
        ["whose key is a number", { key: 5 }],
        ["whose dtype is a number", { dtype: 5 }],
        ["without a dtype", { dtype: undefined }],
        ["whose shape is a number", { shape: 2 }],
        ["of a negative length", { shape: [-1] }],
        ["of a fractional length", { shape: [0.5] }],
        ["of a length that is a text", { shape: ["1"] }],
        ["whose data are bytes", { data: new Uint8Array(4) }],
        ["without data", { data: undefined }],
      ] as const
    ).map(([name, fields]): [string, unknown, RegExp] => [
      `a tensor ${name}`,
      {
        format: "nnx.state",
        version: 1,
        leaves: [{ key: "a", description: {} }],
        tensors: [{ key: "a", dtype: "F32", shape: [], data: new ArrayBuffer(4), ...fields }],
      },
      /^fromTransferable: expected tensors with key, dtype, shape and data, got/,
    ]),
    [
      "a tensor that is null",
      { format: "nnx.state", version: 1, leaves: [], tensors: [null] },
      /tensors with key, dtype, shape and data, got null/,
    ],
    [
      "a leaf without a key",
      { format: "nnx.state", version: 1, leaves: [{ description: {} }], tensors: [] },
      /leaves with key and description/,
    ],
    [
      "a leaf at no path",
      { format: "nnx.state", version: 1, leaves: [{ key: "a.", description: {} }], tensors: [] },
      /keys that paths are written as, got a\./,
    ],
    [
      "a tensor of other dtypes behind one that is fine",
      {
        format: "nnx.state",
        version: 1,
        leaves: [
          { key: "a", description: {} },
          { key: "b", description: {} },
        ],
        tensors: [
          { key: "a", dtype: "F32", shape: [], data: new ArrayBuffer(4) },
          { key: "b", dtype: "F64", shape: [], data: new ArrayBuffer(8) },
        ],
      },
      /a tensor of tensorflow\.js at b, got F64/,
    ],
    ["something else", { format: "x" }, /expected \{ format: "nnx.state"/],
    ["another version", { format: "nnx.state", version: 2, leaves: [], tensors: [] }, /version: 1/],
    [
      "tensors that are none",
      { format: "nnx.state", version: 1, leaves: [], tensors: 5 },
      /a list of tensors/,
    ],
    [
      "a leaf without a tensor",
      { format: "nnx.state", version: 1, leaves: [{ key: "a", description: {} }], tensors: [] },
      /a tensor at a, got none/,
    ],
    [
      "a leaf that is none",
      { format: "nnx.state", version: 1, leaves: [null], tensors: [] },
      /leaves with key and description/,
    ],
    [
      "bytes of another length",
      {
        format: "nnx.state",
        version: 1,
        leaves: [],
        tensors: [{ key: "a", dtype: "F32", shape: [2], data: new ArrayBuffer(4) }],
      },
      /F32\[2\] at a, got 4 bytes/,
    ],
    [
      "a dtype that is none",
      {
        format: "nnx.state",
        version: 1,
        leaves: [],
        tensors: [{ key: "a", dtype: "F33", shape: [], data: new ArrayBuffer(4) }],
      },
      /key, dtype, shape and data/,
    ],
  ])("that is %s is refused, and leaves no tensor", (_, message, text) => {
    const before = tf.memory().numTensors;
    expect(() => fromTransferable(message as StateMessage)).toThrow(text);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("consumes States only", async () => {
    await expect(toTransferable(new nnx.Param(1), { consume: true })).rejects.toThrow(
      /expected a State to consume/,
    );
    for (const what of [5, null, undefined, "w"])
      await expect(toTransferable(what, { consume: true })).rejects.toThrow(/expected a State to consume/);
    await expect(toTransferable(5)).rejects.toThrow(/^toTransferable: expected a model, a State/);
    await expect(toTransferable({ a: 5 })).rejects.toThrow(/^toTransferable at a: /);
  });
});

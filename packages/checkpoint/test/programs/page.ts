/** @file What the pages of the browser test do, each by name on `globalThis`. */
import "@tensorflow/tfjs-backend-cpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { prepare, step } from "../run.ts";

/** More than a piece of a file; drawing as many numbers would take longer than all else. */
const large = (x: number): tf.Tensor2D =>
  tf.tidy(() => tf.reshape(tf.add(tf.sin(tf.range(0, 300_000)), x), [300, 1000]));

const model = (x: number) => ({
  layers: Array.from({ length: 3 }, (_, i) => new nnx.Param(large(x + i))),
  rngs: new nnx.Rngs(x, { dropout: 1 }),
  counts: new nnx.RngCount([x, 4294967295]),
  note: new nnx.Variable<unknown>(`of ${x}`),
  optimizer: new nnx.Variable(tf.scalar(x, "int32")),
});

/** A digest of all values. */
async function digest(values: unknown): Promise<string> {
  const bytes = await nnx.toBytes(values);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const places: Readonly<Record<string, () => nnx.StorageFile>> = {
  opfs: () => nnx.opfs("runs/7/model.safetensors"),
  indexedDb: () => nnx.indexedDb("model"),
};
const folders: Readonly<Record<string, () => nnx.StorageFolder>> = {
  opfs: () => nnx.opfsDirectory("steps"),
  indexedDb: () => nnx.indexedDbDirectory("steps"),
};
const place = (name: string): nnx.StorageFile => (places[name] as () => nnx.StorageFile)();
const folder = (name: string): nnx.StorageFolder => (folders[name] as () => nnx.StorageFolder)();

const actions = {
  /** Saves, over another one; returns the digest of what is there now. */
  async save(name: string, maxShardBytes?: number): Promise<string> {
    const options = maxShardBytes === undefined ? {} : { maxShardBytes };
    await nnx.save(model(3), place(name), options);
    await nnx.save(model(1), place(name), options);
    return digest(model(1));
  },

  async restore(name: string): Promise<string> {
    const into = model(2);
    await nnx.restore(into, place(name));
    return digest(into);
  },

  async files(name: string): Promise<string[]> {
    return (await place(name).folder.list()).sort();
  },

  /** Begins a save that is never done: the page is left in the middle of it. */
  async begin(name: string): Promise<void> {
    const { folder: at, file } = place(name);
    const writing = await at.create(file);
    await writing.write(1000, new Uint8Array(500_000));
  },

  async steps(name: string): Promise<unknown> {
    const checkpointer = new nnx.Checkpointer(folder(name), { maxToKeep: 2 });
    for (const step of [1, 2, 3]) await checkpointer.save(step, model(step), { metrics: { loss: step } });
    const into = model(7);
    await checkpointer.restore(into);
    return [
      await checkpointer.allSteps(),
      await checkpointer.metrics(2),
      (await digest(into)) === (await digest(model(3))),
    ];
  },

  async none(name: string): Promise<string> {
    const { folder: at } = place(name);
    return nnx.restore(model(1), { folder: at, file: "none" }).then(String, (error: Error) => error.name);
  },

  /** How many records of pieces there are. */
  pieces(): Promise<number> {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open("nnxjs-checkpoints");
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const counted = request.result.transaction("pieces").objectStore("pieces").count();
        counted.onsuccess = () => resolve(counted.result);
      };
    });
  },

  async elsewhere(url: string): Promise<unknown> {
    const bytes = await nnx.toBytes(model(1));
    const into = model(2);
    await nnx.restore(into, new Blob([bytes]));
    const fromBlob = (await digest(into)) === (await digest(model(1)));
    const blobUrl = URL.createObjectURL(new Blob([bytes]));
    const other = model(2);
    await nnx.restore(other, new URL(blobUrl));
    const fetched = model(2);
    const checkpoint = await nnx.open(new URL(url, location.href));
    const count = await checkpoint.read("counts");
    await nnx.restore(fetched, checkpoint);
    return [
      fromBlob,
      (await digest(other)) === (await digest(model(1))),
      (await digest(fetched)) === (await digest(model(1))),
      count,
    ];
  },

  async upload(url: string): Promise<number> {
    return (await fetch(url, { method: "PUT", body: await nnx.toBytes(model(1)) })).status;
  },

  /** Trains for 60 steps; stops after step 37, having saved; or goes on from what was saved. */
  async train(backend: string, what: "whole" | "stop" | "resume"): Promise<{ steps: string[]; end: string }> {
    setWasmPaths("/");
    await tf.setBackend(backend);
    const at = nnx.opfs(`stopped-${backend}.safetensors`);
    // Made from another seed: whatever is not restored differs.
    const run = prepare(what === "resume" ? 5 : 0, Number.POSITIVE_INFINITY);
    if (what === "resume") await nnx.restore(run, at);
    const steps: string[] = [];
    for (const batch of run.batches) {
      const values = tf.tidy(() => Object.values(step(run, batch)).map((value) => value.dataSync()[0]));
      const done = run.optimizer.step.value;
      steps.push(`${done} ${values.join(" ")}`);
      if (what === "stop" && done === 37) await nnx.save(run, at);
      if (done === (what === "stop" ? 37 : 60)) break;
    }
    return { steps, end: await digest(run) };
  },

  /** In a worker, the State is doubled and comes back. */
  async thread(program: string): Promise<number[]> {
    const worker = new Worker(program, { type: "module" });
    const { message, transfer } = await nnx.toTransferable(
      nnx.state({ w: new nnx.Param(tf.tensor1d([1, 2])) }),
    );
    const answer = new Promise<nnx.StateMessage>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<nnx.StateMessage>) => resolve(data);
      worker.onerror = ({ message: text }) => reject(new Error(text));
    });
    worker.postMessage(message, transfer);
    const back = nnx.fromTransferable(await answer);
    worker.terminate();
    return [...(Reflect.get(back, "w") as nnx.VariableState<tf.Tensor>).value.dataSync()];
  },
};
await tf.setBackend("cpu");
Object.assign(globalThis, { actions });

export type Actions = typeof actions;

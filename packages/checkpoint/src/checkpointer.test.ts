/** @file The steps of a run: which stay, in which order, and what is refused. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { describe, expect, it } from "vitest";
import { type MemoryFolder, memoryFolder } from "../test/memory-folder.ts";
import { Checkpointer, type CheckpointerOptions, type Metrics, toBytes } from "./index.ts";

const step = (x: number): nnx.Variable<number> => new nnx.Variable(x);

/** A folder with these files, in this order. */
async function folderOf(...names: readonly string[]): Promise<MemoryFolder> {
  const folder = memoryFolder();
  for (const name of names) folder.files.set(name, await toBytes(step(1)));
  return folder;
}

describe("the steps of a Checkpointer", () => {
  it("are in the order of numbers, whatever the folder says first", async () => {
    for (const names of [
      ["9.safetensors", "10.safetensors", "100.safetensors"],
      ["100.safetensors", "10.safetensors", "9.safetensors"],
    ]) {
      const checkpointer = new Checkpointer(await folderOf(...names));
      expect(await checkpointer.allSteps()).toEqual([9, 10, 100]);
      expect([await checkpointer.latestStep(), await checkpointer.bestStep()]).toEqual([100, 100]);
    }
  });

  it("are the files that are called so, each once, with an index or without", async () => {
    const folder = await folderOf(
      "0.safetensors",
      "7.safetensors.index.json",
      "7.safetensors",
      "8.safetensors.index.json",
      "01.safetensors",
      "-1.safetensors",
      "1.safetensors.bak",
      "x2.safetensors",
      "3.safetensorss",
      "4_safetensors",
      "5.safetensors.index_json",
      "1000000000000000.safetensors",
      "999999999999999.safetensors",
    );
    expect(await new Checkpointer(folder).allSteps()).toEqual([0, 7, 8, 999_999_999_999_999]);
  });

  it("are integers from 0 to below 10^15", async () => {
    const checkpointer = new Checkpointer(memoryFolder());
    await checkpointer.save(0, step(0));
    await checkpointer.save(999_999_999_999_999, step(1));
    expect(await checkpointer.allSteps()).toEqual([0, 999_999_999_999_999]);
    for (const wrong of [-1, 1e15, 0.5, Number.NaN, "1"])
      await expect(checkpointer.save(wrong as number, step(0))).rejects.toThrow(
        /^Checkpointer\.save: expected a step, an integer from 0 on/,
      );
  });

  it("that are not there are named by who asked, with the last ten that are", async () => {
    const checkpointer = new Checkpointer(memoryFolder());
    for (let i = 1; i <= 12; i++) await checkpointer.save(i, step(i));
    const last = "got the steps 3, 4, 5, 6, 7, 8, 9, 10, 11, 12. Save one first.";
    const asked: readonly [string, () => Promise<unknown>][] = [
      ["restore", () => checkpointer.restore(step(0), 20)],
      ["open", () => checkpointer.open(20)],
      ["metrics", () => checkpointer.metrics(20)],
      ["delete", () => checkpointer.delete(20)],
    ];
    for (const [name, ask] of asked) {
      const error: unknown = await ask().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(nnx.NotFoundError);
      expect((error as Error).message).toBe(`Checkpointer.${name}: expected step 20 in memory, ${last}`);
    }
    await expect(checkpointer.restore(step(0), -2)).rejects.toThrow(/^Checkpointer\.restore: .* got -2/);
    await expect(new Checkpointer(memoryFolder()).open()).rejects.toThrow(
      "Checkpointer.open: expected a checkpoint in memory, got none. Save one first.",
    );
  });
});

describe("what a Checkpointer saves", () => {
  const pair = (): object => ({ a: new nnx.Param(tf.ones([2])), b: new nnx.Param(tf.zeros([2])) });

  it("is in shards where maxShardBytes says so, and goes with all of its files", async () => {
    const folder = memoryFolder();
    await new Checkpointer(folder).save(1, pair());
    expect([...folder.files.keys()]).toEqual(["1.safetensors"]);
    const options: CheckpointerOptions = { maxShardBytes: 8, maxToKeep: 2 };
    const checkpointer = new Checkpointer(folder, options);
    options.maxShardBytes = 1e6;
    await checkpointer.save(2, pair());
    expect([...folder.files.keys()].filter((name) => name.startsWith("2"))).toEqual([
      expect.stringMatching(/^2-[\da-f]{8}-00001-of-00002\.safetensors$/),
      expect.stringMatching(/^2-[\da-f]{8}-00002-of-00002\.safetensors$/),
      "2.safetensors.index.json",
    ]);
    await checkpointer.save(3, pair());
    expect(await checkpointer.allSteps()).toEqual([2, 3]);
    await checkpointer.delete(2);
    await checkpointer.delete(3);
    expect(folder.files.size).toBe(0);
  });

  it("has the metadata and metrics that it was given, also those that JSON has no number for", async () => {
    const folder = memoryFolder();
    const metrics = { loss: Number.NaN, best: -Infinity, zero: -0 };
    await new Checkpointer(folder).save(1, step(1), { metrics, metadata: { note: "n" } });
    await new Checkpointer(folder).save(2, step(2));
    const later = new Checkpointer(folder);
    expect(await later.metrics(1)).toStrictEqual(metrics);
    expect(await later.metrics(2)).toBeUndefined();
    const checkpoint = await later.open(1);
    expect(checkpoint.metadata).toEqual({ note: "n" });
    expect(new TextDecoder().decode(folder.files.get("1.safetensors"))).toContain('"nnx.step":"1"');
    await checkpoint.close();
    expect(folder.opened).toBe(0);
    // What is in a file never changes: it is read once.
    folder.reads.length = 0;
    expect(await later.metrics(1)).toStrictEqual(metrics);
    expect(await later.metrics(2)).toBeUndefined();
    expect(folder.reads).toEqual([]);
  });

  it("is another one where a step was deleted and saved again", async () => {
    const checkpointer = new Checkpointer(memoryFolder());
    await checkpointer.save(1, step(1), { metrics: { loss: 1 } });
    await checkpointer.delete(1);
    await checkpointer.save(1, step(2));
    expect(await checkpointer.metrics(1)).toBeUndefined();
    const into = step(0);
    await checkpointer.restore(into);
    expect(into.value).toBe(2);
  });

  it("has numbers by name as metrics, or none", async () => {
    const checkpointer = new Checkpointer(memoryFolder());
    const wrong: readonly (readonly [metrics: unknown, place: string])[] = [
      [{ loss: "1" }, "loss"],
      [{ ok: 1, step: undefined }, "step"],
      [[1], "metrics"],
      [5, "metrics"],
      [null, "metrics"],
    ];
    for (const [metrics, place] of wrong)
      await expect(checkpointer.save(1, step(1), { metrics } as never)).rejects.toThrow(
        `Checkpointer.save at ${place}: expected metrics to be numbers by name`,
      );
    await checkpointer.save(1, step(1), { metrics: {} });
    expect(await checkpointer.metrics(1)).toEqual({});
  });

  it("leaves no tensor held, whether it was written or not", async () => {
    const checkpointer = new Checkpointer(memoryFolder());
    const before = tf.memory().numTensors;
    const model = pair();
    await checkpointer.save(2, model);
    await expect(checkpointer.save(1, model)).rejects.toThrow(/expected a step after 2/);
    nnx.dispose(model);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("what stays", () => {
  const lossOf = ({ loss }: Metrics): number => loss as number;

  it("of equals is the later one; those without metrics do not count", async () => {
    for (const bestMode of ["max", "min"] as const) {
      const checkpointer = new Checkpointer(memoryFolder(), { maxToKeep: 2, bestFn: lossOf, bestMode });
      await checkpointer.save(1, step(1));
      expect(await checkpointer.bestStep()).toBeUndefined();
      for (const at of [2, 3, 4]) await checkpointer.save(at, step(at), { metrics: { loss: 1 } });
      expect(await checkpointer.allSteps()).toEqual([1, 3, 4]);
      expect(await checkpointer.bestStep()).toBe(4);
      await checkpointer.save(5, step(5), { metrics: { loss: Number.NaN } });
      expect(await checkpointer.allSteps()).toEqual([1, 3, 4]);
      await checkpointer.save(6, step(6), { metrics: { loss: bestMode === "max" ? 2 : 0 } });
      expect([await checkpointer.allSteps(), await checkpointer.bestStep()]).toEqual([[1, 4, 6], 6]);
    }
  });

  it("is more by default where bestFn says what is best", async () => {
    const checkpointer = new Checkpointer(memoryFolder(), { maxToKeep: 1, bestFn: lossOf });
    await checkpointer.save(1, step(1), { metrics: { loss: 2 } });
    await checkpointer.save(2, step(2), { metrics: { loss: 1 } });
    expect(await checkpointer.allSteps()).toEqual([1]);
  });

  it("is nothing where bestFn fails: neither the file nor an old one goes", async () => {
    const checkpointer = new Checkpointer(memoryFolder(), { maxToKeep: 1, bestFn: lossOf });
    await checkpointer.save(1, step(1), { metrics: { loss: 2 } });
    await expect(checkpointer.save(2, step(2), { metrics: { acc: 1 } })).rejects.toThrow(
      /bestFn to return a number, got undefined/,
    );
    expect(await checkpointer.allSteps()).toEqual([1]);
  });
});

describe("a Checkpointer refuses", () => {
  it.each<[unknown, RegExp]>([
    [{ maxToKeep: -1 }, /maxToKeep to be a positive integer, got -1/],
    [{ maxToKeep: 1.5 }, /maxToKeep to be a positive integer, got 1.5/],
    [{ maxToKeep: "2" }, /maxToKeep to be a positive integer, got "2"/],
    [{ bestFn: "loss" }, /bestFn to be a function of the metrics, got "loss"/],
    [{ bestFn: () => 1, bestMode: "least" }, /bestMode to be "max" or "min", got "least"/],
    [{ bestMode: "max" }, /bestFn beside bestMode, got undefined/],
  ])("%j", (options, message) => {
    expect(() => new Checkpointer(memoryFolder(), options as CheckpointerOptions)).toThrow(message);
  });

  it("a folder that lacks something, and shards of no size when it saves", async () => {
    const folder = { ...memoryFolder(), list: undefined };
    expect(() => new Checkpointer(folder as never)).toThrow(/^Checkpointer: expected a folder, got/);
    await expect(new Checkpointer(memoryFolder(), { maxShardBytes: 0 }).save(1, step(1))).rejects.toThrow(
      /^Checkpointer\.save: expected maxShardBytes to be a positive integer, got 0/,
    );
  });
});

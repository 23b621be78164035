/** @file Batches of records that arrive one by one. */
import { state, update } from "@nnxjs/nnx-core";
import { random } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { AsyncBatches, type AsyncBatchesOptions } from "../index.ts";

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Numbers that arrive one by one, and what became of the source. */
function source(n: number) {
  const log = { opened: 0, given: 0, closed: 0 };
  async function* records() {
    log.opened++;
    try {
      for (let i = 0; i < n; i++) {
        await Promise.resolve();
        log.given++;
        yield i;
      }
    } finally {
      log.closed++;
    }
  }
  return { log, records };
}
async function idsOf(batches: AsyncBatches<number>): Promise<number[][]> {
  const ids: number[][] = [];
  for await (const batch of batches) ids.push([...batch.dataSync()]);
  return ids;
}
const sorted = (ids: number[][]): number[] => ids.flat().sort((a, b) => a - b);

onEachBackend("AsyncBatches", () => {
  it.each([0, 1, 5])("gives batches in order, and what is left over, with %i ahead", async (prefetch) => {
    const { numTensors } = tf.memory();
    const { records, log } = source(5);
    const batches = new AsyncBatches(records, { batchSize: 2, prefetch, epochs: 2 });
    expect(await idsOf(batches)).toEqual([[0, 1], [2, 3], [4], [0, 1], [2, 3], [4]]);
    expect([batches.epoch.value, batches.index.value]).toEqual([2, 0]);
    expect(log).toEqual({ opened: 2, given: 10, closed: 2 });
    const whole = new AsyncBatches(source(5).records, { batchSize: 2, prefetch, dropLast: true });
    expect(await idsOf(whole)).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("leaves nothing over 1,000 steps, nor when a loop is left or throws", async () => {
    const { numTensors, numBytes } = tf.memory();
    const { records, log } = source(2_500);
    for (const prefetch of [0, 3]) {
      const batches = new AsyncBatches(records, {
        batchSize: 2,
        prefetch,
        key: random.key(0),
        shuffleBuffer: 8,
      });
      let steps = 0;
      for await (const ids of batches) {
        tf.tidy(() => void tf.sum(ids));
        expect(tf.memory().numTensors).toBeLessThanOrEqual(numTensors + 1 + prefetch);
        if (++steps === 1_000) break;
      }
      await soon();
      expect(tf.memory()).toMatchObject({ numTensors, numBytes });
      const failing = async () => {
        for await (const _ of batches) throw new Error("enough");
      };
      await expect(failing()).rejects.toThrow("enough");
      await soon();
      expect(tf.memory().numTensors).toBe(numTensors);
    }
    expect(log.closed).toBe(log.opened);
  });
});

it("shuffles with a buffer: the same key, the same order; each epoch another", async () => {
  const make = (options: Partial<AsyncBatchesOptions> = {}) =>
    new AsyncBatches(source(40).records, {
      batchSize: 5,
      key: random.key(7),
      shuffleBuffer: 10,
      epochs: 2,
      ...options,
    });
  const ids = await idsOf(make());
  expect(await idsOf(make({ prefetch: 4 }))).toEqual(ids);
  const [first, second] = [ids.slice(0, 8), ids.slice(8)];
  expect(first).not.toEqual(second);
  expect(sorted(first)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  expect(sorted(second)).toEqual(sorted(first));
  // The i-th one is among the 10 that had arrived and were not given.
  for (const [i, id] of first.flat().entries()) expect(id).toBeLessThan(i + 10);
  expect(first.flat()).not.toEqual(sorted(first));
  expect(await idsOf(make({ key: random.key(8) }))).not.toEqual(ids);
});

it.each([{}, { key: random.key(1), shuffleBuffer: 4 }])("goes on from a State: %o", async (options) => {
  const make = () =>
    new AsyncBatches(source(11).records, { batchSize: 2, epochs: 2, prefetch: 2, ...options });
  const whole = await idsOf(make());
  for (const stop of [1, 5, 6, 7, 11]) {
    const batches = make();
    const given: number[][] = [];
    for await (const ids of batches) {
      given.push([...ids.dataSync()]);
      if (given.length === stop) break;
    }
    const again = make();
    update(again, state(batches));
    expect([...given, ...(await idsOf(again))], `after ${stop}`).toEqual(whole);
  }
});

it("keeps the order with a buffer of 1", async () => {
  const batches = new AsyncBatches([1, 2, 3], { batchSize: 3, key: random.key(0), shuffleBuffer: 1 });
  expect(await idsOf(batches)).toEqual([[1, 2, 3]]);
});

it("takes iterables, streams and functions, and says when one cannot be read again", async () => {
  expect(await idsOf(new AsyncBatches([1, 2, 3], { batchSize: 2, epochs: 2 }))).toEqual([
    [1, 2],
    [3],
    [1, 2],
    [3],
  ]);
  const stream = new Blob(["ab"]).stream() as unknown as AsyncIterable<Uint8Array>;
  const sizes: number[][] = [];
  for await (const chunk of new AsyncBatches(stream, { batchSize: 1 })) sizes.push(chunk.shape);
  expect(sizes).toEqual([[1, 2]]);
  const once = new AsyncBatches(source(2).records(), { batchSize: 2, epochs: 2 });
  await expect(idsOf(once)).rejects.toThrow(
    "AsyncBatches: expected a source that can be read again, got one that was read. Pass a function",
  );
});

it("raises what the source raises, after the batches before it", async () => {
  async function* records() {
    yield* [1, 2, 3];
    throw new Error("lost");
  }
  const { numTensors } = tf.memory();
  const batches = new AsyncBatches(records, { batchSize: 2, prefetch: 3 });
  const seen: number[][] = [];
  const run = async () => {
    for await (const ids of batches) seen.push([...ids.dataSync()]);
  };
  await expect(run()).rejects.toThrow("lost");
  expect(seen).toEqual([[1, 2]]);
  expect(batches.index.value).toBe(2);
  expect(tf.memory().numTensors).toBe(numTensors);
});

it("does not wait for a source that is slow when the loop is left", async () => {
  let wake = (): void => {};
  async function* records() {
    yield* [1, 2];
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
    yield 3;
  }
  const { numTensors } = tf.memory();
  for await (const _ of new AsyncBatches(records, { batchSize: 1, prefetch: 3 })) break;
  wake();
  await soon();
  expect(tf.memory().numTensors).toBe(numTensors);
});

it.each<[string, unknown, object, string]>([
  [
    "no source",
    undefined,
    { batchSize: 1 },
    "AsyncBatches: expected an async iterable or a function that returns one, got undefined.",
  ],
  ["null", null, { batchSize: 1 }, "a function that returns one, got null."],
  ["an object", {}, { batchSize: 1 }, "a function that returns one, got an object"],
  ["text", "abc", { batchSize: 1 }, 'got "abc".'],
  ["no size", [1], {}, "AsyncBatches: expected batchSize to be a positive integer, got undefined."],
  [
    "a buffer without a key",
    [1],
    { batchSize: 1, shuffleBuffer: 5 },
    "AsyncBatches: expected a key to shuffle with, got none.",
  ],
  [
    "negative prefetch",
    [1],
    { batchSize: 1, prefetch: -1 },
    "AsyncBatches: expected prefetch to be 0 or a positive integer, got -1.",
  ],
  ["shuffle", [1], { batchSize: 1, shuffle: true }, 'got "shuffle". Leave it out.'],
])("refuses %s", (_what, records, options, message) => {
  expect(() => Reflect.construct(AsyncBatches, [records, options])).toThrow(message);
});

it.each<[string, unknown, object, string]>([
  [
    "records that are not alike",
    [{ a: 1 }, { a: 2 }, { a: 0.5 }],
    {},
    'AsyncBatches at 2.a: expected int32[] as in the first records, got float32[]. Ask for another dtype: { dtypes: { a: "float32" } }.',
  ],
  [
    "fractions at the end of a batch",
    [1, 2, 3, 0.5],
    {},
    "AsyncBatches at 3: expected int32[] as in the first records, got float32[].",
  ],
  ["text in the first batch", [1, "b"], {}, "AsyncBatches at 1: expected numbers, booleans"],
  [
    "a boolean in it",
    [1, true],
    {},
    "AsyncBatches at 1: expected int32[] as in the first record, got bool[].",
  ],
  ["text", [1, 2, "c"], {}, "AsyncBatches at 2: expected numbers, booleans"],
  ["no records", [], {}, "AsyncBatches: expected at least 1 records in an epoch, got 0."],
  [
    "less than a batch",
    [1],
    { dropLast: true },
    "AsyncBatches: expected at least 2 records in an epoch, got 1.",
  ],
  [
    "a function that returns none",
    () => 5,
    {},
    "AsyncBatches: expected the source to return records, got 5.",
  ],
])("a loop refuses %s", async (_what, records, options, message) => {
  const batches = Reflect.construct(AsyncBatches, [
    records,
    { batchSize: 2, ...options },
  ]) as AsyncBatches<number>;
  const { numTensors } = tf.memory();
  const run = async () => {
    for await (const _ of batches);
  };
  await expect(run()).rejects.toThrow(message);
  expect(tf.memory().numTensors).toBe(numTensors);
});

it("refuses a position beyond the records", async () => {
  const batches = new AsyncBatches([1, 2, 3], { batchSize: 2 });
  batches.index.value = 8;
  await expect(idsOf(batches)).rejects.toThrow(
    "AsyncBatches: expected a position in 3 records, got index 8.",
  );
});

/** @file Batches of data that are all there. */
import { dispose, flattenState, merge, Param, split, state, update } from "@nnxjs/nnx-core";
import { random, RngKey } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { readGolden } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { BatchPosition, Batches, type BatchesOptions } from "../index.ts";

interface Case {
  readonly seed: number;
  readonly epoch: number;
  readonly n: number;
  readonly order: readonly number[];
}
const { orders } = readGolden<{ orders: readonly Case[] }>("batches");

const range = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);
/** The ids of the batches of one loop. */
const idsOf = (batches: Iterable<tf.Tensor>): number[][] => Array.from(batches, (ids) => [...ids.dataSync()]);

it.each(orders)("the order of epoch $epoch of $n with seed $seed is JAX's", ({ seed, epoch, n, order }) => {
  const batches = new Batches(range(n), { batchSize: 64, key: random.key(seed) });
  batches.epoch.value = epoch;
  expect(idsOf(batches).flat()).toEqual(order);
  expect([batches.epoch.value, batches.index.value]).toEqual([epoch + 1, 0]);
});

onEachBackend("Batches", () => {
  it("takes rows of typed arrays, tensors, records, and objects of these", () => {
    const before = tf.memory().numTensors;
    const pixels = tf.tensor3d(
      Array.from({ length: 12 }, (_, i) => i),
      [3, 2, 2],
    );
    const flags = tf.tensor1d([true, false, true], "bool");
    const data = {
      plain: range(3),
      bytes: new Uint8Array([7, 0, 255]),
      shaped: { data: Float64Array.from([1, 2, 3, 4, 5, 6]), shape: [3, 2] },
      truths: { data: new Uint8Array([1, 0, 2]), shape: [3], dtype: "bool" },
      floats: { data: new Uint8Array([1, 0, 2]), shape: [3, 1], dtype: "float32" },
      pixels,
      deeper: { flags, counts: [4, 5, 6], shares: [0.5, 1, 2], truths: [true, false, false] },
      records: [1, 2, 3].map((i) => ({
        image: new Float32Array([i, i]),
        label: i,
        at: [[i, 0.5]],
        mask: [true, i > 1],
        grid: { data: new Int32Array([i, i, i]), shape: [3, 1] },
      })),
    } as const;
    const batches = new Batches(data, { batchSize: 2, key: random.key(3) });
    const permutation = random.permutation(random.foldIn(random.key(3), 0), 3);
    const order = [...permutation.dataSync()];
    const seen: object[] = [];
    for (const batch of batches) {
      const { deeper, records, ...others } = batch;
      const all = { ...others, ...deeper, ...records, truths2: deeper.truths };
      seen.push(
        Object.fromEntries(Object.entries(all).map(([name, x]) => [name, [x.dtype, x.shape, x.arraySync()]])),
      );
    }
    const at = <T>(values: readonly T[], rows: readonly number[]): T[] => rows.map((i) => values[i]!);
    const wanted = (rows: readonly number[]) => {
      const n = rows.length;
      const bools = (values: readonly number[]) => at(values, rows);
      return {
        plain: ["int32", [n], rows],
        bytes: ["int32", [n], at([7, 0, 255], rows)],
        shaped: [
          "float32",
          [n, 2],
          at(
            [
              [1, 2],
              [3, 4],
              [5, 6],
            ],
            rows,
          ),
        ],
        floats: ["float32", [n, 1], at([[1], [0], [2]], rows)],
        pixels: [
          "float32",
          [n, 2, 2],
          at(
            [
              [
                [0, 1],
                [2, 3],
              ],
              [
                [4, 5],
                [6, 7],
              ],
              [
                [8, 9],
                [10, 11],
              ],
            ],
            rows,
          ),
        ],
        flags: ["bool", [n], bools([1, 0, 1])],
        counts: ["int32", [n], at([4, 5, 6], rows)],
        shares: ["float32", [n], at([0.5, 1, 2], rows)],
        truths: ["bool", [n], bools([1, 0, 0])],
        truths2: ["bool", [n], bools([1, 0, 0])],
        image: [
          "float32",
          [n, 2],
          at(
            [
              [1, 1],
              [2, 2],
              [3, 3],
            ],
            rows,
          ),
        ],
        label: ["int32", [n], at([1, 2, 3], rows)],
        at: ["float32", [n, 1, 2], at([[[1, 0.5]], [[2, 0.5]], [[3, 0.5]]], rows)],
        mask: [
          "bool",
          [n, 2],
          at(
            [
              [1, 0],
              [1, 1],
              [1, 1],
            ],
            rows,
          ),
        ],
        grid: [
          "int32",
          [n, 3, 1],
          at(
            [
              [[1], [1], [1]],
              [[2], [2], [2]],
              [[3], [3], [3]],
            ],
            rows,
          ),
        ],
      };
    };
    expect(seen).toEqual([wanted(order.slice(0, 2)), wanted(order.slice(2))]);
    batches[Symbol.iterator]().return();
    dispose([batches, pixels, flags, permutation]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("stacks tensors in records", () => {
    const records = [1, 2, 3].map((i) => ({ x: tf.fill([2], i), flag: tf.scalar(i > 1, "bool") }));
    const batches = new Batches(records, { batchSize: 2, dtypes: { flag: "int32" } });
    const [first] = Array.from(batches, ({ x, flag }) => [x.arraySync(), flag.dtype, flag.arraySync()]);
    expect(first).toEqual([
      [
        [1, 1],
        [2, 2],
      ],
      "int32",
      [0, 1],
    ]);
  });

  it("leaves nothing over 1,000 steps, nor when a loop is left or the body throws", () => {
    const x = tf.zeros([10, 3]);
    const batches = new Batches(
      { x, y: range(10), z: [...range(10)] },
      {
        batchSize: 3,
        key: random.key(0),
        epochs: Infinity,
      },
    );
    const { numTensors, numBytes } = tf.memory();
    let steps = 0;
    for (const batch of batches) {
      if (steps > 0) expect(tf.memory().numTensors).toBe(numTensors + 3);
      tf.tidy(() => void tf.add(batch.x, tf.sum(batch.y)));
      if (++steps === 1_000) break;
    }
    expect(() => {
      for (const { y } of batches) {
        y.dispose();
        throw new Error("enough");
      }
    }).toThrow("enough");
    tf.tidy(() => {
      for (const { y } of batches) if (y.size > 0) break;
    });
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    expect(batches.epoch.value).toBe(250);
  });

  it("a batch lives on in what holds it", () => {
    const kept = new Param<tf.Tensor | null>(null);
    const { numTensors } = tf.memory();
    for (const x of new Batches(range(4), { batchSize: 2 })) kept.value ??= x;
    expect([...kept.value!.dataSync()]).toEqual([0, 1]);
    kept.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

it("goes to the end of the epoch, with or without what is left over, and on from there", () => {
  const batches = new Batches(range(5), { batchSize: 2 });
  expect(batches.stepsPerEpoch).toBe(3);
  expect(idsOf(batches)).toEqual([[0, 1], [2, 3], [4]]);
  expect(batches.epoch.value).toBe(1);
  for (const ids of batches) if (ids.dataSync()[0] === 2) break;
  expect([batches.epoch.value, batches.index.value, batches.stepsLeft]).toEqual([1, 4, 1]);
  expect(idsOf(batches)).toEqual([[4]]);
  const whole = new Batches(range(5), { batchSize: 2, dropLast: true, epochs: 2 });
  expect([whole.stepsPerEpoch, whole.stepsLeft]).toEqual([2, 4]);
  expect(idsOf(whole)).toEqual([
    [0, 1],
    [2, 3],
    [0, 1],
    [2, 3],
  ]);
  expect([whole.epoch.value, whole.index.value, whole.stepsLeft]).toEqual([2, 0, 4]);
});

it("shuffles each epoch anew, and does not with { shuffle: false }", () => {
  const options = { batchSize: 50, key: random.key(1) };
  const shuffled = new Batches(range(50), { ...options, epochs: 2 });
  const [first, second] = idsOf(shuffled);
  expect(first).not.toEqual(second);
  expect([...first!].sort((a, b) => a - b)).toEqual([...range(50)]);
  const plain = new Batches(range(50), { ...options, shuffle: false });
  expect(idsOf(plain)).toEqual([[...range(50)]]);
  expect(plain.key).toBeNull();
});

it("goes on in the middle of an epoch from a State", () => {
  const make = () => new Batches(range(20), { batchSize: 3, key: random.key(5) });
  const batches = make();
  const whole = idsOf(make());
  const given: number[][] = [];
  let saved = state(batches);
  for (const ids of batches) {
    given.push([...ids.dataSync()]);
    // What a checkpoint in the body of the loop has counts the batch that is being worked on.
    saved = state(batches);
    if (given.length === 3) break;
  }
  expect(flattenState(saved).map(([path]) => path.join("."))).toEqual(["epoch", "index", "key"]);
  expect([batches.epoch, batches.index, batches.key].map((variable) => variable?.constructor)).toEqual([
    BatchPosition,
    BatchPosition,
    RngKey,
  ]);
  const again = make();
  update(again, saved);
  expect([...given, ...idsOf(again)]).toEqual(whole);
  const merged = merge(...split(batches));
  expect([...given, ...idsOf(merged)]).toEqual(whole);
  // In the middle of a loop, too.
  let steps = 0;
  for (const _ of make()[Symbol.iterator]()) steps++;
  expect(steps).toBe(7);
  const rewound = make();
  const ids: number[][] = [];
  const start = state(rewound);
  for (const batch of rewound) {
    ids.push([...batch.dataSync()]);
    if (ids.length === 2) update(rewound, start);
    if (ids.length === 4) break;
  }
  expect(ids).toEqual([...whole.slice(0, 2), ...whole.slice(0, 2)]);
});

it("shows what changes in the data, and copies no more than the rows", () => {
  const data = new Float32Array(4);
  const batches = new Batches(data, { batchSize: 2 });
  data[3] = 5;
  const seen = Array.from(batches, (x) => {
    const values = x.dataSync();
    values[0] = 100;
    return [...values];
  });
  expect(seen).toEqual([
    [100, 0],
    [100, 5],
  ]);
  expect([...data]).toEqual([0, 0, 0, 5]);
});

const options: BatchesOptions = { batchSize: 2 };
it.each<[string, unknown, unknown, string]>([
  [
    "text",
    "abc",
    options,
    'Batches: expected numbers, booleans, typed arrays, tensors, or arrays and objects of these, got "abc". Encode',
  ],
  [
    "text in records",
    [{ label: "cat" }],
    options,
    'Batches at 0.label: expected numbers, booleans, typed arrays, tensors, or arrays and objects of these, got "cat". Encode text',
  ],
  ["a missing value", { x: [1, null] }, options, "Batches at x.1: expected numbers"],
  ["a Map", new Map(), options, "got an instance of Map."],
  ["large integers", new BigInt64Array(2), options, "got an instance of BigInt64Array."],
  ["a tensor of text", { x: tf.tensor(["a", "b"]) }, options, "Batches at x: expected numbers"],
  ["a scalar", { x: tf.scalar(1) }, options, "Batches at x: expected an axis of examples, got a float32[]."],
  [
    "a shape of another size",
    { x: { data: new Float32Array(5), shape: [2, 3] } },
    options,
    "Batches at x: expected a shape of 5 elements, got [2, 3].",
  ],
  [
    "a shape that is none",
    { data: new Float32Array(5), shape: [-5, -1] },
    options,
    "expected a shape of 5 elements, got [-5, -1].",
  ],
  [
    "integers of fractions",
    { data: new Float32Array(2), shape: [2], dtype: "int32" },
    options,
    'Batches: expected a dtype that holds the numbers of an instance of Float32Array, got "int32".',
  ],
  [
    "different lengths",
    { x: range(3), y: range(2) },
    options,
    "Batches at y: expected 3 examples, as many as x has, got 2.",
  ],
  [
    "records of other fields",
    [{ a: 1 }, { b: 1 }],
    options,
    "Batches at 1: expected fields {a} as in the first record, got fields {b}.",
  ],
  [
    "records of other shapes",
    { r: [[1, 2], [1]] },
    options,
    "Batches at r.1: expected int32[2] as in the first record, got int32[1].",
  ],
  [
    "ragged rows",
    [[[1, 2], [1]]],
    options,
    "Batches at 0.1: expected int32[2] as in the first record, got int32[1].",
  ],
  [
    "booleans among numbers",
    [1, true],
    options,
    "Batches at 1: expected int32[] as in the first record, got bool[].",
  ],
  ["objects in lists of a record", [[{ a: 1 }]], options, "Batches at 0.0: expected numbers"],
  ["nothing", [], options, "Batches: expected at least 1 examples, got 0. Look at where the data come from."],
  ["no columns", {}, options, "Batches: expected arrays by name, got an object with keys {}."],
  [
    "less than a batch",
    range(1),
    { ...options, dropLast: true },
    "Batches: expected at least 2 examples, got 1. Take smaller batches",
  ],
  ["no size", range(3), {}, "Batches: expected batchSize to be a positive integer, got undefined."],
  ["no options", range(3), undefined, "Batches: expected batchSize to be a positive integer, got undefined."],
  ["a size of 0", range(3), { batchSize: 0 }, "Batches: expected batchSize to be a positive integer, got 0."],
  ["unknown options", range(3), { ...options, dropRemainder: true }, 'got "dropRemainder".'],
  [
    "a seed for a key",
    range(3),
    { ...options, key: 0 },
    "Batches: expected key to be a single key, got 0. Make one: nnx.random.key(0).",
  ],
  [
    "several keys",
    range(3),
    { ...options, key: random.split(random.key(0), 2) },
    "expected key to be a single key",
  ],
  [
    "shuffling without a key",
    range(3),
    { ...options, shuffle: true },
    "Batches: expected a key to shuffle with, got none.",
  ],
  [
    "half an epoch",
    range(3),
    { ...options, epochs: 0.5 },
    "Batches: expected epochs to be a positive integer, got 0.5.",
  ],
  [
    "dropLast that is none",
    range(3),
    { ...options, dropLast: 1 },
    "Batches: expected dropLast to be true or false, got 1.",
  ],
  [
    "dtypes of no field",
    [{ a: 1 }],
    { ...options, dtypes: { b: "int32" } },
    'Batches: expected dtypes of fields of the records, got one of "b".',
  ],
  [
    "dtypes of arrays",
    { a: range(2) },
    { ...options, dtypes: { a: "int32" } },
    'expected dtypes of fields of records, got one of "a". Give typed arrays',
  ],
  [
    "no dtype",
    [{ a: 1 }],
    { ...options, dtypes: { a: "int64" } },
    'Batches: expected "float32", "int32" or "bool" in dtypes under a, got "int64".',
  ],
])("refuses %s", (_what, data, given, message) => {
  const { numTensors } = tf.memory();
  expect(() => Reflect.construct(Batches, [data, given])).toThrow(message);
  expect(tf.memory().numTensors).toBe(numTensors);
});

it("refuses positions outside, records that changed, integers that are none, and disposed tensors", () => {
  const batches = new Batches(range(3), options);
  batches.index.value = 4;
  expect(() => [...batches]).toThrow(
    "Batches: expected a position in 3 examples, got epoch 0 and index 4. Restore",
  );
  const records: { a: number }[] = [{ a: 1 }, { a: 2 }, { a: 3 }];
  const changing = new Batches({ records }, options);
  const { numTensors } = tf.memory();
  expect(() => {
    for (const _ of changing) records[2] = { a: 0.5 };
  }).toThrow(
    'Batches at records.2.a: expected int32[] as in the first records, got float32[]. Ask for another dtype: { dtypes: { "records.a": "float32" } }.',
  );
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(changing.index.value).toBe(2);
  expect(() => new Batches([0.5], { ...options, dtypes: { "": "int32" } })[Symbol.iterator]().next()).toThrow(
    "expected int32[] as in the first records, got float32[]",
  );
  const floats = new Batches([1, 2], { ...options, dtypes: { "": "float32" } });
  expect(Array.from(floats, ({ dtype }) => dtype)).toEqual(["float32"]);
  const x = tf.ones([3]);
  const ofTensor = new Batches({ x }, options);
  x.dispose();
  expect(() => [...ofTensor]).toThrow("Batches at x: expected the data to be a live tensor");
});

/** @file What data of other forms becomes in batches: rows of tensors, bytes, nested records, dtypes. */
import "@tensorflow/tfjs-backend-cpu";
import { update, state } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { Batches, type BatchesOptions } from "../index.ts";

const options: BatchesOptions = { batchSize: 2 };
type Read = readonly [dtype: string, shape: readonly number[], values: readonly number[]];

/** Each tensor of each batch, in data of any form, with its path. */
function read(data: unknown, given: object = options): Record<string, Read>[] {
  const found = (x: unknown, path: string): [string, Read][] =>
    x instanceof tf.Tensor
      ? [[path, [x.dtype, x.shape, [...x.dataSync()]]]]
      : Object.entries(x as object).flatMap(([name, inner]) => found(inner, path ? `${path}.${name}` : name));
  const batches = Reflect.construct(Batches, [data, given]) as Iterable<unknown>;
  return Array.from(batches, (batch) => Object.fromEntries(found(batch, "")));
}

describe("rows", () => {
  it("of tensors come in order without a key", () => {
    const data = { x: tf.tensor3d([1, 2, 3, 4, 5, 6], [3, 2, 1]), y: tf.tensor1d([7, 8, 9], "int32") };
    expect(read(data)).toEqual([
      { x: ["float32", [2, 2, 1], [1, 2, 3, 4]], y: ["int32", [2], [7, 8]] },
      { x: ["float32", [1, 2, 1], [5, 6]], y: ["int32", [1], [9]] },
    ]);
  });

  it.each([3, 16, 40])("of %i numbers are copied, and of truths what is not 0 is 1", (size) => {
    const bytes = Uint8Array.from({ length: 3 * size }, (_, i) => i % 3);
    const shape = [3, size];
    const data = {
      truths: { data: bytes, shape, dtype: "bool" },
      numbers: { data: bytes, shape },
      floats: { data: Float64Array.from(bytes, (x) => x / 2), shape },
      records: [0, 1, 2].map((i) => [bytes.slice(i * size, (i + 1) * size)]),
    };
    const numbers = [...bytes];
    const rows = (values: readonly number[], dtype: string, ...inner: number[]): [Read, Read] => [
      [dtype, [2, ...inner, size], values.slice(0, 2 * size)],
      [dtype, [1, ...inner, size], values.slice(2 * size)],
    ];
    const wanted = {
      truths: rows(
        numbers.map((x) => Math.sign(x)),
        "bool",
      ),
      numbers: rows(numbers, "int32"),
      floats: rows(
        numbers.map((x) => x / 2),
        "float32",
      ),
      records: rows(numbers, "int32", 1),
    };
    expect(read(data)).toEqual(
      [0, 1].map((i) => Object.fromEntries(Object.entries(wanted).map(([name, each]) => [name, each[i]]))),
    );
  });

  it("may have no numbers, or lists of arrays, or tensors of integers", () => {
    expect(read({ data: new Float32Array(0), shape: [2, 0] })).toEqual([{ "": ["float32", [2, 0], []] }]);
    expect(read([[], []])).toEqual([{ "": ["float32", [2, 0], []] }]);
    const pairs = [1, 5].map((i) => [new Int32Array([i, i + 1]), new Int32Array([i + 2, i + 3])]);
    expect(read(pairs)).toEqual([{ "": ["int32", [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]] }]);
    expect(read([tf.scalar(1, "int32"), tf.scalar(2, "int32")])).toEqual([{ "": ["int32", [2], [1, 2]] }]);
  });
});

describe("dtypes", () => {
  it("are given by the paths of fields, also in columns whose names begin alike", () => {
    const data = {
      rec: [1, 2],
      records: [1, 2].map((a) => ({ a, deep: { b: a, flag: true, c: a } })),
      in: { ner: [3, 4] },
      plain: [5, 6],
    };
    const dtypes = {
      rec: "float32",
      "records.a": "float32",
      "records.deep.b": "float32",
      "records.deep.flag": "bool",
      "in.ner": "float32",
    };
    expect(read(data, { ...options, dtypes })).toEqual([
      {
        rec: ["float32", [2], [1, 2]],
        "records.a": ["float32", [2], [1, 2]],
        "records.deep.b": ["float32", [2], [1, 2]],
        "records.deep.flag": ["bool", [2], [1, 1]],
        "records.deep.c": ["int32", [2], [1, 2]],
        "in.ner": ["float32", [2], [3, 4]],
        plain: ["int32", [2], [5, 6]],
      },
    ]);
  });

  it("of a first record hold booleans in numbers", () => {
    const records: (number | boolean)[] = [1, 2];
    const batches = new Batches(records as number[], options);
    records[1] = true;
    expect(Array.from(batches, (x) => [...x.dataSync()])).toEqual([[1, 1]]);
  });
});

describe("Batches", () => {
  it.each<[string, unknown, string]>([
    [
      "a shape without axes",
      { data: new Float32Array(1), shape: [] },
      "Batches: expected an axis of examples, got a shape without axes.",
    ],
    [
      "a shape with one good axis",
      { data: new Float32Array(5), shape: [2.5, 2] },
      "expected a shape of 5 elements, got [2.5, 2].",
    ],
    [
      "large integers with a shape",
      { data: new BigInt64Array(2), shape: [2] },
      "got an instance of BigInt64Array. Convert it to one of these.",
    ],
    ["a tensor of text in a record", [{ x: tf.tensor(["a"]) }], "Batches at 0.x: expected numbers"],
    ["a record of nothing", [{}], "Batches at 0: expected fields, got an object with keys {}."],
    ["text in lists", [[["a"]]], "Batches at 0.0.0: expected numbers"],
    [
      "a number after fields",
      [{ a: 1 }, 1],
      "Batches at 1: expected fields {a} as in the first record, got int32[].",
    ],
    [
      "fields after a number",
      [1, { a: 1 }],
      "Batches at 1: expected int32[] as in the first record, got fields {a}.",
    ],
    [
      "one field more",
      [{ a: 1 }, { a: 1, b: 1 }],
      "Batches at 1: expected fields {a} as in the first record, got fields {a, b}.",
    ],
    [
      "another second field",
      [
        { a: 1, b: 1 },
        { a: 1, c: 1 },
      ],
      "Batches at 1: expected fields {a, b} as in the first record, got fields {a, c}.",
    ],
    [
      "a boolean in fields",
      [{ a: { b: 1 } }, { a: { b: true } }],
      "Batches at 1.a.b: expected int32[] as in the first record, got bool[].",
    ],
    [
      "an array after a tensor",
      [tf.zeros([1, 2]), [[0.5, 0.5]]],
      "Batches at 1: expected float32[1,2] as in the first record, got float32[1,2].",
    ],
  ])("refuses %s", (_what, data, message) => {
    expect(() => Reflect.construct(Batches, [data, options])).toThrow(message);
  });

  it.each<[string, unknown, unknown, string]>([
    [
      "a longer one",
      { ab: [1] },
      { ab: [1, 2] },
      "Batches at 1.ab: expected int32[1] as in the first records, got int32[2]. Records are alike.",
    ],
    [
      "a longer one of fractions",
      { ab: [1] },
      { ab: [0.5, 2] },
      "expected int32[1] as in the first records, got float32[2]. Records are alike.",
    ],
    [
      "fractions",
      { ab: 1 },
      { ab: 0.5 },
      'got float32[]. Ask for another dtype: { dtypes: { ab: "float32" } }.',
    ],
    [
      "a tensor",
      { ab: 0.5 },
      { ab: tf.scalar(0.5) },
      "Batches at 1.ab: expected float32[] as in the first records, got float32[]. Records are alike.",
    ],
    [
      "a number for fields",
      { ab: { c: 1 } },
      { ab: 1 },
      "Batches at 1.ab: expected fields {c} as in the first record, got int32[].",
    ],
    [
      "fields for a number",
      { ab: 1 },
      { ab: { c: 1 } },
      "Batches at 1.ab: expected int32[] as in the first record, got fields {c}.",
    ],
    [
      "one without a field",
      { a: 1, b: 1 },
      { a: 1 },
      "Batches at 1: expected fields {a, b} as in the first record, got fields {a}.",
    ],
    [
      "one with a field more",
      { a: 1 },
      { a: 1, b: 1 },
      "Batches at 1: expected fields {a} as in the first record, got fields {a, b}.",
    ],
  ])("refuses %s that a record has become", (_what, record, next, message) => {
    const records = [record, record];
    const batches = Reflect.construct(Batches, [records, options]) as Iterable<unknown>;
    records[1] = next;
    expect(() => [...batches]).toThrow(message);
  });

  it("is at the next epoch with the last batch of one, and goes on from its end", () => {
    const ids = (batches: Iterable<tf.Tensor>): number[][] => Array.from(batches, (x) => [...x.dataSync()]);
    const at = (batches: Batches<Int32Array>): number[] => [batches.epoch.value, batches.index.value];
    const data = Int32Array.from([0, 1, 2, 3, 4]);
    const whole = new Batches(data, options);
    expect(Array.from(whole, () => at(whole))).toEqual([
      [0, 2],
      [0, 4],
      [1, 0],
    ]);
    const dropping = new Batches(data, { ...options, dropLast: true });
    expect(Array.from(dropping, () => at(dropping))).toEqual([
      [0, 2],
      [1, 0],
    ]);
    const even = new Batches(data.subarray(0, 4), { ...options, dropLast: true });
    expect(ids(even)).toEqual([
      [0, 1],
      [2, 3],
    ]);
    // The State of batches of another size may be at the end, or within what is left out.
    const [ended, within] = [new Batches(data, options), new Batches(data, { ...options, dropLast: true })];
    ended.index.value = 5;
    expect([ids(ended), at(ended)]).toEqual([[], [1, 0]]);
    const other = new Batches(data, { batchSize: 4 });
    other[Symbol.iterator]().next();
    update(within, state(other));
    expect([ids(within), at(within)]).toEqual([[], [1, 0]]);
  });

  it.each([
    [0, -1],
    [-1, 0],
    [0.5, 0],
  ])("refuses the position of epoch %d and index %d", (epoch, index) => {
    const batches = new Batches(new Int32Array(3), options);
    [batches.epoch.value, batches.index.value] = [epoch, index];
    expect(() => [...batches]).toThrow(
      `Batches: expected a position in 3 examples, got epoch ${epoch} and index ${index}.`,
    );
  });
});

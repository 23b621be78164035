import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { readGolden } from "../../../../conformance/compare.ts";
import { clone, foldIn, key, keyData, PRNGKey, type PRNGKeyJSON, split, wrapKeyData } from "./index.ts";

type Words = readonly number[];
const golden = readGolden<{
  seeds: [string, Words][];
  seed_err: Record<string, string>;
  split: Record<string, Words>;
  split_shape_2_3: Words;
  fold_in: Record<string, Words>;
  fold_in_edge: Record<string, string>;
  fold_in_np_m1: Words;
}>("threefry");
const goldenKeys = readGolden<{ batch: { seed: number; split: number; keys: Words; splitEach: Words } }>(
  "keys",
);
const words = (k: PRNGKey): number[] => [...keyData(k)];

describe("key", () => {
  it.each(golden.seeds)("of seed %s is JAX's", (seed, expected) => {
    expect(words(key(BigInt(seed)))).toEqual(expected);
    const number = Number(seed);
    if (Number.isSafeInteger(number)) expect(words(key(number))).toEqual(expected);
  });

  it("takes booleans as 0 and 1, and -0 as 0", () => {
    expect(words(key(true))).toEqual([0, 1]);
    expect(words(key(false))).toEqual([0, 0]);
    expect(key(-0).equals(key(0))).toBe(true);
  });

  it.each(Object.keys(golden.seed_err))("refuses seed %s, which JAX refuses", (seed) => {
    expect(() => key(BigInt(seed))).toThrow(RangeError);
    expect(() => key(BigInt(seed))).toThrow(
      `key: expected a seed in [-2^63, 2^63), got ${seed}. Take it modulo`,
    );
  });

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses seed %d, which is not an integer", (seed) => {
    expect(() => key(seed)).toThrow(TypeError);
    expect(() => key(seed)).toThrow(`key: expected an integer seed, got ${seed}.`);
  });

  it("refuses what is not a number at all", () => {
    // @ts-expect-error a string is not a seed
    expect(() => key("1")).toThrow('key: expected an integer seed, got "1".');
  });
});

describe("split", () => {
  it.each(Object.entries(golden.split))("into %s gives JAX's keys", (n, expected) => {
    const keys = split(key(42), Number(n));
    expect(keys.shape).toEqual([Number(n)]);
    expect(words(keys)).toEqual(expected);
  });

  it("into a shape gives JAX's keys", () => {
    const keys = split(key(42), [2, 3]);
    expect(keys.shape).toEqual([2, 3]);
    expect(words(keys)).toEqual(golden.split_shape_2_3);
    expect(words(keys.at(1).at(-1))).toEqual(golden.split_shape_2_3.slice(-2));
  });

  it("gives two by default, which destructure", () => {
    const [a, b] = split(key(42));
    expect([...words(a!), ...words(b!)]).toEqual(golden.split[2]);
  });

  it("of an array of keys splits each, as vmap does", () => {
    const { batch } = goldenKeys;
    const keys = split(key(batch.seed), batch.split);
    expect(words(keys)).toEqual(batch.keys);
    expect(split(keys).shape).toEqual([batch.split, 2]);
    expect(words(split(keys))).toEqual(batch.splitEach);
  });

  it("takes empty shapes as JAX does", () => {
    expect(split(key(0), 0).shape).toEqual([0]);
    expect([...split(key(0), 0)]).toEqual([]);
    expect(split(key(0), []).shape).toEqual([]);
    expect(split(key(0), []).equals(foldIn(key(0), 0))).toBe(true);
    expect(split(split(key(0), 0), 3).shape).toEqual([0, 3]);
  });

  it.each([-1, 1.5, Number.NaN])("refuses the size %d", (n) => {
    expect(() => split(key(0), n)).toThrow(
      `split: expected a shape of non-negative integers, got [${n}]. Give the size of each axis, such as [2, 3].`,
    );
  });
});

describe("foldIn", () => {
  it.each(Object.entries(golden.fold_in))("of %s gives JAX's key", (data, expected) => {
    expect(words(foldIn(key(42), Number(data)))).toEqual(expected);
  });

  it("wraps a negative number only when asked to", () => {
    expect(words(foldIn(key(42), -1 >>> 0))).toEqual(golden.fold_in_np_m1);
  });

  it.each([...Object.keys(golden.fold_in_edge).map(Number), 0.5, Number.NaN])("refuses %d", (data) => {
    expect(() => foldIn(key(42), data)).toThrow(RangeError);
    expect(() => foldIn(key(42), data)).toThrow(`foldIn: expected an integer in [0, 2^32), got ${data}.`);
  });

  it("refuses an array of keys", () => {
    expect(() => foldIn(split(key(0), 3), 1)).toThrow(
      "foldIn: expected a single key, got an array of keys of shape [3]. Map over the keys.",
    );
  });

  it("refuses what is not a key", () => {
    // @ts-expect-error words are not a key
    expect(() => foldIn([0, 1], 1)).toThrow("foldIn: expected a key, got [0, 1]. Make one with key(seed).");
    // @ts-expect-error nothing is not a key
    expect(() => foldIn(undefined, 1)).toThrow("foldIn: expected a key, got undefined.");
  });
});

describe("keyData and wrapKeyData", () => {
  it("are inverse to each other", () => {
    const keys = split(key(7), [2, 3]);
    expect(wrapKeyData(keyData(keys), [2, 3]).equals(keys)).toBe(true);
    expect(wrapKeyData(keyData(keys)).shape).toEqual([6]);
    expect(wrapKeyData([1, 2]).shape).toEqual([]);
    expect(wrapKeyData([1, 2], 1).shape).toEqual([1]);
    expect(wrapKeyData([], 0).shape).toEqual([0]);
  });

  it("copy, so that nobody can write into a key", () => {
    const source = Uint32Array.of(1, 2, 3, 4);
    const keys = wrapKeyData(source);
    source.fill(9);
    keyData(keys).fill(9);
    expect(words(keys)).toEqual([1, 2, 3, 4]);
  });

  it("refuse words that are none, or too many", () => {
    expect(() => wrapKeyData([1, -1])).toThrow(
      "wrapKeyData: expected uint32 words, got -1 at 1. Write it as (x >>> 0).",
    );
    expect(() => wrapKeyData([1, 2, 3])).toThrow(
      "wrapKeyData: expected 2 words for keys of shape [1], got 3.",
    );
    expect(() => wrapKeyData([1, 2], 2)).toThrow(
      "wrapKeyData: expected 4 words for keys of shape [2], got 2.",
    );
  });
});

describe("PRNGKey", () => {
  it("has JAX's shape, dtype and size", () => {
    expect(key(0).shape).toEqual([]);
    expect(key(0).dtype).toBe("key<fry>");
    expect(key(0).size).toBe(1);
    const keys = split(key(0), [4, 2]);
    expect([keys.size, keys.length, keys.at(0).length]).toEqual([8, 4, 2]);
  });

  it("cannot be changed", () => {
    const keys = split(key(0));
    expect(Object.isFrozen(keys.shape) && Object.isFrozen(key(0).shape)).toBe(true);
    // @ts-expect-error read-only, and the numbers do not come from it
    key(0).fingerprint = 1;
    expect(Object.values(keys).some((value) => ArrayBuffer.isView(value))).toBe(false);
  });

  it("is iterable over the leading axis when it is an array", () => {
    const keys = split(key(0), [2, 3]);
    const rows = [...keys];
    expect(rows.map((row) => row.shape)).toEqual([[3], [3]]);
    expect(rows[1]!.at(2).equals(keys.at(-1).at(-1))).toBe(true);
  });

  it("has indices for the first eight keys, as `at` reads them", () => {
    const keys = split(key(0), 8);
    for (const i of [0, 1, 2, 3, 4, 5, 6, 7] as const) expect(keys[i].equals(foldIn(key(0), i))).toBe(true);
    expect(Object.keys(keys)).not.toContain("0"); // deep equality sees no more than before
    expect(() => Reflect.get(split(key(0)), 2)).toThrow("PRNGKey.at: expected an integer in [-2, 2), got 2.");
    expect(() => Reflect.get(key(0), 0)).toThrow("PRNGKey: expected an array of keys, got a single key.");
  });

  it("is not iterable and has no length when it is single", () => {
    const single = key(0);
    expect(() => [...single]).toThrow("not iterable");
    expect(() => single.length).toThrow("PRNGKey: expected an array of keys, got a single key.");
    expect(() => single.at(0)).toThrow(
      "PRNGKey: expected an array of keys, got a single key. Use split(key, n) first.",
    );
  });

  it("refuses indices that are not there", () => {
    for (const i of [2, -3, 0.5]) {
      expect(() => split(key(0)).at(i)).toThrow(
        `PRNGKey.at: expected an integer in [-2, 2), got ${i}. The shape is [2].`,
      );
    }
  });

  it("equals keys of the same words and shape only", () => {
    const keys = split(key(0), 2);
    expect(keys.equals(split(key(0), 2))).toBe(true);
    expect(keys.equals(split(key(0), [2, 1]))).toBe(false);
    expect(keys.equals(split(key(1), 2))).toBe(false);
    expect(key(0).equals(key(1))).toBe(false);
    expect(key(0).equals({ shape: [] })).toBe(false);
    expect(clone(keys).equals(keys)).toBe(true);
    expect(clone(keys)).not.toBe(keys);
  });

  it("is told apart by deep equality, though its words are private", () => {
    expect(key(5)).toEqual(key(5));
    expect(key(5)).not.toEqual(key(6));
    expect(split(key(5))).toEqual(split(key(5)));
    expect(split(key(5))).not.toEqual(split(key(6)));
    expect({ k: foldIn(key(5), 1) }).not.toEqual({ k: foldIn(key(5), 2) });
  });

  it("prints its words, and of many keys the first and last", () => {
    expect(String(key(42))).toBe("key<fry>[] [0, 42]");
    expect(inspect(wrapKeyData([1, 2, 3, 4]))).toBe("key<fry>[2] [[1, 2], [3, 4]]");
    expect(String(wrapKeyData(Array.from({ length: 16 }, (_, i) => i)))).toBe(
      "key<fry>[8] [[0, 1], [2, 3], [4, 5], ..., [10, 11], [12, 13], [14, 15]]",
    );
    expect(String(split(key(0), [0, 3]))).toBe("key<fry>[0, 3] []");
  });

  it("prints the rows of what has several axes, and all of six", () => {
    const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
    expect(String(wrapKeyData(numbers(12), [2, 3]))).toBe(
      "key<fry>[2, 3] [[[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9], [10, 11]]]",
    );
    expect(String(wrapKeyData(numbers(12)))).not.toContain("...");
    expect(inspect(key(1))).toBe("key<fry>[] [0, 1]");
  });

  it("has a fingerprint of its words", () => {
    expect([wrapKeyData([3, 7]), wrapKeyData([0x200003, 7])].map((k) => k.fingerprint)).toEqual([
      3 * 2 ** 32 + 7,
      3 * 2 ** 32 + 7,
    ]);
    const of = (...list: number[]): number => wrapKeyData(list).fingerprint;
    const all = [of(1, 2, 3, 4), of(1, 2, 3, 5), of(9, 2, 3, 4), of(3, 4, 1, 2), of(1, 2, 3, 4, 0, 0)];
    expect(new Set(all).size).toBe(all.length);
    expect(of(1, 2, 3, 4)).toBe(all[0]);
  });

  it("counts from the end, as far as there are keys", () => {
    const keys = split(key(0), 3);
    expect(keys.at(-3).equals(keys.at(0))).toBe(true);
    expect(keys.at(-1).equals(keys.at(2))).toBe(true);
  });

  it("is a single key where a shape has no axes", () => {
    const single = split(key(0), []);
    expect(single).toEqual(foldIn(key(0), 0));
    expect(() => [...(single as unknown as PRNGKey[])]).toThrow("not iterable");
  });

  it("refuses what is no key, in the name of the function", () => {
    for (const [name, call] of Object.entries({ keyData, clone, split })) {
      expect(() => call([0, 1] as never)).toThrow(`${name}: expected a key, got [0, 1].`);
      expect(() => call(null as never)).toThrow(`${name}: expected a key, got null.`);
    }
    expect(() => wrapKeyData([1, 2], -1)).toThrow("wrapKeyData: expected a shape");
  });

  it("folds in booleans as 0 and 1, and no text", () => {
    expect(foldIn(key(1), true).equals(foldIn(key(1), 1))).toBe(true);
    expect(foldIn(key(1), false).equals(foldIn(key(1), 0))).toBe(true);
    expect(() => foldIn(key(1), "1" as never)).toThrow('foldIn: expected an integer in [0, 2^32), got "1".');
  });

  it.each<[unknown, string]>([
    [{ dtype: "uint32", shape: [], words: [0, 1] }, "PRNGKey.fromJSON: expected { dtype"],
    [{ dtype: "key<fry>", shape: 2, words: [0, 1] }, "PRNGKey.fromJSON: expected { dtype"],
    [{ dtype: "key<fry>", shape: [], words: "01" }, "PRNGKey.fromJSON: expected { dtype"],
    [null, "PRNGKey.fromJSON: expected { dtype"],
    [undefined, "PRNGKey.fromJSON: expected { dtype"],
    [{ dtype: "key<fry>", shape: [-1], words: [] }, "PRNGKey.fromJSON: expected a shape"],
  ])("is not made of %j", (json, message) => {
    expect(() => PRNGKey.fromJSON(json as PRNGKeyJSON)).toThrow(message);
  });

  it("survives JSON", () => {
    for (const k of [key(42), split(key(42), [2, 3]), split(key(1), 0)]) {
      const json = JSON.parse(JSON.stringify(k)) as PRNGKeyJSON;
      expect(PRNGKey.fromJSON(json).equals(k)).toBe(true);
    }
    // @ts-expect-error words are missing
    expect(() => PRNGKey.fromJSON({ dtype: "key<fry>", shape: [] })).toThrow(
      'PRNGKey.fromJSON: expected { dtype: "key<fry>", shape, words }, got {"dtype":"key<fry>","shape":[]}.',
    );
    expect(() => PRNGKey.fromJSON({ dtype: "key<fry>", shape: [], words: [1] })).toThrow("expected 2 words");
  });

  it("is recognised across copies of the package", async () => {
    vi.resetModules();
    const other = await import("./index.ts");
    const foreign = other.split(other.key(42));
    expect(foreign).not.toBeInstanceOf(PRNGKey);
    expect(PRNGKey.isKey(foreign)).toBe(true);
    expect(split(key(42)).equals(foreign)).toBe(true);
    expect(words(split(foreign))).toEqual(words(split(split(key(42)))));
    expect(words(foldIn(foreign.at(1), 3))).toEqual(words(foldIn(split(key(42)).at(1), 3)));
    for (const value of [null, undefined, 1, {}, [0, 1], { shape: [], dtype: "key<fry>" }]) {
      expect(PRNGKey.isKey(value)).toBe(false);
    }
  });
});

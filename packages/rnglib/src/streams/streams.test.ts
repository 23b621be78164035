import {
  clone,
  flattenState,
  merge,
  Module,
  NnxError,
  NotFoundError,
  split,
  state,
  update,
} from "@nnxjs/nnx-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { initializers, type PRNGKey, random, RngCount, RngKey, Rngs, RngState, RngStream } from "../index.ts";

const words = (key: PRNGKey): number[] => [...random.keyData(key)];
const draws = (stream: RngStream, n: number): number[][] =>
  Array.from({ length: n }, () => words(stream.nextKey()));
const seed = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const few = fc.nat(12);

describe("RngStream", () => {
  it("the n-th key is foldIn(key, n), and the base key stays", () => {
    fc.assert(
      fc.property(seed, few, (start, n) => {
        const stream = new RngStream(start, { tag: "noise" });
        const keys = draws(stream, n);
        expect(keys).toEqual(keys.map((_, i) => words(random.foldIn(random.key(start), i))));
        expect(stream.count.value).toBe(n);
        expect(words(stream.key.value)).toEqual(words(random.key(start)));
      }),
    );
  });

  it("fork does not disturb the parent's later keys other than by one count", () => {
    fc.assert(
      fc.property(seed, few, few, few, (start, before, inFork, after) => {
        const forked = new RngStream(start, { tag: "a" });
        const plain = new RngStream(start, { tag: "a" });
        expect(draws(forked, before)).toEqual(draws(plain, before));
        const fork = forked.fork();
        const spent = words(plain.nextKey());
        expect(words(fork.key.value)).toEqual(spent);
        draws(fork, inFork);
        expect(draws(forked, after)).toEqual(draws(plain, after));
      }),
    );
  });

  it("save and restore replays, also from the middle and in another model", () => {
    fc.assert(
      fc.property(seed, few, few, (start, before, after) => {
        const rngs = new Rngs(start, { dropout: start });
        draws(rngs.stream("dropout"), before);
        const [graphdef, saved] = split(rngs);
        const first = draws(rngs.stream("dropout"), after);
        update(rngs, saved);
        expect(draws(rngs.stream("dropout"), after)).toEqual(first);
        expect(draws(merge(graphdef, saved).stream("dropout"), after)).toEqual(first);
      }),
    );
  });

  it("split gives different keys and broadcast the same one, from one draw each", () => {
    fc.assert(
      fc.property(seed, fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }), (start, shape) => {
        const stream = new RngStream(start, { tag: "a" });
        const apart = stream.split(shape);
        const same = stream.broadcast(shape);
        expect(stream.count.value).toBe(2);
        expect(apart.key.value.equals(random.split(random.foldIn(random.key(start), 0), shape))).toBe(true);
        expect(same.key.value.shape).toEqual(shape);
        const repeated = words(random.foldIn(random.key(start), 1));
        expect(words(same.key.value)).toEqual(
          Array.from({ length: same.key.value.size }, () => repeated).flat(),
        );
      }),
    );
  });

  it("counts of several keys are nested lists of zeros, which JSON keeps", () => {
    const stream = new RngStream(0, { tag: "a" }).split([2, 3]);
    expect(stream.count.value).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    const [graphdef, saved] = split(stream);
    const again = merge(graphdef, saved);
    expect(again.count.value).toEqual(JSON.parse(JSON.stringify(stream.count.value)));
    expect(again.key.value.equals(stream.key.value)).toBe(true);
  });

  it("does not draw from several keys, and says so without counting", () => {
    const stream = new RngStream(0, { tag: "noise" }).split(3);
    expect(() => stream.nextKey()).toThrow(NnxError);
    expect(() => stream.nextKey()).toThrow('"noise"');
    expect(() => stream.nextKey()).toThrow("[3]");
    expect(stream.count.value).toEqual([0, 0, 0]);
  });

  it("starts from integers, booleans, keys and words, and from nothing else", () => {
    const one = words(random.key(1));
    for (const start of [1, 1n, true, random.key(1), random.keyData(random.key(1))]) {
      expect(words(new RngStream(start, { tag: "a" }).key.value)).toEqual(one);
    }
    expect(
      new RngStream(random.keyData(random.split(random.key(1), 4)), { tag: "a" }).key.value.shape,
    ).toEqual([4]);
    for (const start of [1.5, Number.NaN, "1", null, {}]) {
      // @ts-expect-error most of these are not seeds by their type either
      expect(() => new RngStream(start as string | number, { tag: "a" })).toThrow(TypeError);
    }
  });
});

describe("Rngs", () => {
  it("a stream's n-th key does not depend on other streams", () => {
    fc.assert(
      fc.property(seed, fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 30 }), (start, order) => {
        const rngs = new Rngs({ a: start, b: 1, c: 2 });
        const seen = order.filter((name) => words(rngs.nextKey(name)).length > 0 && name === "a").length;
        const alone = new RngStream(start, { tag: "a" });
        draws(alone, seen);
        expect(words(rngs.nextKey("a"))).toEqual(words(alone.nextKey()));
      }),
    );
  });

  it("takes names without a stream from default, counting there", () => {
    const rngs = new Rngs(0, { params: 1 });
    expect(rngs.stream("dropout")).toBe(rngs.stream("default"));
    expect(rngs.stream("params")).not.toBe(rngs.stream());
    expect(rngs.has("params")).toBe(true);
    expect(rngs.has("dropout")).toBe(false);
    expect(() => new Rngs({ params: 0 }).nextKey("dropout")).toThrow(NotFoundError);
    expect(() => new Rngs().nextKey()).toThrow(NotFoundError);
  });

  it("has the constructor forms of Flax", () => {
    const names = (rngs: Rngs): string[] => [...rngs];
    expect(names(new Rngs())).toEqual([]);
    expect(names(new Rngs(0, { params: 1 }))).toEqual(["params", "default"]);
    expect(names(new Rngs({ params: 0, dropout: 1 }))).toEqual(["params", "dropout"]);
    expect(new Rngs({ a: 0 }, { a: 5 }).stream("a").key.value.equals(random.key(5))).toBe(true);
    const used = new RngStream(3, { tag: "old" });
    used.nextKey();
    const copied = new Rngs({ fresh: used }).stream("fresh");
    expect([copied.tag, copied.count.value, copied.key.value.equals(random.key(3))]).toEqual([
      "fresh",
      0,
      true,
    ]);
    expect(new Rngs(0, { params: 1 }).size).toBe(2);
    expect(() => new Rngs(0, { default: 1 })).toThrow(NnxError);
    expect(() => new Rngs({ nextKey: 1 })).toThrow("nextKey");
    expect(() => new Rngs(1.5)).toThrow(TypeError);
  });

  it("splits and broadcasts by the first rule that matches; null passes the stream itself on", () => {
    const rngs = new Rngs({ params: 1, dropout: 2, noise: 3 });
    rngs.nextKey("dropout");
    const shapes = (each: Rngs): Record<string, readonly number[]> =>
      Object.fromEntries([...each.items()].map(([name, stream]) => [name, stream.key.value.shape]));
    const pairs = [
      ["params", 5],
      ["dropout", null],
      [true, [2, 5]],
    ] as const;
    const expected = { params: [5], dropout: [], noise: [2, 5] };
    expect(shapes(rngs.split(pairs))).toEqual(expected);
    expect(
      shapes(rngs.broadcast(new Map<string | boolean, number | null | readonly number[]>(pairs))),
    ).toEqual(expected);
    const named = rngs.split({ params: 4, dropout: null });
    expect(shapes(named)).toEqual({ params: [4], dropout: [], noise: [] });
    expect(named.stream("dropout")).toBe(rngs.stream("dropout"));
    expect(named.stream("dropout").count.value).toBe(1);
    expect(rngs.split({}).size).toBe(3);
    expect(shapes(rngs.split(2))).toEqual({ params: [2], dropout: [2], noise: [2] });
    expect(() => rngs.split({ params: -1 })).toThrow(RangeError);
  });

  it("draws like random.* and initializers.* with the next keys of default", () => {
    const rngs = new Rngs(7);
    const keyAt = (n: number): PRNGKey => random.foldIn(random.key(7), n);
    expect(rngs.normal([3]).dataSync()).toEqual(random.normal(keyAt(0), [3]).dataSync());
    expect(rngs.gamma(2, [3]).dataSync()).toEqual(random.gamma(keyAt(1), 2, [3]).dataSync());
    expect(rngs.bits([3])).toEqual(random.bits(keyAt(2), [3]));
    const init = rngs.heNormal();
    expect(rngs.stream().count.value).toBe(3);
    expect(init([2, 3]).dataSync()).toEqual(initializers.heNormal()(keyAt(3), [2, 3]).dataSync());
    expect(init([2, 3]).dataSync()).toEqual(initializers.heNormal()(keyAt(4), [2, 3]).dataSync());
    const stream = new RngStream(7, { tag: "a" });
    expect(stream.permutation(5).dataSync()).toEqual(random.permutation(keyAt(0), 5).dataSync());
  });

  it("has every sampler and initializer of Flax as a method", () => {
    const rngs = new Rngs(0);
    const own = ["key", "keyData", "wrapKeyData", "split", "foldIn", "clone", "PRNGKey"];
    const missing = Object.keys(random).filter((name) => !own.includes(name) && !(name in rngs));
    expect(missing).toEqual([]);
    const factories = Object.keys(initializers).filter((name) =>
      /^(lecun|glorot|he|xavier|kaiming)/.test(name),
    );
    expect([...factories, "varianceScaling", "deltaOrthogonal"].filter((name) => !(name in rngs))).toEqual(
      [],
    );
  });
});

describe("random state as part of a model", () => {
  class Layer extends Module {
    readonly rngs: RngStream;
    constructor(rngs: Rngs) {
      super();
      this.rngs = rngs.stream("dropout").fork();
    }
  }

  it("has Flax's paths, types and tags", () => {
    const paths = (node: object): string[] => flattenState(state(node)).map(([path]) => path.join("."));
    expect(paths(new Rngs({ params: 0 }))).toEqual(["params.count", "params.key"]);
    expect(paths(new Layer(new Rngs(0)))).toEqual(["rngs.count", "rngs.key"]);
    const rngs = new Rngs({ params: 0, dropout: 1 });
    const [, counts, keys] = split(rngs, RngCount, RngKey);
    expect(flattenState(counts).length).toBe(2);
    expect(flattenState(keys).length).toBe(2);
    expect(flattenState(state(rngs, "dropout")).map(([path]) => path.join("."))).toEqual([
      "dropout.count",
      "dropout.key",
    ]);
    expect(flattenState(state(rngs, RngState)).length).toBe(4);
  });

  it("a clone goes its own way", () => {
    const rngs = new Rngs(0);
    const copy = clone(rngs);
    rngs.nextKey();
    expect(copy.stream().count.value).toBe(0);
  });
});

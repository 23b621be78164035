/** @file Corners of streams: functions in the place of models, keys in arrays, and what is refused. */
import { Module, NnxError } from "@nnxjs/nnx-core";
import { describe, expect, it } from "vitest";
import {
  backupKeys,
  forkRngs,
  random,
  reseed,
  restoreRngs,
  RngCount,
  RngKey,
  Rngs,
  RngStream,
  splitRngs,
  withRngs,
} from "../index.ts";

const words = (stream: RngStream): string => JSON.stringify(stream.key.value);
const keyOf = (stream: RngStream): string => `${words(stream)} ${JSON.stringify(stream.count.value)}`;

class Net extends Module {
  readonly a: RngStream;
  readonly b: RngStream;
  constructor(rngs = new Rngs({ params: 0, dropout: 1 })) {
    super();
    this.a = rngs.stream("params");
    this.b = rngs.stream("dropout");
  }
}

describe("functions get other streams for the time of a call", () => {
  it("split, and restored with the count after the draw, also when it throws", () => {
    const net = new Net();
    const before = keyOf(net.b);
    const seen = splitRngs(
      (model: Net, rest: number) => [model.a.key.value.shape, model.b.key.value.shape, rest],
      {
        splits: 3,
        only: "params",
      },
    )(net, 7);
    expect(seen).toEqual([[3], [], 7]);
    expect([net.a.key.value.shape, net.a.count.value, keyOf(net.b)]).toEqual([[], 1, before]);
    const failing = splitRngs(
      (_: Net): never => {
        throw new Error("inside");
      },
      { splits: 2 },
    );
    expect(() => failing(net)).toThrow("inside");
    expect([net.a.key.value.shape, net.b.key.value.shape]).toEqual([[], []]);
    expect([net.a.count.value, net.b.count.value]).toEqual([2, 1]);
  });

  it("forked", () => {
    const net = new Net();
    const [key, other] = [words(net.a), words(net.b)];
    const inside = forkRngs((model: Net) => [words(model.a), model.b.key.value.shape, model.b.count.value], {
      split: { dropout: 4 },
    })(net);
    expect(inside).toEqual([key, [4], [0, 0, 0, 0]]);
    expect([words(net.a), words(net.b), net.b.count.value]).toEqual([key, other, 1]);
    const all = forkRngs((model: Net) => [words(model.a), model.a.count.value])(net);
    expect(all).toEqual([JSON.stringify(random.foldIn(random.key(0), 0)), 0]);
  });

  it("whose options are checked at once", () => {
    const f = (): void => {};
    expect(() => splitRngs(f, { splits: 2, ony: true } as never)).toThrow(/ony/);
    expect(() => splitRngs(f, undefined as never)).toThrow(/splitRngs: expected options, got nothing/);
    expect(() => forkRngs(f, { splits: 2 } as never)).toThrow(/splits/);
  });
});

describe("squeeze", () => {
  it("keeps single keys", () => {
    const rngs = new Rngs(0);
    splitRngs(rngs, { splits: 1, squeeze: true });
    expect(rngs.stream().key.value.shape).toEqual([]);
    expect(words(rngs.stream())).toBe(JSON.stringify(random.split(random.foldIn(random.key(0), 0), 1).at(0)));
  });

  it.each([[2], [[1, 1]], [[]]])("is refused for splits of %j", (splits) => {
    expect(() => splitRngs(new Rngs(0), { splits, squeeze: true })).toThrow(
      /splitRngs: expected splits: 1 with squeeze/,
    );
  });
});

describe("filters of streams", () => {
  it("see the paths and types of key and count, both of which must match", () => {
    const paths: string[] = [];
    splitRngs(new Net(), {
      splits: 2,
      only: (path, value) => {
        paths.push(`${path.join(".")} ${value instanceof RngKey} ${value instanceof RngCount}`);
        return true;
      },
    });
    expect(paths).toEqual([
      "a.key true false",
      "a.count false true",
      "b.key true false",
      "b.count false true",
    ]);
    for (const only of [RngKey, RngCount]) expect(splitRngs(new Net(), { splits: 2, only }).size).toBe(0);
    expect(splitRngs(new Net(), { splits: 2, only: [RngKey, RngCount] }).size).toBe(2);
  });

  it("the first rule that matches decides, and none leaves a stream alone", () => {
    const net = new Net();
    const before = keyOf(net.b);
    expect(
      forkRngs(net, {
        split: [
          ["params", 2],
          ["params", 5],
        ],
      }).size,
    ).toBe(1);
    expect([net.a.key.value.shape, keyOf(net.b)]).toEqual([[2], before]);
  });

  it("a shape may be a list of sizes, also an empty one", () => {
    const rngs = new Rngs({ a: 1, b: 2 });
    expect(rngs.split([2, 3]).stream("a").key.value.shape).toEqual([2, 3]);
    expect(rngs.split([]).stream("a").key.value.shape).toEqual([]);
    const some = rngs.split([["a", [2, 3]]]);
    expect([some.stream("a").key.value.shape, some.stream("b")]).toEqual([[2, 3], rngs.stream("b")]);
    expect(rngs.broadcast(new Map([["b", 2]])).stream("b").key.value.shape).toEqual([2]);
    expect(() => rngs.split(-1)).toThrow(/Rngs\.split/);
    expect(() => rngs.broadcast(-1)).toThrow(/Rngs\.broadcast/);
    expect(() => rngs.stream("a").split(-1)).toThrow(/RngStream\.split/);
    expect(() => rngs.stream("a").broadcast(-1)).toThrow(/RngStream\.broadcast/);
  });
});

describe("the default stream", () => {
  it("is what nextKey and stream take without a name", () => {
    const rngs = new Rngs(0, { other: 1 });
    expect(rngs.stream()).toBe(rngs.stream("default"));
    rngs.nextKey();
    expect([rngs.stream("default").count.value, rngs.stream("other").count.value]).toEqual([1, 0]);
  });
});

describe("streams with several keys", () => {
  it("give no next key", () => {
    const several = new RngStream(random.split(random.key(0), 2), { tag: "x" });
    expect(() => several.nextKey()).toThrow(
      /RngStream\.nextKey: expected the stream "x" to hold a single key/,
    );
    const oddKey = new RngStream(0, { tag: "x" });
    oddKey.key.value = random.split(random.key(0), 2);
    expect(() => oddKey.nextKey()).toThrow(NnxError);
    const oddCount = new RngStream(0, { tag: "x" });
    oddCount.count.value = [0, 1];
    expect(() => oddCount.nextKey()).toThrow(NnxError);
  });

  it("are reseeded by the policy", () => {
    const rngs = new Rngs({ a: 0 }).split(2);
    expect(() => reseed(rngs, { a: 1 })).toThrow(/reseed at a: expected a stream with a single key/);
    reseed(rngs, { a: 1 }, { policy: "matchShape" });
    const base = random.foldIn(random.key(1), 0);
    expect(words(rngs.stream("a"))).toBe(JSON.stringify(random.split(base, 2)));
    expect(rngs.stream("a").count.value).toEqual([0, 0]);
    const single = new Rngs({ a: 0 });
    reseed(single, { a: 1 }, { policy: "matchShape" });
    expect(words(single.stream("a"))).toBe(JSON.stringify(base));
  });
});

describe("reseed", () => {
  it("finds streams by their tags, from records and Maps", () => {
    const net = new Net();
    const before = keyOf(net.b);
    reseed(net, new Map([["params", 5]]));
    expect([words(net.a), keyOf(net.b)]).toEqual([JSON.stringify(random.foldIn(random.key(5), 0)), before]);
  });

  it.each([null, 3, "a", undefined])("refuses %s for seeds", (seeds) => {
    expect(() => reseed(new Net(), seeds as never)).toThrow(/reseed: expected seeds by stream name/);
  });

  it.each([null, 0.5, {}, "x", [1]])("refuses %j for a seed", (seed) => {
    const net = new Net();
    const before = keyOf(net.a);
    expect(() => reseed(net, { params: seed as never })).toThrow(TypeError);
    expect(keyOf(net.a)).toBe(before);
  });

  it("refuses unknown options and policies", () => {
    expect(() => reseed(new Net(), {}, { polcy: "x" } as never)).toThrow(/polcy/);
    expect(() => reseed(new Net(), {}, { policy: "x" as never })).toThrow(/expected policy "scalarsOnly"/);
  });
});

describe("restoreRngs", () => {
  it("takes backups without counts, and single keys of any age", () => {
    const net = new Net();
    const [backup] = backupKeys(net);
    net.a.nextKey();
    const key = random.key(9);
    restoreRngs([{ ...backup!, key }]);
    expect([words(net.a), net.a.count.value]).toEqual([JSON.stringify(key), 1]);
    restoreRngs([{ stream: net.a, key, count: 0 }]);
    expect(net.a.count.value).toBe(0);
    restoreRngs([{ stream: net.a, key, count: 3 }]);
    expect(net.a.count.value).toBe(3);
  });

  it.each([null, 5, [null], [{}], [{ stream: 1 }]])("refuses %j", (bad) => {
    expect(() => restoreRngs(bad as never)).toThrow(/restoreRngs: expected backups of streams/);
  });

  it.each([-1, 0.5, "1", [0, -1], [0.5, 0], null])("refuses the count %j, and changes nothing", (count) => {
    const net = new Net();
    const before = [keyOf(net.a), keyOf(net.b)];
    const bad = { stream: net.b, key: random.key(0), count } as never;
    expect(() => restoreRngs([{ stream: net.a, key: random.key(8) }, bad])).toThrow(NnxError);
    expect([keyOf(net.a), keyOf(net.b)]).toEqual(before);
  });
});

describe("withRngs", () => {
  it("leaves streams that are not considered to the copy", () => {
    const net = new Net();
    const copy = withRngs(net, { split: 2, only: (path) => path[0] === "a" });
    expect([copy.a.key.value.shape, copy.b.key, net.b.count.value]).toEqual([[2], net.b.key, 0]);
  });

  it("does not mind several keys in streams without a rule", () => {
    const net = new Net(new Rngs({ params: 0, dropout: random.split(random.key(1), 2) }));
    const copy = withRngs(net, { fork: "params" });
    expect([copy.b.key, net.a.count.value]).toEqual([net.b.key, 1]);
    expect(() => withRngs(net, { fork: true })).toThrow(/withRngs at b: expected a stream with a single key/);
  });

  it("names both rules of a conflict", () => {
    expect(() => withRngs(new Net(), { split: { params: 2 }, broadcast: { params: 2 } })).toThrow(
      /withRngs at a: expected one rule for the stream, got split for withTag\("params"\) and broadcast for/,
    );
    expect(() => withRngs(new Net(), { broadcast: { params: 2 }, fork: "params" })).toThrow(/and fork for/);
  });

  it("says where a shape is wrong", () => {
    expect(() => withRngs(new Net(), { split: -1 })).toThrow(/withRngs/);
    expect(() => withRngs(new Net(), { broadcast: -1 })).toThrow(/withRngs/);
    expect(() => forkRngs(new Net(), { split: -1 })).toThrow(/forkRngs/);
  });

  it("does nothing without rules, apart from the copy", () => {
    const net = new Net();
    const copy = withRngs(net, {});
    expect(copy).not.toBe(net);
    expect([copy.a.key, copy.b.key]).toEqual([net.a.key, net.b.key]);
  });
});

import { Module, NnxError, not } from "@nnxjs/nnx-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  backupKeys,
  forkRngs,
  type PRNGKey,
  random,
  reseed,
  restoreRngs,
  type StreamBackup,
  Rngs,
  type RngStream,
  splitRngs,
  withRngs,
} from "../index.ts";

const words = (key: PRNGKey): number[] => [...random.keyData(key)];
const held = (stream: RngStream): unknown => [words(stream.key.value), stream.count.value];

class Pair extends Module {
  readonly a: RngStream;
  readonly b: RngStream;
  constructor(rngs: Rngs) {
    super();
    this.a = rngs.stream("dropout").fork();
    this.b = rngs.stream("dropout").fork();
  }
}

/** A model that holds one stream twice, and itself. */
class Knot extends Module {
  readonly first: RngStream;
  readonly second: RngStream;
  readonly self: Knot;
  constructor(rngs: Rngs) {
    super();
    this.first = rngs.stream("noise");
    this.second = this.first;
    this.self = this;
  }
}

describe("splitRngs", () => {
  it("splits matching streams in place, as Flax", () => {
    const rngs = new Rngs({ params: 0, dropout: 1 });
    const backups = splitRngs(rngs, { splits: 3, only: "dropout" });
    // Printed by Flax 0.12.8: split_rngs(Rngs(params=0, dropout=1), splits=3, only='dropout').
    const flax = [3704974950, 1863054868, 2705940334, 2639757084, 788428910, 4288801516];
    expect(held(rngs.stream("dropout"))).toEqual([flax, [0, 0, 0]]);
    expect(held(rngs.stream("params"))).toEqual([words(random.key(0)), 0]);
    expect([...backups].map(({ stream, count }) => [stream.tag, count])).toEqual([["dropout", 1]]);
    restoreRngs(backups);
    expect(held(rngs.stream("dropout"))).toEqual([words(random.key(1)), 1]);
  });

  it("splits again into other keys after a restore, which leaves one count more", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 5 }), (seed, splits) => {
        const rngs = new Rngs({ noise: seed });
        const seen: string[] = [];
        for (let i = 0; i < 3; i++) {
          using _split = splitRngs(rngs, { splits });
          seen.push(String(words(rngs.stream("noise").key.value)));
        }
        expect(new Set(seen).size).toBe(3);
        expect(held(rngs.stream("noise"))).toEqual([words(random.key(seed)), 3]);
      }),
    );
  });

  it("restores at the end of a block, also after a throw", () => {
    const rngs = new Rngs({ noise: 0 });
    const run = (): void => {
      using _split = splitRngs(rngs, { splits: [2, 2] });
      rngs.nextKey("noise");
    };
    expect(run).toThrow(NnxError);
    expect(held(rngs.stream("noise"))).toEqual([words(random.key(0)), 1]);
  });

  it("squeeze leaves a single key", () => {
    const rngs = new Rngs({ noise: 0 });
    splitRngs(rngs, { splits: 1, squeeze: true });
    const expected = words(random.split(random.foldIn(random.key(0), 0), 1).at(0));
    expect(held(rngs.stream("noise"))).toEqual([expected, 0]);
    expect(() => splitRngs(rngs, { splits: 2, squeeze: true })).toThrow(NnxError);
  });

  it("leaves the model as it was when a stream holds several keys already", () => {
    const rngs = new Rngs({ a: 0, b: 1 });
    splitRngs(rngs, { splits: 2, only: "b" });
    const before = [held(rngs.stream("a")), held(rngs.stream("b"))];
    expect(() => splitRngs(rngs, { splits: 2 })).toThrow("at b");
    expect(() => forkRngs(rngs)).toThrow("at b");
    expect(() => withRngs(rngs, { fork: true })).toThrow("at b");
    expect([held(rngs.stream("a")), held(rngs.stream("b"))]).toEqual(before);
  });

  it("changes a shared stream once", () => {
    const knot = new Knot(new Rngs({ noise: 0 }));
    expect(splitRngs(knot, { splits: 2 }).size).toBe(1);
    expect(knot.second.key.value.shape).toEqual([2]);
  });
});

describe("forkRngs", () => {
  it("puts the forks into the model's own streams", () => {
    const rngs = new Rngs({ params: 0, dropout: 1 });
    const expected = { params: rngs.stream("params"), dropout: rngs.stream("dropout") };
    const backups = forkRngs(rngs);
    expect(rngs.stream("params")).toBe(expected.params);
    expect(held(rngs.stream("params"))).toEqual([words(random.foldIn(random.key(0), 0)), 0]);
    expect(held(rngs.stream("dropout"))).toEqual([words(random.foldIn(random.key(1), 0)), 0]);
    restoreRngs(backups);
    expect(held(rngs.stream("params"))).toEqual([words(random.key(0)), 1]);
  });

  it("forks and splits those that a rule names, and no others", () => {
    const rngs = new Rngs({ params: 0, dropout: 1, noise: 2 });
    const backups = forkRngs(rngs, { split: { params: [2, 2], noise: null } });
    expect([...backups].map(({ stream }) => stream.tag).sort()).toEqual(["noise", "params"]);
    expect(rngs.stream("params").key.value.shape).toEqual([2, 2]);
    expect(rngs.stream("noise").key.value.shape).toEqual([]);
    expect(held(rngs.stream("dropout"))).toEqual([words(random.key(1)), 0]);
  });
});

describe("withRngs", () => {
  it("changes a copy and only advances the original", () => {
    const rngs = new Rngs({ params: 0, dropout: 1, noise: 2 });
    const copy = withRngs(rngs, { split: { params: 4 }, fork: not("params"), only: not("noise") });
    expect(copy).not.toBe(rngs);
    expect(copy.stream("params").key.value.equals(random.split(random.foldIn(random.key(0), 0), 4))).toBe(
      true,
    );
    expect(held(copy.stream("dropout"))).toEqual([words(random.foldIn(random.key(1), 0)), 0]);
    expect(held(rngs.stream("params"))).toEqual([words(random.key(0)), 1]);
    expect(held(rngs.stream("dropout"))).toEqual([words(random.key(1)), 1]);
    // Without a rule, the copy shares the stream and its count with the original, as in Flax.
    copy.nextKey("noise");
    expect(rngs.stream("noise").count.value).toBe(1);
  });

  it("repeats keys, and keeps sharing and cycles", () => {
    const knot = new Knot(new Rngs({ noise: 3 }));
    const copy = withRngs(knot, { broadcast: 2 });
    expect(copy.self).toBe(copy);
    expect(copy.first).toBe(copy.second);
    const key = words(random.foldIn(random.key(3), 0));
    expect(held(copy.first)).toEqual([
      [...key, ...key],
      [0, 0],
    ]);
    expect(held(knot.first)).toEqual([words(random.key(3)), 1]);
  });

  it("works on plain containers", () => {
    const model = { list: [new Rngs({ a: 0 })], name: "x" };
    const copy = withRngs(model, { split: 2 });
    expect(copy.list[0]!.stream("a").key.value.shape).toEqual([2]);
    expect(copy.name).toBe("x");
  });

  it("prefers split to broadcast to fork where these are for all, and refuses two that name a stream", () => {
    const rngs = new Rngs({ params: 0, dropout: 1 });
    const copy = withRngs(rngs, { split: { params: 2 }, broadcast: 3, fork: true });
    expect(copy.stream("params").key.value.shape).toEqual([2]);
    expect(copy.stream("dropout").key.value.shape).toEqual([3]);
    const clash = () => withRngs(rngs, { split: { params: 4 }, fork: "params" });
    expect(clash).toThrow("withRngs at params");
    expect(clash).toThrow("fork");
    expect(rngs.stream("params").count.value).toBe(1);
  });
});

describe("reseed", () => {
  it("gives the j-th stream of a name foldIn(key(seed), j), as Flax", () => {
    const model = new Pair(new Rngs(0, { dropout: 1 }));
    model.a.nextKey();
    reseed(model, { dropout: 7, unknown: 1 });
    // Printed by Flax 0.12.8 for two Dropouts after reseed(model, dropout=7).
    expect(held(model.a)).toEqual([[3625411723, 1954958720], 0]);
    expect(held(model.b)).toEqual([[195045567, 4062205631], 0]);
  });

  it("takes a Map and keys, and finds streams by tag and not by path", () => {
    const model = { rngs: new Rngs({ params: 0 }), layer: new Pair(new Rngs(0)) };
    reseed(model, new Map([["params", random.key(5)]]));
    expect(held(model.rngs.stream("params"))).toEqual([words(random.foldIn(random.key(5), 0)), 0]);
    const before = held(model.layer.a);
    reseed(model, { dropout: 1 });
    expect(held(model.layer.a), "its stream is a fork of default, and named so").toEqual(before);
  });

  it("treats arrays of keys by policy, and changes nothing when it refuses", () => {
    const rngs = new Rngs({ a: 0, params: 0 });
    splitRngs(rngs, { splits: 2, only: "params" });
    const before = [held(rngs.stream("a")), held(rngs.stream("params"))];
    expect(() => reseed(rngs, { a: 1, params: 3 })).toThrow("at params");
    expect([held(rngs.stream("a")), held(rngs.stream("params"))]).toEqual(before);
    reseed(rngs, { params: 3 }, { policy: "matchShape" });
    // Printed by Flax 0.12.8: reseed(model, policy='match_shape', params=3) with keys of shape
    // (2,).
    expect(held(rngs.stream("params"))).toEqual([
      [732048474, 698085531, 1439985689, 1586930987],
      [0, 0],
    ]);
    const seen: unknown[] = [];
    reseed(
      rngs,
      { params: 3 },
      {
        policy: (path, key, shape) => {
          seen.push(path.join("."), shape);
          return key;
        },
      },
    );
    expect(seen).toEqual(["params", [2]]);
    expect(held(rngs.stream("params"))).toEqual([words(random.foldIn(random.key(3), 0)), 0]);
    // @ts-expect-error no such policy
    expect(() => reseed(rngs, { params: 3 }, { policy: "match_shape" })).toThrow(NnxError);
  });

  it("repeats a run", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(8), (seed, n) => {
        const model = new Pair(new Rngs(0, { dropout: 1 }));
        const run = (): number[][] => {
          reseed(model, { dropout: seed });
          return Array.from({ length: n }, (_, i) => words((i % 2 === 0 ? model.a : model.b).nextKey()));
        };
        expect(run()).toEqual(run());
      }),
    );
  });
});

describe("backupKeys", () => {
  it("restores keys and leaves counts alone", () => {
    const rngs = new Rngs({ a: 0, b: 1 });
    const backups = backupKeys(rngs);
    rngs.nextKey("a");
    rngs.stream("a").key.value = random.key(9);
    restoreRngs(backups);
    expect(held(rngs.stream("a"))).toEqual([words(random.key(0)), 1]);
    expect(backups.length).toBe(2);
  });
});

describe("restoreRngs", () => {
  it.each<[string, (good: StreamBackup) => unknown, string]>([
    ["what is no list", () => 3, "restoreRngs: expected backups of streams, got 3. Pass what splitRngs"],
    ["the model itself", ({ stream }) => stream, "got an instance of RngStream"],
    ["a hole", (good) => [good, undefined], "got undefined at 1"],
    ["a seed as key", (good) => [good, { ...good, key: 3 }], "got an object with keys {stream, key} at 1"],
    ["a count that is none", (good) => [good, { ...good, count: -1 }], "{stream, key, count} at 1"],
  ])("refuses %s before it changes a stream", (_what, make, message) => {
    const rngs = new Rngs({ a: 0 });
    const [good] = backupKeys(rngs) as [StreamBackup];
    rngs.stream("a").key.value = random.key(9);
    expect(() => {
      restoreRngs(make(good) as StreamBackup[]);
    }).toThrow(message);
    expect(held(rngs.stream("a"))).toEqual([words(random.key(9)), 0]);
  });
});

import { describe, expect, it } from "vitest";
import { readGolden } from "../../../../conformance/compare.ts";
import { type PRNGKey, random, Rngs } from "../index.ts";

interface GoldenArray {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
const { cases } = readGolden<{
  readonly cases: {
    readonly "prng.fold_in": {
      readonly seed0: readonly GoldenArray[];
      readonly seed42: readonly GoldenArray[];
    };
    readonly "prng.split": { readonly key0_3: GoldenArray; readonly key7_2x2: GoldenArray };
    readonly "rngs.sequence": {
      readonly keys: readonly GoldenArray[];
      readonly default_count: GoldenArray;
      readonly params_count: GoldenArray;
    };
    readonly "rngs.fork_split": Readonly<Record<string, GoldenArray>>;
  };
}>("flax");
const words = (key: PRNGKey): number[] => [...random.keyData(key)];

describe("keys and streams against Flax", () => {
  it("folds and splits as JAX", () => {
    const { seed0, seed42 } = cases["prng.fold_in"];
    expect(seed0.map((_, i) => words(random.foldIn(random.key(0), i)))).toEqual(
      seed0.map(({ data }) => data),
    );
    expect(seed42.map((_, i) => words(random.foldIn(random.key(42), i)))).toEqual(
      seed42.map(({ data }) => data),
    );
    const { key0_3, key7_2x2 } = cases["prng.split"];
    expect(words(random.split(random.key(0), 3))).toEqual(key0_3.data);
    expect(words(random.split(random.key(7), [2, 2]))).toEqual(key7_2x2.data);
  });

  it("draws the sequence of Rngs(0, params=1), names without a stream from default", () => {
    const { keys, default_count, params_count } = cases["rngs.sequence"];
    const rngs = new Rngs(0, { params: 1 });
    const drawn = [rngs.nextKey(), rngs.nextKey("params"), rngs.nextKey("dropout"), rngs.nextKey()];
    expect(drawn.map(words)).toEqual(keys.map(({ data }) => data));
    expect(rngs.stream().count.value).toBe(default_count.data[0]);
    expect(rngs.stream("params").count.value).toBe(params_count.data[0]);
  });

  it("forks, splits and draws as Flax", () => {
    const golden = cases["rngs.fork_split"];
    const forked = new Rngs({ params: 1, dropout: 2 }).fork();
    expect(words(forked.stream("params").key.value)).toEqual(golden.fork_params!.data);
    expect(words(forked.stream("dropout").key.value)).toEqual(golden.fork_dropout!.data);
    const split = new Rngs({ params: 1 }).split(3);
    expect(words(split.stream("params").key.value)).toEqual(golden.split3!.data);
    const normal = new Rngs(0).normal([3]).dataSync();
    for (const [i, value] of golden.normal!.data.entries()) expect(normal[i]).toBeCloseTo(value, 6);
    const inLayer = new Rngs({ dropout: 0 }).stream("dropout").fork();
    expect(words(inLayer.key.value)).toEqual(golden.dropout_key_in_layer!.data);
  });
});

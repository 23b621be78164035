import { useWasmKernels } from "@nnxjs/kernels/internal";
import { capture, flattenState, Intermediate, isVariableState, Param, state, view } from "@nnxjs/nnx-core";
import { random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { type GoldenArray, relativeError } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { expectGradients, expectLayer, expectOutput, goldenCase } from "../../test/golden.ts";
import {
  combineMasks,
  dotProductAttention,
  dotProductAttentionWeights,
  makeAttentionMask,
  makeCausalMask,
  MissingRngError,
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
} from "../index.ts";

const make = (heads: number, features: number, options: Omit<MultiHeadAttentionOptions, "rngs"> = {}) =>
  new MultiHeadAttention(heads, features, { ...options, rngs: new Rngs(0) });
const normal = (seed: number, shape: number[]) => random.normal(random.key(seed), shape);
const values = (x: tf.Tensor): number[] => [...x.dataSync()];
const paths = (s: ReturnType<typeof state>) => flattenState(s).map(([path]) => path.join("."));

onEachBackend("attention", () => {
  it("MultiHeadAttention equals Flax's", () => {
    expectLayer("MHA_self", make(2, 4), (m, x) => m.forward(x!, { decode: false }));
    expectLayer("MHA_self_causal", make(2, 4), (m, x) => m.forward(x!, { decode: false, isCausal: true }));
    expectLayer("MHA_mask", make(2, 4), (m, x) =>
      m.forward(x!, { decode: false, mask: makeCausalMask(tf.ones([1, 3])) }),
    );
    expectLayer("MHA_cross_kv5_qknorm", make(2, 4, { inKvFeatures: 5, normalizeQk: true }), (m, x, y) =>
      m.forward(x!, y!, { decode: false }),
    );
    expectLayer("MHA_gqa_4_2", make(4, 8, { numKvHeads: 2, decode: false }), (m, x) => m.forward(x!));
  });

  it("decodes position by position as Flax does", () => {
    expectLayer("MHA_decode", make(2, 4, { decode: true }), (m, x) => {
      m.initCache(x!.shape);
      return [0, 1, 2].map((i) => m.forward(tf.slice(x!, [0, i, 0], [1, 1, 4])));
    });
  });

  it("has Flax's gradients", () => {
    expectGradients("MHA_causal", make(2, 4), (m, x) => m.forward(x, { decode: false, isCausal: true }));
  });

  it("equals Flax where our products are out of reach, with shared key heads and masks", () => {
    useWasmKernels(false);
    try {
      expectLayer("MHA_gqa_4_2", make(4, 8, { numKvHeads: 2, decode: false }), (m, x) => m.forward(x!));
      expectLayer("MHA_mask", make(2, 4), (m, x) =>
        m.forward(x!, { decode: false, mask: makeCausalMask(tf.ones([1, 3])) }),
      );
      expectGradients("MHA_causal", make(2, 4), (m, x) => m.forward(x, { decode: false, isCausal: true }));
    } finally {
      useWasmKernels(true);
    }
  });

  it("masks equal Flax's", () => {
    const golden = goldenCase<Record<string, GoldenArray>>("masks");
    expectOutput(makeCausalMask(tf.ones([1, 4])), golden.causal!);
    const mask = makeAttentionMask(tf.tensor2d([[1, 1, 0]]), tf.tensor2d([[1, 0, 1, 1]]));
    expectOutput(mask, golden.attention!);
    const both = combineMasks([
      tf.tensor2d([
        [1, 1],
        [0, 1],
      ]),
      null,
      tf.tensor2d([
        [1, 0],
        [1, 1],
      ]),
    ]);
    expectOutput(both, golden.combine!);
    expect(makeCausalMask(tf.ones([2, 3]), { extraBatchDims: 2, dtype: "bool" })).toMatchObject({
      shape: [1, 1, 2, 1, 3, 3],
      dtype: "bool",
    });
    expect(combineMasks([null, undefined])).toBeNull();
  });

  it("gives what its sums give, with fewer key heads and more batch axes", () => {
    const [q, k, v] = [normal(1, [2, 2, 3, 4, 5]), normal(2, [2, 2, 6, 2, 5]), normal(3, [2, 2, 6, 2, 7])];
    const bias = normal(4, [2, 2, 4, 3, 6]);
    const mask = makeAttentionMask(
      tf.ones([2, 2, 3]),
      tf.tensor3d(
        [1, 1, 0, 1, 1, 1].flatMap((x) => [x, x, x, x]),
        [2, 2, 6],
      ),
    );
    const y = dotProductAttention(q, k, v, { bias, mask });
    expect(y.shape).toEqual([2, 2, 3, 4, 7]);
    const wanted: number[] = [];
    const [aq, ak, av, ab, am] = [q, k, v, bias, mask].map((x) =>
      x.arraySync(),
    ) as unknown as number[][][][][][];
    for (const a of [0, 1])
      for (const b of [0, 1])
        for (let i = 0; i < 3; i++)
          for (let h = 0; h < 4; h++) {
            const g = Math.floor(h / 2);
            const scores = ak![a]![b]!.map((row, j) => {
              const dot = (row[g] as unknown as number[]).reduce(
                (s, x, d) => s + x * (aq![a]![b]![i]![h] as unknown as number[])[d]!,
                0,
              );
              const allowed = (am![a]![b]![0]![i] as unknown as number[])[j]! !== 0;
              return allowed
                ? dot / Math.sqrt(5) + (ab![a]![b]![h]![i] as unknown as number[])[j]!
                : Number.NEGATIVE_INFINITY;
            });
            const powers = scores.map(Math.exp);
            const total = powers.reduce((s, x) => s + x, 0);
            for (let d = 0; d < 7; d++)
              wanted.push(
                powers.reduce(
                  (s, p, j) => s + (p / total) * (av![a]![b]![j]![g] as unknown as number[])[d]!,
                  0,
                ),
              );
          }
    expect(relativeError(y.dataSync(), wanted)).toBeLessThan(1e-5);
    const repeated = dotProductAttention(
      q,
      tf.concat(
        [0, 0, 1, 1].map((g) => tf.slice(k, [0, 0, 0, g, 0], [2, 2, 6, 1, 5])),
        3,
      ),
      v,
    );
    expect(relativeError(repeated.dataSync(), dotProductAttention(q, k, v).dataSync())).toBeLessThan(1e-6);
  });

  it("drops weights as bernoulli of the key says, one mask for all heads or each its own", () => {
    const [q, k] = [normal(1, [2, 3, 2, 4]), normal(2, [2, 5, 2, 4])];
    const kept = values(dotProductAttentionWeights(q, k));
    const key = random.key(9);
    for (const broadcastDropout of [true, false]) {
      const options = { dropoutRate: 0.4, dropoutRng: key, broadcastDropout };
      const mask = random.bernoulli(key, 0.6, broadcastDropout ? [1, 1, 3, 5] : [2, 2, 3, 5]);
      const wanted = values(tf.mul(tf.tensor(kept, [2, 2, 3, 5]), tf.div(mask, 0.6)));
      expect(relativeError(values(dotProductAttentionWeights(q, k, options)), wanted)).toBeLessThan(1e-6);
    }
    expect(values(dotProductAttentionWeights(q, k, { dropoutRate: 0.4, deterministic: true }))).toEqual(kept);
  });
});

describe("MultiHeadAttention", () => {
  const x = () => normal(1, [2, 3, 4]);

  it("is causal in two ways that agree, as decoding does", () => {
    const layer = make(2, 4, { decode: false });
    const causal = values(layer.forward(x(), { isCausal: true }));
    const mask = makeCausalMask(tf.ones([2, 3]));
    expect(relativeError(values(layer.forward(x(), { mask })), causal)).toBeLessThan(1e-6);
    expect(
      relativeError(values(layer.forward(x(), x(), x(), { mask, isCausal: true })), causal),
    ).toBeLessThan(1e-6);
    layer.initCache([2, 3, 4]);
    const steps = [0, 1, 2].map((i) => layer.forward(tf.slice(x(), [0, i, 0], [2, 1, 4]), { decode: true }));
    expect(relativeError(values(tf.concat(steps, 1)), causal)).toBeLessThan(1e-6);
  });

  it("sows its weights where asked", () => {
    const layer = make(2, 4, { decode: false });
    const [, seen] = capture(
      (m: typeof layer, v: tf.Tensor) => m.forward(v, { sowWeights: true }),
      Intermediate,
    )(layer, x());
    const [entry] = flattenState(seen);
    expect(entry![0]).toEqual(["attention_weights"]);
    const [weights] = (isVariableState(entry![1]) ? entry![1].value : []) as tf.Tensor[];
    expect(weights!.shape).toEqual([2, 2, 3, 3]);
    expect(relativeError(values(tf.sum(weights!, -1)), Array(12).fill(1))).toBeLessThan(1e-6);
  });

  it("draws for dropout only while training, from its own stream unless the call has one", () => {
    const rngs = new Rngs({ params: 0, dropout: 1 });
    const layer = new MultiHeadAttention(2, 4, { dropoutRate: 0.5, decode: false, rngs });
    expect(() => layer.forward(x())).toThrow(
      /MultiHeadAttention\.forward: expected deterministic to be true or false/,
    );
    layer.train();
    const first = values(layer.forward(x()));
    expect(values(layer.forward(x()))).not.toEqual(first);
    expect(layer.rngs!.count.value).toBe(2);
    layer.eval();
    const calm = values(layer.forward(x()));
    expect(values(make(2, 4, { decode: false }).forward(x()))).toEqual(calm);
    expect(layer.rngs!.count.value).toBe(2);
    const call = { deterministic: false, rngs: new Rngs({ dropout: 5 }) };
    expect(values(layer.forward(x(), call))).not.toEqual(calm);
    expect(layer.rngs!.count.value).toBe(2);
    const bare = new MultiHeadAttention(2, 4, {
      dropoutRate: 0.5,
      deterministic: false,
      decode: false,
      keepRngs: false,
      rngs,
    });
    expect([bare.rngs, paths(state(bare)).some((path) => path.startsWith("rngs"))]).toEqual([null, false]);
    expect(() => bare.forward(x())).toThrow(MissingRngError);
  });

  it("is set by views and modes", () => {
    const layer = make(2, 4, { deterministic: false });
    const decoding = view(layer, { decode: true });
    expect([layer.decode, decoding.decode]).toEqual([null, true]);
    expect(layer.setMode({ decode: false, deterministic: true, other: 1 })).toEqual({ other: 1 });
    expect([layer.decode, layer.deterministic]).toEqual([false, true]);
  });

  it("takes initializers and metadata for its output apart", () => {
    const ones = (_key: unknown, shape: readonly number[]) => tf.ones([...shape]);
    const layer = make(2, 4, {
      decode: false,
      outKernelInit: ones,
      kernelMetadata: { tag: "in" },
      outKernelMetadata: { tag: "out" },
      useBias: false,
    });
    expect(values(layer.out.kernel.value).every((v) => v === 1)).toBe(true);
    expect([layer.query.kernel.getMetadata("tag"), layer.out.kernel.getMetadata("tag")]).toEqual([
      "in",
      "out",
    ]);
    expect(paths(state(layer, Param))).toEqual(["key.kernel", "out.kernel", "query.kernel", "value.kernel"]);
  });

  it.each([
    ["heads that do not divide", () => make(3, 4), /numHeads to divide qkvFeatures, got 3 and 4/],
    [
      "key heads that do not divide",
      () => make(4, 8, { numKvHeads: 3 }),
      /numKvHeads to divide numHeads, got 3 and 4/,
    ],
    [
      "another width",
      () => make(2, 4, { decode: false }).forward(tf.ones([1, 3, 5])),
      /MultiHeadAttention\.forward: expected inputsQ of shape \[\.\.\., 4\], got a float32\[1,3,5\]/,
    ],
    [
      "not saying whether to decode",
      () => make(2, 4).forward(x()),
      /expected decode to be true or false, got null/,
    ],
    [
      "decoding without a cache",
      () => make(2, 4).forward(x(), { decode: true }),
      /expected a cache to decode with, got none\. Call initCache first/,
    ],
    [
      "decoding several positions at once",
      () => decodeAll(),
      /a key of shape \[2, 1, 2, 2\] for the cache of shape \[2, 3, 2, 2\], got \[2, 3, 2, 2\]/,
    ],
    ["a full cache", () => overflow(), /at most 1 positions, which the cache has, got one more/],
    ["a rate above 1", () => make(2, 4, { dropoutRate: 1.5 }), /a rate between 0 and 1, got 1.5/],
    [
      "a dtype that tensorflow.js lacks",
      () => make(2, 4, { dtype: "float16" as "float32" }),
      /dtype "float32", got "float16"/,
    ],
    [
      "depths that differ",
      () => dotProductAttention(tf.ones([1, 2, 1, 3]), tf.ones([1, 2, 1, 4]), tf.ones([1, 2, 1, 4])),
      /one depth/,
    ],
    [
      "lengths that differ",
      () => dotProductAttention(tf.ones([1, 2, 1, 3]), tf.ones([1, 2, 1, 3]), tf.ones([1, 3, 1, 3])),
      /one length/,
    ],
    [
      "ranks that differ",
      () => dotProductAttention(tf.ones([2, 1, 3]), tf.ones([1, 2, 1, 3]), tf.ones([1, 3, 1, 3])),
      /of one rank/,
    ],
    [
      "heads that are no multiple",
      () => dotProductAttention(tf.ones([1, 2, 3, 3]), tf.ones([1, 2, 2, 3]), tf.ones([1, 2, 2, 3])),
      /multiple of the value's, got 3 and 2/,
    ],
    [
      "dropout without a key",
      () =>
        dotProductAttention(tf.ones([1, 2, 1, 3]), tf.ones([1, 2, 1, 3]), tf.ones([1, 2, 1, 3]), {
          dropoutRate: 0.5,
        }),
      /a key in dropoutRng/,
    ],
    [
      "masks of different ranks",
      () => combineMasks([tf.ones([2, 2]), tf.ones([2])]),
      /masks of one rank, got a float32\[2,2\] and a float32\[2\]/,
    ],
  ])("refuses %s", (_name, run, message) => {
    expect(run).toThrow(message);
  });

  const decodeAll = () => {
    const layer = make(2, 4);
    layer.initCache([2, 3, 4]);
    return layer.forward(x(), { decode: true });
  };
  const overflow = () => {
    const layer = make(2, 4, { decode: true });
    layer.initCache([2, 1, 4]);
    const step = tf.ones([2, 1, 4]);
    layer.forward(step);
    return layer.forward(step);
  };
});

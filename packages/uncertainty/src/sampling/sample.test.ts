import {
  BatchStat,
  flattenState,
  isVariableState,
  Module,
  type ModeValues,
  state,
  Variable,
} from "@nnxjs/nnx-core";
import { DropConnectLinear, Dropout, Linear, MultiHeadAttention, relu } from "@nnxjs/layers";
import { random, Rngs, RngStream } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { dropConnectMoments, predictiveMean, sample, type SampleMoments } from "../index.ts";

/** Every kind of stochastic layer, and a normalisation that must not depend on the batches. */
class Net extends Module {
  readonly first: Linear;
  readonly drop: Dropout;
  readonly norm: Norm;
  readonly second: DropConnectLinear;
  readonly third: DropConnectLinear;
  constructor(rngs: Rngs | null = new Rngs(1)) {
    super();
    this.first = new Linear(3, 8, { rngs: new Rngs(0) });
    this.drop = new Dropout(0.3, { rngs });
    this.norm = new Norm();
    this.second = new DropConnectLinear(new Linear(8, 8, { rngs: new Rngs(2) }), 0.25, {
      rngs,
      masks: "example",
    });
    this.third = new DropConnectLinear(new Linear(8, 4, { rngs: new Rngs(3) }), 0.25, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    const h = this.norm.forward(this.drop.forward(relu(this.first.forward(x))));
    return this.third.forward(relu(this.second.forward(h)));
  }
}
class Norm extends Module {
  useRunningAverage = false;
  readonly mean: BatchStat<tf.Tensor> = new BatchStat<tf.Tensor>(tf.zeros([8]));
  forward(x: tf.Tensor): tf.Tensor {
    if (this.useRunningAverage) return tf.sub(x, this.mean.value);
    const mean = tf.mean(x, 0);
    this.mean.value = mean;
    return tf.sub(x, mean);
  }
}
class Own extends Module {
  readonly stream: RngStream = new RngStream(0, { tag: "noise" });
  readonly calls: Variable<number> = new Variable(0);
  forward(x: tf.Tensor): tf.Tensor {
    return tf.add(x, this.stream.normal([1]));
  }
}

const key = random.key(0);
const x = (): tf.Tensor2D => random.normal(random.key(5), [7, 3]) as tf.Tensor2D;
const snapshot = (model: Module): unknown =>
  JSON.stringify(
    [
      flattenState(state(model)).map(([path, leaf]) => [
        path,
        String(isVariableState(leaf) ? leaf.value : leaf),
      ]),
      [...model.iterModules()].map(([path, m]) => [
        path,
        ...Object.entries(m).filter(([, v]) => typeof v !== "object" || Array.isArray(v)),
      ]),
    ],
    (_k, v: unknown) => (typeof v === "function" ? v.name : v),
  );
const close = (a: ArrayLike<number>, b: ArrayLike<number>, tolerance = 1e-6) => {
  expect(a.length).toBe(b.length);
  expect(Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)))).toBeLessThan(tolerance);
};

describe("sample", () => {
  it("gives n different outputs, the same ones for the same key, whatever mode the model is in", () => {
    const model = new Net();
    const samples = sample(model, x(), 5, { key });
    expect(samples).toMatchObject({ kind: "samples", count: 5, shape: [5, 7, 4] });
    const rows = Array.from({ length: 5 }, (_, m) => String(samples.data.slice(m * 28, (m + 1) * 28)));
    expect(new Set(rows).size).toBe(5);
    model.eval();
    expect(sample(model, x(), 5, { key }).data).toEqual(samples.data);
    model.train();
    model.forward(x());
    expect(sample(model, x(), 5, { key }).data).not.toEqual(samples.data); // the norm's running mean has moved
    expect(sample(model, x(), 5, { key: random.key(1) }).data).not.toEqual(samples.data);
  });

  it("leaves modes, streams and statistics as they were", () => {
    for (const mode of ["train", "eval"] as const) {
      const model = new Net();
      model[mode]();
      model.drop.rngs!.nextKey();
      const before = snapshot(model);
      sample(model, x(), 3, { key });
      expect(snapshot(model)).toBe(before);
    }
  });

  it("leaves them so when the model throws in the middle", () => {
    const model = new Net();
    model.eval();
    const before = snapshot(model);
    let calls = 0;
    const call = (m: Net, rows: tf.Tensor2D) => {
      if (++calls === 3) {
        m.second.forward(tf.ones([1, 8]));
        throw new Error("stop");
      }
      return m.forward(rows);
    };
    const tensors = tf.memory().numTensors;
    const input = x();
    expect(() => sample(model, input, 5, { key, call })).toThrow("stop");
    input.dispose();
    expect(calls).toBe(3);
    expect(snapshot(model)).toBe(before);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it("does not depend on the batch size, on the other rows, nor on earlier draws", () => {
    const model = new Net();
    const all = sample(model, x(), 4, { key });
    for (const batchSize of [1, 2, 3, 7, 100])
      close(sample(model, x(), 4, { key, batchSize }).data, all.data);
    const part = sample(model, tf.slice(x(), [4, 0], [2, 3]), 4, { key });
    for (let m = 0; m < 4; m++) {
      close(part.data.slice(m * 8, (m + 1) * 8), all.data.slice(m * 28 + 16, m * 28 + 24));
    }
    model.third.rngs!.nextKey();
    close(sample(model, x(), 4, { key }).data, all.data);
    close(sample(model, x(), 2, { key }).data, all.data.slice(0, 56));
  });

  it("gives layers without a stream one meanwhile", () => {
    const model = new Net(null);
    model.eval();
    const samples = sample(model, x(), 3, { key });
    expect(samples.data.slice(0, 28)).not.toEqual(samples.data.slice(28, 56));
    expect(model.drop.rngs).toBeNull();
    expect(() => model.third.forward(tf.ones([1, 8]), { deterministic: false })).toThrow(
      /expected an RNG stream/,
    );
  });

  it("sets the modes of layers of one's own, however they have them, and puts them back", () => {
    class Noise extends Module {
      active = false;
      masks = "example";
      readonly rngs: RngStream | null = null;
      setMode({ deterministic, masks, ...rest }: ModeValues): ModeValues {
        if (typeof deterministic === "boolean") this.active = !deterministic;
        if (typeof masks === "string") this.masks = masks;
        return rest;
      }
      forward(rows: tf.Tensor): tf.Tensor {
        if (!this.active) return rows;
        return tf.add(rows, this.rngs!.normal(this.masks === "batch" ? [1] : rows.shape));
      }
    }
    const model = new Noise();
    const { data } = sample(model, tf.zeros([2]), 3, { key });
    expect(data[0]).toBe(data[1]);
    expect(new Set(data).size).toBe(3);
    expect([model.active, model.masks, model.rngs]).toEqual([false, "example", null]);
  });

  it("shares the masks of attention among the rows of a pass", () => {
    const layer = new MultiHeadAttention(2, 4, {
      dropoutRate: 0.5,
      broadcastDropout: false,
      decode: false,
      rngs: new Rngs(0),
    });
    const input = random.normal(random.key(3), [4, 5, 4]);
    const call = (m: MultiHeadAttention, rows: tf.Tensor) => m.forward(rows);
    const all = sample(layer, input, 3, { key, call });
    close(sample(layer, input, 3, { key, call, batchSize: 1 }).data, all.data);
    expect(layer.broadcastDropout).toBe(false);
  });

  it("samples modules of one's own that draw from a stream", () => {
    const model = new Own();
    const { data } = sample(model, tf.zeros([1]), 3, { key });
    expect(new Set(data).size).toBe(3);
    expect(model.stream.count.value).toBe(0);
  });

  it("has the mean and variance of the closed form", () => {
    const base = new Linear(5, 3, { rngs: new Rngs(2) });
    for (const scaling of ["training", "inference"] as const) {
      const scaled = new DropConnectLinear(base, 0.3, { scaling });
      const input = random.normal(random.key(5), [4, 5]);
      const n = 4000;
      const { mean, variance } = sample(scaled, input, n, { key, keep: "moments" });
      const exact = dropConnectMoments(scaled, input);
      const [m, v] = [exact.mean.dataSync(), exact.variance.dataSync()];
      expect(exact.mean.shape).toEqual([4, 3]);
      for (let i = 0; i < m.length; i++) {
        expect(Math.abs(mean.data[i]! - m[i]!)).toBeLessThan(4.5 * Math.sqrt(v[i]! / n));
        expect(Math.abs(variance.data[i]! / v[i]! - 1)).toBeLessThan(0.15);
      }
    }
  });

  it("applies softmax to each pass of logits, before any mean", () => {
    const model = new Net();
    const logits = sample(model, x(), 3, { key });
    const probabilities = sample(model, x(), 3, { key, outputs: "logits" });
    close(probabilities.data, tf.softmax(tf.tensor(logits.data, [21, 4])).dataSync());
    const call = (m: Net, rows: tf.Tensor2D) => tf.softmax(m.forward(rows));
    close(sample(model, x(), 3, { key, outputs: "probabilities", call }).data, probabilities.data);
  });

  it("keeps moments that equal those of all samples", () => {
    const model = new Net();
    const options = { key, outputs: "logits", batchSize: 3 } as const;
    const samples = sample(model, x(), 20, options);
    const moments: SampleMoments = sample(model, x(), 20, { ...options, keep: "moments" });
    expect(moments).toMatchObject({ kind: "moments", count: 20, mean: { shape: [7, 4] } });
    close(moments.mean.data, predictiveMean(samples).data);
    const t = tf.tensor(samples.data, [20, 28]);
    close(moments.variance.data, tf.moments(t, 0).variance.dataSync());
    expect(sample(model, x(), 2, { key, keep: "moments" }).expectedEntropy).toBeNull();
  });

  it("tells progress after each pass and stops when asked to", () => {
    const model = new Net();
    model.eval();
    const before = snapshot(model);
    const seen: number[] = [];
    sample(model, x(), 3, { key, batchSize: 2, onProgress: ({ done, total }) => seen.push(done / total) });
    expect(seen).toEqual([1 / 3, 2 / 3, 1]);
    const controller = new AbortController();
    const stop = () =>
      sample(model, x(), 50, {
        key,
        signal: controller.signal,
        onProgress: ({ done }) => done === 2 && controller.abort(new Error("enough")),
      });
    expect(stop).toThrow("enough");
    expect(snapshot(model)).toBe(before);
  });

  it("leaves no tensor behind", () => {
    const model = new Net();
    const input = x();
    const before = tf.memory().numTensors;
    sample(model, input, 3, { key, batchSize: 2 });
    sample(model, input, 3, { key, keep: "moments", outputs: "logits" });
    expect(tf.memory().numTensors).toBe(before);
    sample(new Identity(), input, 1, { key });
    expect(input.isDisposed).toBe(false);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "a model that draws nothing",
      () => sample(new Linear(3, 2, { rngs: new Rngs(0) }), x(), 5, { key }),
      /sample: expected a model that draws random numbers, got one that drew none: every pass would be the same/,
    ],
    [
      "rates of 0",
      () => sample(new DropConnectLinear(new Linear(3, 2, { rngs: new Rngs(0) }), 0), x(), 5, { key }),
      /got one that drew none/,
    ],
    ["no passes", () => sample(new Net(), x(), 0, { key }), /positive number of passes, got 0/],
    ["half a pass", () => sample(new Net(), x(), 1.5, { key }), /positive number of passes, got 1.5/],
    [
      "no key",
      () => sample(new Net(), x(), 2, {} as { key: typeof key }),
      /expected a single key, got undefined/,
    ],
    ["several keys", () => sample(new Net(), x(), 2, { key: random.split(key) }), /expected a single key/],
    [
      "a batch size of 0",
      () => sample(new Net(), x(), 2, { key, batchSize: 0 }),
      /batchSize to be a positive integer, got 0/,
    ],
    [
      "no rows",
      () => sample(new Net(), tf.zeros([0, 3]), 2, { key }),
      /at least one row on its first axis, got a float32\[0,3\]/,
    ],
    [
      "an input of several parts",
      () => sample(new Net(), { a: x() } as never, 2, { key }),
      /expected a tensor of rows, got an object with keys \{a\}\. Put several inputs into one tensor/,
    ],
    [
      "what is no model",
      () => sample({} as Net, x(), 2, { key }),
      /expected a module with a forward method, got an object/,
    ],
    [
      "one logit",
      () =>
        sample(new DropConnectLinear(new Linear(3, 1, { rngs: new Rngs(0) })), x(), 2, {
          key,
          outputs: "logits",
        }),
      /at least two classes on the last axis, got an output of shape \[7, 1\].*\[0, z\]/,
    ],
    [
      "values for probabilities",
      () => sample(new Net(), x(), 2, { key, outputs: "probabilities" }),
      /expected probabilities/,
    ],
    [
      "outputs that lost the rows, in batches",
      () => sample(new Net(), x(), 2, { key, batchSize: 3, call: (m, rows) => tf.sum(m.forward(rows)) }),
      /a tensor with 3 rows, got a float32\[\]/,
    ],
  ])("refuses %s, and leaves the model as it was", (_what, run, message) => {
    expect(run).toThrow(message);
  });
});

/** Returns its input itself, and draws a key. */
class Identity extends Module {
  readonly stream: RngStream = new RngStream(0, { tag: "noise" });
  forward(rows: tf.Tensor): tf.Tensor {
    this.stream.nextKey();
    return rows;
  }
}

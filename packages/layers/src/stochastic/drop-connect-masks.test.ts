import { grad, Module, setMode, view } from "@nnxjs/nnx-core";
import { type Initializer, random, Rngs, RngStream } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  DropConnectLinear,
  dotGeneral,
  Linear,
  type LinearOptions,
  type StochasticCallOptions,
} from "../index.ts";

const normal: Initializer = (key, shape) => random.normal(key, shape);
const linear = (din: number, dout: number, options: Partial<LinearOptions> = {}): Linear =>
  new Linear(din, dout, { rngs: new Rngs(5), biasInit: normal, ...options });
const values = (x: tf.Tensor): number[] => [...x.dataSync()];
/** Inputs with which the result does not depend on a backend's order of addition. */
const rounded = (x: tf.Tensor): number[] => values(x).map((value) => Math.round(value * 1e4) / 1e4);

/** Up to the order of addition, in which a product of one row and one of several may differ. */
function expectClose(got: tf.Tensor, want: tf.Tensor): void {
  expect(got.shape).toEqual(want.shape);
  const wanted = values(want);
  for (const [i, value] of values(got).entries()) {
    expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(wanted[i]!)));
  }
}

/** The mean and variance of one output over many draws, and their standard errors. */
function moments(draws: readonly number[]) {
  const n = draws.length;
  const mean = draws.reduce((sum, y) => sum + y, 0) / n;
  const central = (power: number) => draws.reduce((sum, y) => sum + (y - mean) ** power, 0) / n;
  const variance = central(2);
  return {
    mean,
    variance,
    meanError: Math.sqrt(variance / n),
    varianceError: Math.sqrt((central(4) - variance ** 2) / n),
  };
}

describe("DropConnectLinear's masks", () => {
  it.each(["training", "inference"] as const)(
    "have the mean and variance of the closed form over 20,000 keys in %s scaling",
    (scaling) => {
      const [din, dout, draws] = [6, 3, 20_000];
      for (const rate of [0.1, 0.25, 0.5]) {
        const layer = new DropConnectLinear(linear(din, dout), rate, { scaling });
        const x = values(random.normal(random.key(8), [din]));
        const rows = tf.tile(tf.tensor2d(x, [1, din]), [draws, 1]);
        const y = layer.forward(rows, { rngs: random.split(random.key(3), draws) }).dataSync();
        const [w, b] = [values(layer.kernel.value), values(layer.bias!.value)];
        for (let j = 0; j < dout; j++) {
          const terms = x.map((xi, i) => xi * (w[i * dout + j] as number));
          const product = terms.reduce((sum, t) => sum + t, 0);
          const squares = terms.reduce((sum, t) => sum + t * t, 0);
          const share = scaling === "training" ? 1 : 1 - rate;
          const seen = moments(Array.from({ length: draws }, (_, i) => y[i * dout + j] as number));
          expect(Math.abs(seen.mean - (share * product + b[j]!))).toBeLessThan(4 * seen.meanError);
          const variance = (share ** 2 * rate * squares) / (1 - rate);
          expect(Math.abs(seen.variance - variance)).toBeLessThan(4 * seen.varianceError);
        }
      }
    },
  );

  it("are shared by all rows of a call, and differ between calls and between layers", () => {
    const rngs = new Rngs(0);
    const base = linear(30, 20);
    const [a, b] = [new DropConnectLinear(base, 0.5, { rngs }), new DropConnectLinear(base, 0.5, { rngs })];
    const x = tf.ones([4, 30]);
    const [first, ...others] = tf.unstack(a.forward(x)).map(rounded);
    for (const row of others) expect(row).toEqual(first);
    const second = rounded(tf.gather(a.forward(x), 0));
    const other = rounded(tf.gather(b.forward(x), 0));
    expect(second).not.toEqual(first);
    expect(other).not.toEqual(first);
    expect(other).not.toEqual(second);
  });

  it("keep weights unscaled and leave the bias alone in inference scaling", () => {
    const layer = new DropConnectLinear(linear(1, 200), 0.5, { scaling: "inference", rngs: new Rngs(0) });
    const [w, b] = [values(layer.kernel.value), values(layer.bias!.value)];
    const y = values(layer.forward(tf.ones([1, 1])));
    const kept = y.filter((value, j) => Math.abs(value - (w[j]! + b[j]!)) < 1e-6).length;
    const dropped = y.filter((value, j) => value === b[j]).length;
    expect(kept + dropped).toBe(200);
    expect(Math.abs(kept - 100)).toBeLessThan(30);
  });

  it("drop NaN and infinite weights to 0", () => {
    const layer = new DropConnectLinear(linear(2, 40, { useBias: false }), 0.5, { rngs: new Rngs(0) });
    layer.kernel.value = tf.fill([2, 40], Number.NaN);
    const y = values(layer.forward(tf.ones([1, 2])));
    expect(y.filter((value) => value === 0).length).toBeGreaterThan(0);
    expect(y.filter(Number.isNaN).length).toBeGreaterThan(0);
  });

  it.each([[[5, 4]], [[5, 3, 4]], [[5, 2, 3, 4]]])(
    "are drawn for each example of an input of shape %j where asked for: example i's from split(key, n)[i]",
    (shape) => {
      const each = new DropConnectLinear(linear(4, 3), 0.4, { masks: "example" });
      const shared = new DropConnectLinear(linear(4, 3), 0.4);
      const key = random.key(9);
      const x = random.normal(random.key(1), shape);
      const y = each.forward(x, { rngs: key });
      expect(y.shape).toEqual([...shape.slice(0, -1), 3]);
      const keys = random.split(key, 5);
      tf.unstack(x).forEach((row, i) => {
        expectClose(tf.gather(y, i), shared.forward(row, { rngs: keys.at(i) }));
      });
      expect(values(shared.forward(x, { rngs: keys }))).toEqual(values(y));
    },
  );

  it("take keys of more than one axis", () => {
    const layer = new DropConnectLinear(linear(4, 3), 0.4);
    const keys = random.split(random.key(2), [2, 3]);
    const x = random.normal(random.key(1), [2, 3, 4]);
    const y = layer.forward(x, { rngs: keys });
    const one = layer.forward(tf.reshape(tf.slice(x, [1, 2, 0], [1, 1, 4]), [1, 4]), {
      rngs: keys.at(1).at(2),
    });
    expect(rounded(tf.slice(y, [1, 2, 0], [1, 1, 3]))).toEqual(rounded(one));
  });

  it("have the gradients of the examples one by one", () => {
    const key = random.key(4);
    const x = random.normal(random.key(1), [5, 4]);
    const loss = (m: DropConnectLinear, rows: tf.Tensor) =>
      tf.sum(tf.square(m.forward(rows, { rngs: key }))) as tf.Tensor;
    const together = new DropConnectLinear(linear(4, 3), 0.4, { masks: "example" });
    const apart = new DropConnectLinear(linear(4, 3), 0.4);
    const [found, foundInput] = grad(loss, { argnums: [0, 1] })(together, x);
    const sum = (m: DropConnectLinear, rows: tf.Tensor) =>
      tf.addN(
        tf
          .unstack(rows)
          .map((row, i) => tf.sum(tf.square(m.forward(row, { rngs: random.split(key, 5).at(i) })))),
      ) as tf.Tensor;
    const [wanted, wantedInput] = grad(sum, { argnums: [0, 1] })(apart, x);
    expectClose(found.kernel.value, wanted.kernel.value);
    expectClose(found.bias!.value, wanted.bias!.value);
    expectClose(foundInput, wantedInput);
  });

  it("go through a product of one's own, batched or not", () => {
    const shapes: string[] = [];
    const base = linear(4, 3, {
      dotGeneral: (a, b, options) => {
        shapes.push(`${a.shape.join(",")}|${b.shape.join(",")}`);
        return dotGeneral(a, b, options);
      },
    });
    const x = random.normal(random.key(1), [2, 4]);
    const keys = random.split(random.key(2), 2);
    const y = new DropConnectLinear(base, 0.4).forward(x, { rngs: keys });
    const plain = new DropConnectLinear(linear(4, 3), 0.4).forward(x, { rngs: keys });
    expect(shapes).toEqual(["4|4,3", "4|4,3"]);
    expect(rounded(y)).toEqual(rounded(plain));
  });

  it("work on integers, which become float32", () => {
    const x = tf.tensor2d([[1, 2, 3, 4]], [1, 4], "int32");
    for (const masks of ["batch", "example"] as const) {
      const layer = new DropConnectLinear(linear(4, 3), 0.4, { masks });
      const y = layer.forward(x as tf.Tensor, { rngs: random.key(0) });
      expect(y.dtype).toBe("float32");
      expect(rounded(y)).toEqual(rounded(layer.forward(tf.cast(x, "float32"), { rngs: random.key(0) })));
    }
  });

  it("leave the stream as it was when the call is refused", () => {
    const layer = new DropConnectLinear(linear(4, 3), 0.4, { rngs: new Rngs(0) });
    expect(() => layer.forward(tf.ones([2, 5]))).toThrow(/expected an input of shape \[\.\.\., 4\]/);
    expect(layer.rngs!.count.value).toBe(0);
  });
});

/** Passes its options on, as containers do. */
class Pair extends Module {
  readonly layers: readonly DropConnectLinear[];
  constructor(rngs: Rngs | null) {
    super();
    this.layers = [0, 1].map(() => new DropConnectLinear(linear(4, 4), 0.5, { rngs }));
  }
  forward(x: tf.Tensor, options?: StochasticCallOptions): tf.Tensor {
    return this.layers.reduce((h, layer) => layer.forward(h, options), x);
  }
}

describe("DropConnectLinear in a container", () => {
  const x = random.normal(random.key(1), [2, 4]);

  it("takes streams of the call: each layer draws the next key", () => {
    const model = new Pair(null);
    const stream = new RngStream(7, { tag: "dropconnect" });
    const first = values(model.forward(x, { rngs: stream }));
    expect(stream.count.value).toBe(2);
    const rngs = new Rngs({ dropconnect: 7 });
    expect(values(model.forward(x, { rngs }))).toEqual(first);
    expect(() => model.forward(x)).toThrow(/expected an RNG stream/);
  });

  it("takes the call's mode over its own, however that was set", () => {
    const model = new Pair(new Rngs(0));
    const plain = values(model.forward(x, { deterministic: true }));
    for (const off of [
      () => model.eval(),
      () => model.setAttributes({ deterministic: true }),
      () => setMode(model, { deterministic: true }),
      () => {
        for (const layer of model.layers) layer.setMode({ deterministic: true });
      },
    ]) {
      model.train();
      expect(values(model.forward(x))).not.toEqual(plain);
      off();
      const counts = () => model.layers.map((layer) => layer.rngs!.count.value);
      const before = counts();
      expect(values(model.forward(x))).toEqual(plain);
      expect(counts()).toEqual(before);
      expect(values(model.forward(x, { deterministic: false }))).not.toEqual(plain);
    }
  });

  it("has views in other modes on the same weights and streams", () => {
    const model = new Pair(new Rngs(0));
    const still = view(model, { deterministic: true });
    expect(values(still.forward(x))).toEqual(values(model.forward(x, { deterministic: true })));
    expect(model.layers.map((layer) => layer.deterministic)).toEqual([false, false]);
    expect(still.layers[0]!.rngs!.count.value).toBe(0);
    model.forward(x);
    expect(still.layers[0]!.rngs!.count.value).toBe(1);
  });
});

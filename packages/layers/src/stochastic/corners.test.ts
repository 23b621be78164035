/** @file Modes of the stochastic layers, what they refuse, and calls at the edge of what they take. */
import { setMode } from "@nnxjs/nnx-core";
import { initializers, random, Rngs, RngStream } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  Conv,
  DropConnectConv,
  DropConnectLinear,
  Dropout,
  Linear,
  LinearGeneral,
  MissingRngError,
} from "../index.ts";
import { checkKeyAxes, checkRate, keepingCount } from "./call-options.ts";
import { denseEach } from "./dense-each.ts";

// Made anew in each test, so that a test that runs again draws the same.
const rngs = (): Rngs => new Rngs(0);
const linear = () => new Linear(2, 3, { rngs: rngs(), biasInit: initializers.normal(1) });
const conv = (useBias = true) => new Conv(2, 3, 3, { rngs: rngs(), useBias });
const numbers = (x: tf.Tensor): number[] => [...x.dataSync()];

describe("setMode", () => {
  it("of Dropout shares the mask between rows, or gives each its own", () => {
    const layer = new Dropout(0.5, { rngs: rngs(), broadcastDims: [1] });
    expect(layer.setMode({ masks: "batch" })).toEqual({});
    expect(layer.broadcastDims).toEqual([0, 1]);
    layer.setMode({ masks: "batch" });
    expect(layer.broadcastDims).toEqual([0, 1]);
    const y = layer.forward(tf.ones([64, 2]));
    expect(new Set(numbers(y)).size).toBe(1);
    layer.setMode({ masks: "example" });
    expect(layer.broadcastDims).toEqual([1]);
    layer.setMode({ masks: "other" as never });
    expect(layer.broadcastDims).toEqual([1]);
    expect(new Set(numbers(layer.forward(tf.ones([64, 2])))).size).toBe(2);
  });

  it("of DropConnectLinear takes the two kinds of masks, and nothing else", () => {
    const layer = new DropConnectLinear(linear(), 0.5, { rngs: rngs() });
    expect(layer.masks).toBe("batch");
    layer.setMode({ masks: "example" });
    expect(layer.masks).toBe("example");
    layer.setMode({ masks: "other" as never });
    layer.setMode({});
    expect(layer.masks).toBe("example");
    layer.setMode({ masks: "batch" });
    expect(layer.masks).toBe("batch");
  });

  it.each([
    ["Dropout", () => new Dropout(0.5, { rngs: rngs() })],
    ["DropConnectLinear", () => new DropConnectLinear(linear(), 0.5, { rngs: rngs() })],
    ["DropConnectConv", () => new DropConnectConv(conv(), 0.5, { rngs: rngs() })],
  ])("of %s sets deterministic to booleans only, and returns other modes", (_name, make) => {
    const layer = make();
    expect(layer.setMode({ deterministic: true, decode: true })).toEqual({ decode: true });
    expect(layer.deterministic).toBe(true);
    layer.setMode({});
    layer.setMode({ deterministic: undefined });
    layer.setMode({ deterministic: null as never });
    expect(layer.deterministic).toBe(true);
    setMode(layer, { deterministic: false });
    expect(layer.deterministic).toBe(false);
  });
});

describe("what is no base layer is refused", () => {
  it.each([
    ["null", null],
    ["nothing", undefined],
    ["an object", {}],
    ["a Conv", conv()],
    ["a LinearGeneral", new LinearGeneral([2, 2], 3, { axis: [-2, -1], rngs: rngs() })],
    ["half a layer", { dotGeneral: () => {} }],
    ["a layer with another kernel", { dotGeneral: () => {}, kernel: { value: tf.zeros([2, 2, 3]) } }],
  ])("by DropConnectLinear: %s", (_name, base) => {
    expect(() => new DropConnectLinear(base as never, 0.5, { rngs: rngs() })).toThrow(
      /DropConnectLinear: expected a Linear layer to start from, got /,
    );
  });

  it.each([
    ["null", null],
    ["nothing", undefined],
    ["an object", {}],
    ["a Linear", linear()],
  ])("by DropConnectConv: %s", (_name, base) => {
    expect(() => new DropConnectConv(base as never, 0.5, { rngs: rngs() })).toThrow(
      /DropConnectConv: expected a Conv layer to start from, got /,
    );
  });
});

describe("rates", () => {
  it.each([-0.01, 1.01, Number.NaN, "0.5", null, [0.5]])("%j is refused", (rate) => {
    expect(() => checkRate("Dropout", rate as never)).toThrow(RangeError);
    expect(() => new Dropout(rate as never, { rngs: rngs() })).toThrow(
      /Dropout: expected a rate between 0 and 1/,
    );
  });

  it.each([0, 0.5, 1])("%d is one", (rate) => {
    expect(() => checkRate("Dropout", rate)).not.toThrow();
  });
});

describe("keys", () => {
  it("in an array need their axes in front, and the features behind", () => {
    const keys = random.split(random.key(0), 2);
    for (const [shape, rest] of [
      [[2], 0],
      [[2, 5], 0],
      [[2, 5], 1],
    ] as const)
      expect(() => checkKeyAxes("L", keys, tf.zeros([...shape]), rest)).not.toThrow();
    for (const [shape, rest] of [
      [[], 0],
      [[3, 5], 0],
      [[2], 1],
      [[5, 2], 1],
    ] as const)
      expect(() => checkKeyAxes("L", keys, tf.zeros([...shape]), rest)).toThrow(
        /L\.forward: expected an input of shape \[2, \.\.\.\]/,
      );
  });

  it("of a call: Rngs, a stream, a key or null, and nothing else", () => {
    const layer = new Dropout(0.5, { rngs: new Rngs(3) });
    const x = tf.ones([9]);
    const key = random.key(4);
    const byKey = numbers(layer.forward(x, { rngs: key }));
    const stream = new RngStream(random.key(4), { tag: "dropout" });
    expect(numbers(layer.forward(x, { rngs: stream }))).not.toEqual(byKey);
    expect(stream.count.value).toBe(1);
    expect(() => layer.forward(x, { rngs: null })).not.toThrow();
    for (const bad of [5, {}, "dropout"])
      expect(() => layer.forward(x, { rngs: bad as never })).toThrow(
        /expected rngs to be Rngs, an RngStream, a key or null/,
      );
    expect(() => layer.forward(x, { rng: key } as never)).toThrow(/Dropout\.forward.*rng/);
    expect(() => new Dropout(0.5, { rngs: 5 as never })).toThrow(/rngs/);
  });

  it("are missed with an error of its own class", () => {
    const layer = new Dropout(0.5);
    expect(() => layer.forward(tf.ones([2]))).toThrow(MissingRngError);
    expect(new MissingRngError("Dropout").name).toBe("MissingRngError");
  });

  it("are not drawn for axes that the input does not have", () => {
    const layer = new Dropout(0.5, { rngs: new Rngs(0), broadcastDims: [2] });
    expect(() => layer.forward(tf.ones([2, 2]))).toThrow(/Dropout\.forward/);
    expect(layer.rngs!.count.value).toBe(0);
  });

  it("are not drawn where deterministic is not known", () => {
    const layer = new Dropout(0.5, { rngs: new Rngs(0), deterministic: null });
    expect(() => layer.forward(tf.ones([2]))).toThrow(
      /Dropout\.forward: expected deterministic to be true or false, got null/,
    );
  });
});

describe("a count", () => {
  it("comes back when what drew throws", () => {
    const stream = new RngStream(0, { tag: "x" });
    stream.nextKey();
    const fail = (): never => {
      stream.nextKey();
      stream.nextKey();
      throw new Error("late");
    };
    expect(() => keepingCount(stream, fail)).toThrow("late");
    expect(stream.count.value).toBe(1);
    expect(keepingCount(stream, () => stream.nextKey() && 5)).toBe(5);
    expect(stream.count.value).toBe(2);
  });

  it("of no stream is none", () => {
    expect(keepingCount(null, () => 5)).toBe(5);
    expect(() =>
      keepingCount(null, () => {
        throw new Error("late");
      }),
    ).toThrow("late");
  });
});

describe("one mask for each example", () => {
  const make = (base = linear()) => new DropConnectLinear(base, 0.5, { rngs: new Rngs(1), masks: "example" });

  it("is one for a single example", () => {
    const layer = make();
    const y = layer.forward(tf.ones([2]));
    const same = new DropConnectLinear(linear(), 0.5, { rngs: new Rngs(1) });
    same.kernel.value = layer.kernel.value;
    same.bias!.value = layer.bias!.value;
    expect([y.shape, numbers(y)]).toEqual([[3], numbers(same.forward(tf.ones([2])))]);
  });

  it("is none for no example", () => {
    expect(make().forward(tf.zeros([0, 2])).shape).toEqual([0, 3]);
  });

  it("comes from keys that are given", () => {
    const layer = make();
    const keys = random.split(random.key(3), 2);
    const y = numbers(layer.forward(tf.ones([2, 2]), { rngs: keys }));
    const each = [0, 1].flatMap((i) => {
      const one = new DropConnectLinear(linear(), 0.5, { masks: "batch" });
      one.kernel.value = layer.kernel.value;
      one.bias!.value = layer.bias!.value;
      return numbers(one.forward(tf.ones([1, 2]), { rngs: keys.at(i) }));
    });
    y.forEach((value, i) => {
      expect(value).toBeCloseTo(each[i]!, 5);
    });
    expect(layer.rngs!.count.value).toBe(0);
  });

  it("multiplies by a product of one's own", () => {
    let calls = 0;
    const own: Linear["dotGeneral"] = (a, b, settings) => {
      calls++;
      const base = linear();
      return tf.mul(base.dotGeneral(a, b, settings), 2);
    };
    const base = new Linear(2, 3, { rngs: rngs(), dotGeneral: own });
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const kernels = random.normal(random.key(0), [3, 2, 3]);
    const y = denseEach(base, x, kernels, base.bias!.value);
    expect([calls, y.shape]).toEqual([3, [3, 3]]);
    const wanted = tf.mul(2, tf.reshape(tf.matMul(tf.reshape(x, [3, 1, 2]), kernels), [3, 3]));
    numbers(wanted).forEach((value, i) => {
      expect(numbers(y)[i]).toBeCloseTo(value, 5);
    });
  });
});

it("a convolution without bias drops its weights, too", () => {
  const layer = new DropConnectConv(conv(false), 0.5, { rngs: new Rngs(2) });
  const x = random.normal(random.key(1), [1, 5, 2]);
  const y = layer.forward(x);
  expect([layer.bias, y.shape]).toEqual([null, [1, 5, 3]]);
  expect(numbers(y)).not.toEqual(numbers(layer.forward(x, { deterministic: true })));
  const keys = random.split(random.key(0), 2);
  expect(() => layer.forward(x, { rngs: keys })).toThrow(/DropConnectConv\.forward: expected one key/);
});

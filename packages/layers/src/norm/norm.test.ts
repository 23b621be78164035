import { valueAndGrad } from "@nnxjs/nnx-core";
import { initializers, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { relativeError } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { expectGradients, expectLayer, goldenCase, goldenTensor, type LayerCase } from "../../test/golden.ts";
import { BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm } from "../index.ts";

const rngs = () => new Rngs(0);
const { constant } = initializers;

onEachBackend("normalisations", () => {
  it("BatchNorm equals Flax's: training twice, then evaluating", () => {
    const layer = new BatchNorm(3, { rngs: rngs() });
    expectLayer("BatchNorm_train", layer, (m, x) => m.forward(x!));
    expectLayer("BatchNorm_train_second", layer, (m, x) => m.forward(x!));
    expectLayer("BatchNorm_eval", layer, (m, x) => m.forward(x!, { useRunningAverage: true }));
  });

  it("BatchNorm equals Flax's with a mask, and over images", () => {
    const mask = tf.tensor2d([[1], [1], [0], [1]], [4, 1], "bool");
    expectLayer("BatchNorm_mask", new BatchNorm(3, { rngs: rngs() }), (m, x) => m.forward(x!, { mask }));
    expectLayer("BatchNorm_nhwc_momentum0.9", new BatchNorm(2, { momentum: 0.9, rngs: rngs() }), (m, x) =>
      m.forward(x!),
    );
  });

  it("BatchNorm has Flax's gradients, and none into its averages", () => {
    const options = { rngs: rngs(), scaleInit: constant(1.5) };
    // Terms cancel, see below.
    const layer = new BatchNorm(3, { ...options, biasInit: constant(0.3) });
    expectGradients("BatchNorm_train", layer, (m, x) => m.forward(x), 1e-6);
    expectGradients("BatchNorm_eval", new BatchNorm(3, { ...options, useRunningAverage: true }), (m, x) =>
      m.forward(x),
    );
  });

  it("LayerNorm, RMSNorm, GroupNorm and InstanceNorm equal Flax's", () => {
    expectLayer("LayerNorm", new LayerNorm(4, { rngs: rngs() }), (m, x) => m.forward(x!));
    expectLayer("RMSNorm", new RMSNorm(4, { rngs: rngs() }), (m, x) => m.forward(x!));
    expectLayer("GroupNorm_4_2", new GroupNorm(4, 2, { rngs: rngs() }), (m, x) => m.forward(x!));
    expectLayer("InstanceNorm", new InstanceNorm(3, { rngs: rngs() }), (m, x) => m.forward(x!));
  });

  it("LayerNorm and RMSNorm give the same in one loop and, for a gradient, op by op", () => {
    const init = initializers.normal(1);
    for (const make of [
      () => new LayerNorm(6, { rngs: rngs(), scaleInit: init, biasInit: init }),
      () => new LayerNorm(6, { rngs: rngs(), useScale: false, biasInit: init }),
      () => new RMSNorm(6, { rngs: rngs(), scaleInit: init }),
      () => new RMSNorm(6, { rngs: rngs(), useScale: false }),
    ]) {
      const [layer, input] = [make(), tf.randomNormal([2, 3, 6], 1, 2, "float32", 5)];
      const plain = layer.forward(input);
      const [[, opByOp]] = valueAndGrad(
        (m: LayerNorm | RMSNorm, x: tf.Tensor) => {
          const y = m.forward(x);
          return [tf.sum(y), tf.clone(y)] as const;
        },
        { hasAux: true },
      )(layer, input);
      expect(relativeError(plain.dataSync(), opByOp.dataSync())).toBeLessThan(1e-5);
    }
  });

  it("they have Flax's gradients", () => {
    const options = { rngs: rngs(), biasInit: constant(0.3) };
    // Terms of about 8 cancel to about 1e-3 here. Compared with float64, Flax's input gradients are
    // off by 7e-7 to 1.3e-6, and so are ours.
    const rounding = 3e-6;
    expectGradients("LayerNorm", new LayerNorm(4, options), (m, x) => m.forward(x), rounding);
    expectGradients("RMSNorm", new RMSNorm(4, { rngs: rngs() }), (m, x) => m.forward(x), rounding);
    expectGradients("GroupNorm_4_2", new GroupNorm(4, 2, options), (m, x) => m.forward(x), rounding);
  });
});

const near = (a: tf.Tensor, b: tf.Tensor) =>
  expect(relativeError(a.dataSync(), b.dataSync())).toBeLessThan(1e-5);

describe("normalisations", () => {
  const x = () => tf.randomNormal([3, 5, 4], 2, 3, "float32", 7);

  it("both ways to a variance agree", () => {
    const slow = { rngs: rngs(), useFastVariance: false };
    near(new LayerNorm(4, slow).forward(x()), new LayerNorm(4, { rngs: rngs() }).forward(x()));
    near(new BatchNorm(4, slow).forward(x()), new BatchNorm(4, { rngs: rngs() }).forward(x()));
    near(new GroupNorm(4, 2, slow).forward(x()), new GroupNorm(4, 2, { rngs: rngs() }).forward(x()));
  });

  it("a mask leaves elements out: as if they were not there", () => {
    const mask = tf.tensor3d([1, 1, 1, 0, 0], [1, 5, 1], "bool");
    const [long, short] = [x(), tf.slice(x(), [0, 0, 0], [3, 3, 4])];
    const firstThree = (y: tf.Tensor) => tf.slice(y, [0, 0, 0], [3, 3, 4]);
    const layers = [
      new LayerNorm(4, { rngs: rngs(), reductionAxes: [1, 2] }),
      new RMSNorm(4, { rngs: rngs(), reductionAxes: [1, 2] }),
      new GroupNorm(4, 2, { rngs: rngs() }),
      new InstanceNorm(4, { rngs: rngs() }),
      new BatchNorm(4, { rngs: rngs() }),
    ];
    for (const layer of layers) near(firstThree(layer.forward(long, { mask })), layer.forward(short));
  });

  it("one group is layer norm over all channels, as many groups as channels is instance norm", () => {
    const all = new LayerNorm(4, { rngs: rngs(), reductionAxes: [1, 2] });
    near(new GroupNorm(4, 1, { rngs: rngs() }).forward(x()), all.forward(x()));
    near(
      new GroupNorm(4, { groupSize: 1, rngs: rngs() }).forward(x()),
      new InstanceNorm(4, { rngs: rngs() }).forward(x()),
    );
    const rows = new GroupNorm(4, 1, { rngs: rngs(), reductionAxes: [-1] });
    near(rows.forward(x()), new LayerNorm(4, { rngs: rngs() }).forward(x()));
  });

  it("features can be any axis", () => {
    const turned = tf.transpose(x(), [0, 2, 1]);
    const [last, middle] = [new BatchNorm(4, { rngs: rngs() }), new BatchNorm(4, { rngs: rngs(), axis: 1 })];
    near(tf.transpose(middle.forward(turned), [0, 2, 1]), last.forward(x()));
    near(middle.mean.value, last.mean.value);
    const instance = new InstanceNorm(4, { rngs: rngs(), featureAxes: 1 });
    near(
      tf.transpose(instance.forward(turned), [0, 2, 1]),
      new InstanceNorm(4, { rngs: rngs() }).forward(x()),
    );
    const plane = new LayerNorm(20, { rngs: rngs(), reductionAxes: [1, 2], featureAxes: [1, 2] });
    expect(plane.forward(x()).shape).toEqual([3, 5, 4]);
  });

  it("draws no key for what it does not have", () => {
    const streams = rngs();
    const layer = new LayerNorm(4, { rngs: streams, useScale: false, useBias: false });
    expect([layer.scale, layer.bias, streams.stream().count.value]).toEqual([null, null, 0]);
    const y = layer.forward(x());
    expect(tf.mean(y).dataSync()[0]).toBeCloseTo(0, 5);
    new BatchNorm(4, { rngs: streams, useBias: false });
    expect(streams.stream().count.value).toBe(1);
  });

  it("BatchNorm does as train and eval say, the call before the layer", () => {
    const layer = new BatchNorm(4, { rngs: rngs(), useRunningAverage: null });
    expect(() => layer.forward(x())).toThrow(
      /BatchNorm\.forward: expected useRunningAverage to be true or false, got null/,
    );
    layer.eval();
    near(layer.forward(x()), tf.div(x(), Math.sqrt(1 + 1e-5)));
    expect([...layer.mean.value.dataSync()]).toEqual([0, 0, 0, 0]);
    layer.forward(x(), { useRunningAverage: false });
    expect([...layer.mean.value.dataSync()]).not.toEqual([0, 0, 0, 0]);
    expect(layer.setMode({ useRunningAverage: false, deterministic: true })).toEqual({ deterministic: true });
    expect(layer.useRunningAverage).toBe(false);
  });

  it.each([
    [
      "another number of features",
      () => new BatchNorm(3, { rngs: rngs() }).forward(x()),
      /BatchNorm\.forward: expected 3 features along axis 2 for a scale of shape \[3\], got a float32\[3,5,4\]/,
    ],
    [
      "groups that do not divide",
      () => new GroupNorm(6, 4, { rngs: rngs() }),
      /numGroups to divide the 6 features, got 4/,
    ],
    [
      "a group size that does not divide",
      () => new GroupNorm(6, { groupSize: 4, rngs: rngs() }),
      /groupSize to divide the 6 features, got 4/,
    ],
    [
      "both groups and group size",
      () => new GroupNorm(6, 2, { groupSize: 3, rngs: rngs() }),
      /either numGroups or groupSize, got 2 and 3/,
    ],
    [
      "its 32 groups for 6 channels",
      () => new GroupNorm(6, { rngs: rngs() }),
      /numGroups to divide the 6 features, got 32/,
    ],
    [
      "channels on the batch axis",
      () => new InstanceNorm(3, { rngs: rngs(), featureAxes: 0 }).forward(x()),
      /without the first axis/,
    ],
    [
      "a dtype that tensorflow.js lacks",
      () => new RMSNorm(3, { rngs: rngs(), dtype: "float64" as "float32" }),
      /RMSNorm: expected dtype "float32"/,
    ],
  ])("refuses %s", (_name, run, message) => {
    expect(run).toThrow(message);
  });

  it("is unharmed by a call that it refused", () => {
    const layer = new BatchNorm(4, { rngs: rngs() });
    expect(() => layer.forward(tf.ones([2, 3]))).toThrow();
    expect([...layer.var.value.dataSync()]).toEqual([1, 1, 1, 1]);
    const input = goldenTensor(goldenCase<LayerCase>("LayerNorm").inputs[0]!);
    expect(layer.forward(input).shape).toEqual(input.shape);
  });
});

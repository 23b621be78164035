/** @file What losses refuse, by name and before anything is computed. */
import { DisposedError, grad } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onBackendElsewhere } from "../../../../scripts/backend-elsewhere.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import * as losses from "./index.ts";

const floats = (...shape: number[]): tf.Tensor => tf.ones(shape);
const ints = (...data: number[]): tf.Tensor => tf.tensor1d(data, "int32");
const all = losses as unknown as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

const elementwise = ["huberLoss", "logCosh", "hingeLoss", "sigmoidBinaryCrossEntropy", "sparsemaxLoss"];
const distributions = ["klDivergence", "klDivergenceWithLogTargets", "generalizedKlDivergence"];
const ofOneShape = ["squaredError", "l2Loss", "perceptronLoss", "rankingSoftmaxLoss", "diceLoss"];
const ofClasses = [
  "softmaxCrossEntropyWithIntegerLabels",
  "multiclassHingeLoss",
  "multiclassPerceptronLoss",
  "multiclassSparsemaxLoss",
];
const ofTwo = [
  ...elementwise,
  ...distributions,
  ...ofOneShape,
  ...ofClasses,
  "sigmoidFocalLoss",
  "softmaxCrossEntropy",
  "safeSoftmaxCrossEntropy",
  "polyLossCrossEntropy",
  "cosineSimilarity",
  "cosineDistance",
  "binaryDiceLoss",
  "multiclassGeneralizedDiceLoss",
  "ntxent",
];

it.each(ofTwo)("%s refuses what is no tensor, and a disposed one", (name) => {
  const run = all[name]!;
  const message = new RegExp(`^${name}: expected .*, got `);
  for (const bad of [1, null, "x", [[1]], {}]) {
    expect(() => run(bad, floats(2, 3))).toThrow(message);
    // Targets of regressions may be left out.
    if (bad !== null) expect(() => run(floats(2, 3), bad)).toThrow(message);
  }
  const gone = floats(2, 3);
  gone.dispose();
  expect(() => run(gone, floats(2, 3))).toThrow(DisposedError);
  expect(() => run(floats(2, 3), gone)).toThrow(DisposedError);
});

it.each([...elementwise, ...distributions, "softmaxCrossEntropy", "cosineSimilarity"])(
  "%s refuses shapes that do not broadcast",
  (name) => {
    expect(() => all[name]!(floats(2, 3), floats(2, 2))).toThrow(
      new RegExp(`^${name}: expected .* that broadcast, got .*\\[2,3\\] and .*\\[2,2\\]`),
    );
  },
);

it.each([...elementwise, ...distributions])("%s refuses to compare each with all", (name) => {
  expect(() => all[name]!(floats(4, 1), floats(4))).toThrow(
    new RegExp(
      `^${name}: expected .* of one shape.*, got a float32\\[4,1\\] and a float32\\[4\\]. Reshape one of them`,
    ),
  );
});

it.each(["softmaxCrossEntropy", "safeSoftmaxCrossEntropy", "polyLossCrossEntropy"])(
  "%s refuses labels that are no shares of the classes",
  (name) => {
    for (const labels of [floats(4, 1), floats(1)]) {
      expect(() => all[name]!(floats(4, 3), labels)).toThrow(
        `${name}: expected labels with a share of each of 3 classes, got a float32[${labels.shape.join()}] for a float32[4,3].`,
      );
    }
  },
);

it.each(ofOneShape)("%s refuses shapes that differ", (name) => {
  expect(() => all[name]!(floats(2, 3), floats(1, 3))).toThrow(
    new RegExp(`^${name}: expected .* of one shape`),
  );
});

it.each(ofTwo.filter((name) => !["hingeLoss", "perceptronLoss"].includes(name)))(
  "%s refuses integers in the place of floats",
  (name) => {
    expect(() => all[name]!(tf.ones([2, 3], "int32"), floats(2, 3))).toThrow(
      new RegExp(`^${name}: expected float32 `),
    );
  },
);

it.each([
  "huberLoss",
  "cosineSimilarity",
  "softmaxCrossEntropy",
  "klDivergence",
  "diceLoss",
  "sigmoidFocalLoss",
])("%s refuses options that it does not have", (name) => {
  expect(() => all[name]!(floats(2, 3), floats(2, 3), { axsi: 1 })).toThrow(
    new RegExp(`^${name}: expected options among`),
  );
});

type Bad = [what: string, run: () => unknown, message: RegExp];
const x = (): tf.Tensor => floats(2, 3);
it.each<Bad>([
  [
    "an axis that is not there",
    () => losses.softmaxCrossEntropy(x(), x(), { axis: 2 }),
    /^softmaxCrossEntropy: expected an axis from -2 to 1, got 2/,
  ],
  [
    "a mask of another shape",
    () => losses.softmaxCrossEntropy(x(), x(), { where: tf.ones([3, 1], "bool") }),
    /^softmaxCrossEntropy: expected a where|^logSoftmax: expected a where/,
  ],
  [
    "an axis twice",
    () => losses.softmaxCrossEntropyWithIntegerLabels(x(), ints(0), { axis: [0, 0] }),
    /expected different axes of classes/,
  ],
  [
    "no axes",
    () => losses.softmaxCrossEntropyWithIntegerLabels(x(), ints(0), { axis: [] }),
    /expected different axes of classes/,
  ],
  [
    "no axes of classes",
    () => losses.softmaxCrossEntropyWithIntegerLabels(x(), ints(0, 1), { axis: null as never }),
    /expected axis to be an integer/,
  ],
  [
    "labels of floats",
    () => losses.softmaxCrossEntropyWithIntegerLabels(x(), floats(2)),
    /expected int32 labels/,
  ],
  [
    "labels of another shape",
    () => losses.softmaxCrossEntropyWithIntegerLabels(x(), ints(0, 1, 2)),
    /expected labels of shape \[2\], got .*\[3\]/,
  ],
  [
    "one-hot labels",
    () => losses.multiclassHingeLoss(x(), tf.ones([2, 3], "int32")),
    /expected labels of shape \[2\]/,
  ],
  [
    "a scalar",
    () => losses.softmaxCrossEntropy(tf.scalar(1), tf.scalar(1)),
    /expected logits of shape \[..., classes\]/,
  ],
  [
    "scores of three axes",
    () => losses.multiclassSparsemaxLoss(floats(1, 2, 3), tf.ones([1, 2], "int32")),
    /expected scores with 2 axes/,
  ],
  [
    "an infinite delta",
    () => losses.huberLoss(x(), x(), { delta: Infinity }),
    /^huberLoss: expected delta to be a finite number or a tensor, got Infinity/,
  ],
  [
    "a delta of text",
    () => losses.huberLoss(x(), x(), { delta: "1" as never }),
    /expected delta to be a finite number or a tensor/,
  ],
  [
    "integer predictions of poly loss",
    () => losses.polyLossCrossEntropy(x(), tf.ones([2, 3], "int32")),
    /expected float32 labels/,
  ],
  ["an alpha of null", () => losses.smoothLabels(x(), null as never), /^smoothLabels: expected alpha/],
  [
    "labels of another number",
    () => losses.ntxent(x(), ints(0, 1, 2)),
    /^ntxent: expected one label for each of 2 embeddings/,
  ],
  [
    "embeddings of one axis",
    () => losses.ntxent(floats(3), ints(0, 1, 2)),
    /^ntxent: expected embeddings with 2 axes/,
  ],
  [
    "a degree of 0",
    () => losses.tripletMarginLoss(x(), x(), x(), { normDegree: 0 }),
    /expected normDegree to be a number above 0, got 0/,
  ],
  [
    "an unknown reduction",
    () => losses.diceLoss(x(), x(), { reduction: "max" as never }),
    /expected reduction to be "mean" or "sum" or "none", got "max"/,
  ],
  [
    "weights for other classes",
    () => losses.diceLoss(x(), x(), { classWeights: floats(2) }),
    /expected classWeights of shape \[3\]/,
  ],
  [
    "no probabilities",
    () => losses.diceLoss(x(), x(), { applySoftmax: false }),
    /expected probabilities that sum to 1 over the classes, got 3/,
  ],
  [
    "no probability",
    () => losses.binaryDiceLoss(tf.tensor2d([[2]]), tf.tensor2d([[1]]), { applySigmoid: false }),
    /^binaryDiceLoss: expected probabilities from 0 to 1, got 2/,
  ],
  [
    "a reduction that is none",
    () => losses.rankingSoftmaxLoss(x(), x(), { reduceFn: "max" as never }),
    /expected reduceFn to be "mean", "sum", null or a function/,
  ],
  [
    "a reduction to a number",
    () => losses.rankingSoftmaxLoss(x(), x(), { reduceFn: () => 1 as never }),
    /expected reduceFn to return a tensor, got 1/,
  ],
  [
    "no function",
    () => losses.makeFenchelYoungLoss(1 as never),
    /^makeFenchelYoungLoss: expected a function as the first argument/,
  ],
  [
    "a function that reduces nothing",
    () => losses.makeFenchelYoungLoss((row) => row)(x(), x()),
    /expected maxFun to return a tensor of shape \[\]/,
  ],
  [
    "a function that reduces too much",
    () => losses.makeFenchelYoungLoss((rows) => tf.max(rows), { batched: true })(x(), x()),
    /expected maxFun to return a tensor of shape \[2\]/,
  ],
])("refuses %s", (_what, run, message) => {
  tf.tidy(() => {
    expect(run).toThrow(message);
  });
});

const ctc = (
  labels: number[][],
  more: { frames?: number[][]; names?: number[][]; blankId?: number } = {},
) => {
  const [batch, n] = [labels.length, labels[0]!.length];
  return losses.ctcLoss(
    floats(batch, 2, 3),
    more.frames ? tf.tensor2d(more.frames) : tf.zeros([batch, 2]),
    tf.tensor2d(labels, [batch, n], "int32"),
    more.names ? tf.tensor2d(more.names) : tf.zeros([batch, n]),
    { blankId: more.blankId ?? 0 },
  );
};
it.each<Bad>([
  [
    "a label that is no class",
    () => ctc([[1], [3]]),
    /expected labels from 0 to 2 other than the blank 0 in sequence 1, got 3/,
  ],
  ["a negative label", () => ctc([[-1]]), /in sequence 0, got -1/],
  ["the blank as a label", () => ctc([[1, 0]]), /other than the blank 0 in sequence 0, got 0/],
  [
    "padding before labels",
    () => ctc([[1, 1]], { names: [[1, 0]] }),
    /expected labels without padding before them/,
  ],
  ["half a padding", () => ctc([[1]], { frames: [[0, 0.5]] }), /expected paddings of 0 and 1, got 0.5/],
  [
    "a blank that is no class",
    () => ctc([[1]], { blankId: 3 }),
    /expected a blankId below the number of classes, 3, got 3/,
  ],
  [
    "paddings of another shape",
    () => ctc([[1]], { frames: [[0, 0, 0]] }),
    /expected logitPaddings of shape \[1, 2\]/,
  ],
  [
    "label paddings of another shape",
    () => ctc([[1]], { names: [[0, 0]] }),
    /expected labelPaddings of shape \[1, 1\]/,
  ],
  [
    "no frames",
    () => losses.ctcLoss(floats(1, 0, 3), floats(1, 0), tf.ones([1, 1], "int32"), tf.zeros([1, 1])),
    /expected at least one frame/,
  ],
  [
    "no labels",
    () => losses.ctcLoss(floats(1, 2, 3), tf.zeros([1, 2]), tf.ones([1, 0], "int32"), tf.zeros([1, 0])),
    /expected at least one label/,
  ],
  [
    "logits of two axes",
    () => losses.ctcLoss(floats(2, 3), tf.zeros([1, 2]), tf.ones([1, 1], "int32"), tf.zeros([1, 1])),
    /expected logits with 3 axes/,
  ],
])("ctcLoss refuses %s", (_what, run, message) => {
  tf.tidy(() => {
    expect(run).toThrow(message);
  });
});

onEachBackend("labels that name no class", () => {
  it.each(ofClasses)("%s refuses them, with their place", (name) => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      for (const [bad, place] of [
        [3, 1],
        [-1, 1],
        [1000, 1],
      ]) {
        expect(() => all[name]!(x(), ints(0, bad!))).toThrow(
          new RegExp(`^${name}: expected labels from 0 to 2, got ${bad} at position ${place}`),
        );
      }
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

onBackendElsewhere("labels that name no class", () => {
  it.each(ofClasses)("%s gives NaN for them", (name) => {
    tf.tidy(() => {
      const run = (scores: tf.Tensor): tf.Tensor => all[name]!(scores, ints(0, -1)) as tf.Tensor;
      const [first, second] = run(x()).dataSync();
      expect([Number.isFinite(first), second]).toEqual([true, Number.NaN]);
      expect(all[name]!(x(), ints(3, 0))).toBeInstanceOf(tf.Tensor);
      expect((all[name]!(x(), ints(3, 0)) as tf.Tensor).dataSync()[0]).toBeNaN();
    });
  });

  it("ctcLoss gives NaN for them", () => {
    tf.tidy(() => {
      const found = ctc([[1], [3], [0], [-1]], { names: [[0], [0], [0], [1]] }).dataSync();
      expect(Array.from(found, Number.isNaN)).toEqual([false, true, true, false]);
    });
  });
});

it("a loss that refuses leaves the gradient that it was part of, and the next works", () => {
  const loss = (labels: tf.Tensor) => (scores: tf.Tensor) =>
    tf.sum(losses.softmaxCrossEntropyWithIntegerLabels(scores, labels));
  tf.tidy(() => {
    expect(() => grad(loss(ints(0, 3)))(x())).toThrow(/expected labels from 0 to 2/);
    expect(grad(loss(ints(0, 2)))(x()).shape).toEqual([2, 3]);
  });
});

onBackendElsewhere("ctcLoss of single ops", () => {
  it("has finite gradients of probabilities of 0", () => {
    tf.tidy(() => {
      const logits = tf.tensor3d([
        [
          [Number.NEGATIVE_INFINITY, 1, 0],
          [0.5, Number.NEGATIVE_INFINITY, 0],
          [0, 1, Number.NEGATIVE_INFINITY],
        ],
      ]);
      const run = (x: tf.Tensor): tf.Tensor =>
        tf.sum(losses.ctcLoss(x, tf.zeros([1, 3]), tf.tensor2d([[1]], [1, 1], "int32"), tf.zeros([1, 1])));
      expect([...grad(run)(logits).dataSync()].every(Number.isFinite)).toBe(true);
    });
  });
});

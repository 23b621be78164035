/** @file What losses do beyond what optax has numbers for. */
import { grad, jvp, remat, vjp } from "@nnxjs/nnx-core";
import { installGradients } from "@nnxjs/gradients";
import { logsumexp } from "@nnxjs/layers";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import * as losses from "./index.ts";

const values = (x: tf.Tensor): number[] => Array.from(x.dataSync());
const near = (x: tf.Tensor, wanted: readonly number[], digits = 5): void => {
  expect(x.size).toBe(wanted.length);
  for (const [i, value] of values(x).entries()) expect(value).toBeCloseTo(wanted[i] as number, digits);
};
const inTidy = (run: () => void) => (): void => {
  const before = tf.memory().numTensors;
  tf.tidy(run);
  expect(tf.memory().numTensors).toBe(before);
};

/** The probability of labels, summed over every path of one class for each frame. */
function ctcByPaths(logits: readonly (readonly number[])[], labels: readonly number[]): number {
  const shares = logits.map((row) => {
    const sum = row.reduce((total, x) => total + Math.exp(x), 0);
    return row.map((x) => Math.exp(x) / sum);
  });
  const classes = shares[0]?.length ?? 0;
  let total = 0;
  for (let path = 0; path < classes ** shares.length; path++) {
    const steps = shares.map((_, t) => Math.floor(path / classes ** t) % classes);
    const spelt = steps.filter((step, t) => step !== 0 && step !== steps[t - 1]);
    if (String(spelt) !== String(labels)) continue;
    total += steps.reduce((product, step, t) => product * (shares[t]?.[step] ?? 0), 1);
  }
  return -Math.log(total);
}

onEachBackend("losses", () => {
  it(
    "ctcLoss is the sum over all paths, also with probabilities of 0",
    inTidy(() => {
      const sequences = [
        {
          logits: [
            [0.5, 1, -1],
            [0, 0.25, 2],
            [1, -0.5, 0.75],
            [0.1, 0.2, 0.3],
          ],
          labels: [1, 2],
        },
        {
          logits: [
            [0.5, 1, -1],
            [0, 0.25, 2],
            [1, -0.5, 0.75],
            [0.1, 0.2, 0.3],
          ],
          labels: [2, 2],
        },
        {
          logits: [
            [-Infinity, 1, 0],
            [0.5, -Infinity, 0],
            [0, 0, 1],
            [0, 1, -Infinity],
          ],
          labels: [1, 2],
        },
      ];
      const logits = tf.tensor3d(sequences.map((each) => each.logits));
      const labels = tf.tensor2d(
        sequences.map((each) => each.labels),
        [3, 2],
        "int32",
      );
      const [frames, names] = [tf.zeros([3, 4]), tf.zeros([3, 2])];
      const wanted = sequences.map((each) => ctcByPaths(each.logits, each.labels));
      near(losses.ctcLoss(logits, frames, labels, names), wanted, 4);
      near(losses.ctcLossWithForwardProbs(logits, frames, labels, names)[0], wanted, 4);
      const slope = grad((x: tf.Tensor) => tf.sum(losses.ctcLoss(x, frames, labels, names)))(logits);
      expect(values(slope).every(Number.isFinite)).toBe(true);
    }),
  );

  it(
    "ctcLoss leaves NaN in padding where it is",
    inTidy(() => {
      const run = (x: tf.Tensor): tf.Tensor =>
        losses.ctcLoss(x, tf.tensor2d([[0, 0, 1]]), tf.tensor2d([[1]], [1, 1], "int32"), tf.zeros([1, 1]));
      const rows = [
        [1, 0.5],
        [0, 0.25],
      ];
      const padded = tf.tensor3d([[...rows, [Number.NaN, 1]]]);
      near(run(padded), [ctcByPaths(rows, [1])]);
      const [, pullBack] = vjp((x: tf.Tensor) => run(x), [padded]);
      expect(values(pullBack(tf.ones([1]))[0] as tf.Tensor).slice(4)).toEqual([0, 0]);
      pullBack.dispose();
    }),
  );

  it(
    "labels that do not count may be anything, and so may logits",
    inTidy(() => {
      const logits = tf.tensor2d([
        [1, 2, 1e9],
        [5, 6, 7],
      ]);
      const labels = tf.tensor1d([1, -1], "int32");
      const where = tf.tensor2d(
        [
          [1, 1, 0],
          [0, 0, 0],
        ],
        [2, 3],
        "bool",
      );
      near(losses.softmaxCrossEntropyWithIntegerLabels(logits, labels, { where }), [
        Math.log1p(Math.exp(-1)),
        0,
      ]);
    }),
  );

  it(
    "labels that do not count have no gradient",
    inTidy(() => {
      const where = tf.tensor2d([[1, 0]], [1, 2], "bool");
      const of = grad((labels: tf.Tensor) =>
        tf.sum(losses.softmaxCrossEntropy(tf.tensor2d([[1, 2]]), labels, { where })),
      )(tf.tensor2d([[0.5, 0.5]]));
      expect(values(of).map((value) => value + 0)).toEqual([0, 0]);
    }),
  );

  it(
    "cross entropies of infinite labels, of NaN that no label counts, and of no classes",
    inTidy(() => {
      const { softmaxCrossEntropy, safeSoftmaxCrossEntropy, polyLossCrossEntropy } = losses;
      near(softmaxCrossEntropy(tf.tensor1d([1, 1]), tf.tensor1d([Infinity, 1])), [Infinity]);
      near(safeSoftmaxCrossEntropy(tf.tensor1d([Number.NaN, 1]), tf.tensor1d([0, 0])), [0]);
      for (const loss of [softmaxCrossEntropy, safeSoftmaxCrossEntropy, polyLossCrossEntropy]) {
        const run = (x: tf.Tensor): tf.Tensor => tf.sum(loss(x, tf.zeros([2, 0])));
        near(loss(tf.zeros([2, 0]), tf.zeros([2, 0])), [0, 0]);
        expect(grad(run)(tf.zeros([2, 0])).shape).toEqual([2, 0]);
      }
    }),
  );

  it(
    "labels have the gradients of logits of any size, and losses of no elements have some",
    inTidy(() => {
      const labels = tf.tensor2d([[0.5, 0.5]]);
      for (const loss of [losses.softmaxCrossEntropy, losses.safeSoftmaxCrossEntropy])
        near(grad((y: tf.Tensor) => tf.sum(loss(tf.fill([1, 2], -1e30), y)))(labels), [Math.LN2, Math.LN2]);
      const [where, options] = [tf.zeros([0, 1], "bool"), { axis: 0 }];
      const run = (x: tf.Tensor): tf.Tensor =>
        tf.sum(losses.klDivergence(x, tf.zeros([0, 1]), { ...options, where }));
      expect(grad(run)(tf.zeros([0, 1])).shape).toEqual([0, 1]);
    }),
  );

  it(
    "a mask of cosineSimilarity may be of the axes that only one of both has",
    inTidy(() => {
      const [x, y] = [
        tf.tensor2d([
          [3, 1],
          [4, 1],
          [9, 9],
        ]),
        tf.tensor2d([[1, 2]]),
      ];
      const where = tf.tensor2d([[1], [1], [0]], [3, 1], "bool");
      // optax.cosine_similarity(x, y, axis=-2, where=where)
      near(losses.cosineSimilarity(x, y, { axis: -2, where }), [0.98994946, 1]);
    }),
  );

  it(
    "binaryDiceLoss takes probabilities",
    inTidy(() => {
      const [shares, targets] = [tf.tensor2d([[0.5, 0.25]]), tf.tensor2d([[1, 0]])];
      near(losses.binaryDiceLoss(shares, targets, { applySigmoid: false }), [
        1 - 1.5 / (0.5 + 0.125 + 0.25 + 1),
      ]);
    }),
  );

  it(
    "rankingSoftmaxLoss reduces with a function of its own",
    inTidy(() => {
      const [scores, grades] = [
        tf.tensor2d([
          [1, 2],
          [3, 4],
        ]),
        tf.tensor2d([
          [0, 1],
          [1, 0],
        ]),
      ];
      const where = tf.tensor2d(
        [
          [1, 1],
          [0, 0],
        ],
        [2, 2],
        "bool",
      );
      const seen: (number[] | null)[] = [];
      const reduceFn = (each: tf.Tensor, lists: tf.Tensor | null): tf.Tensor => {
        seen.push(lists && values(lists));
        return tf.max(each);
      };
      near(losses.rankingSoftmaxLoss(scores, grades, { where, reduceFn }), [Math.log1p(Math.exp(-1))]);
      losses.rankingSoftmaxLoss(scores, grades, { reduceFn });
      expect(seen).toEqual([[1, 0], null]);
    }),
  );

  it(
    "Fenchel-Young losses take all rows at once, pass arguments on, and give the cross entropy",
    inTidy(() => {
      const drawn = (seed: number): tf.Tensor => tf.randomNormal([2, 3, 4], 0, 1, "float32", seed);
      const [scores, targets] = [drawn(1), tf.softmax(drawn(2))];
      const byRow = losses.makeFenchelYoungLoss((row) => logsumexp(row));
      const atOnce = losses.makeFenchelYoungLoss((x) => logsumexp(x, { axis: -1 }), { batched: true });
      near(byRow(scores, targets), values(losses.softmaxCrossEntropy(scores, targets)));
      near(atOnce(scores, targets), values(byRow(scores, targets)));
      const scaled = losses.makeFenchelYoungLoss((x, by: number) => tf.mul(logsumexp(x), by) as tf.Tensor);
      near(
        tf.sub(scaled(scores, targets, 2), byRow(scores, targets)),
        values(logsumexp(scores, { axis: -1 })),
      );
      expect(atOnce(tf.zeros([0, 3]), tf.zeros([0, 3])).shape).toEqual([0]);
      expect(byRow(tf.zeros([0, 3]), tf.zeros([0, 3])).shape).toEqual([0]);
    }),
  );

  it(
    "one loss serves two gradients at a time: of logits, labels and what both come from",
    inTidy(() => {
      const x = tf.tensor2d([[0.5, -1, 0.25]]);
      const loss = (w: tf.Tensor): tf.Tensor =>
        tf.sum(losses.softmaxCrossEntropy(tf.mul(w, 2), tf.softmax(w as tf.Tensor2D)));
      const plain = (w: tf.Tensor): tf.Tensor =>
        tf.neg(tf.sum(tf.mul(tf.softmax(w as tf.Tensor2D), tf.logSoftmax(tf.mul(w, 2) as tf.Tensor2D))));
      near(grad(loss)(x), values(grad(plain)(x)));
      const twice = (f: (w: tf.Tensor) => tf.Tensor) =>
        grad((w: tf.Tensor) => tf.sum(tf.square(grad(f)(w))))(x);
      near(twice(loss), values(twice(plain)));
    }),
  );

  it(
    "gradients of tensorflow.js, forward derivatives and recomputed parts take the loops too",
    inTidy(() => {
      const [x, y] = [tf.tensor2d([[0.5, -1, 0.25]]), tf.tensor2d([[0.2, 0.3, 0.5]])];
      const label = tf.tensor1d([2], "int32");
      const all: ((w: tf.Tensor) => tf.Tensor)[] = [
        (w) => tf.sum(losses.softmaxCrossEntropy(w, y)),
        (w) => tf.sum(losses.softmaxCrossEntropyWithIntegerLabels(w, label)),
      ];
      const right = [y, tf.tensor2d([[0, 0, 1]])];
      for (const [i, loss] of all.entries()) {
        const wanted = values(tf.sub(tf.softmax(x), right[i]!));
        installGradients();
        near(tf.grad(loss)(x), wanted);
        near(grad((w: tf.Tensor) => remat(loss)(w))(x), wanted);
        const [, slope] = jvp(loss, [x], [tf.tensor2d([[1, 0, 0]])]);
        near(slope, wanted.slice(0, 1));
      }
    }),
  );
});

it.each([
  ["multiclassHingeLoss", losses.multiclassHingeLoss],
  ["multiclassPerceptronLoss", losses.multiclassPerceptronLoss],
] as const)("%s of infinite scores is what optax gives", (_, loss) => {
  tf.tidy(() => {
    const scores = tf.tensor2d([
      [Infinity, 1, 0],
      [1, Infinity, 0],
      [-Infinity, 1, 0],
    ]);
    const labels = tf.tensor1d([0, 0, 0], "int32");
    expect(values(loss(scores, labels))).toEqual([Number.NaN, Number.NaN, Infinity]);
  });
});

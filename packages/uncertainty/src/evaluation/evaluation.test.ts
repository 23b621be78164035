import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readGolden } from "../../../../scripts/golden.ts";
import {
  aupr,
  auroc,
  evaluateOod,
  expectedCalibrationError,
  fprAtTpr,
  reliabilityBins,
  selectivePrediction,
} from "../index.ts";

interface Golden {
  readonly ood: Record<
    string,
    Record<"known" | "unseen", number[]> & Record<"auroc" | "aupr" | "fpr95", number>
  >;
  readonly calibration: Record<
    string,
    Record<"shape" | "data" | "labels", number[]> & Record<"bins" | "ece", number>
  >;
}
const golden = readGolden<Golden>("uncertainty");

describe("OOD measures", () => {
  it.each(Object.entries(golden.ood))("equal scikit-learn's: %s", (_name, { known, unseen, ...wanted }) => {
    const found = evaluateOod(known, unseen);
    for (const name of ["auroc", "aupr", "fpr95"] as const) expect(found[name]).toBeCloseTo(wanted[name], 12);
  });

  const scores = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 20 });
  it("do not depend on the order of inputs nor on a monotone change of scores; AUROC is the chance to win", () => {
    fc.assert(
      fc.property(scores, scores, (known, unseen) => {
        const found = evaluateOod(known, unseen);
        const changed = (list: number[]) => [...list].reverse().map((s) => Math.exp(s) - 3);
        expect(evaluateOod(changed(known), changed(unseen))).toEqual(found);
        let wins = 0;
        for (const a of known) for (const b of unseen) wins += b > a ? 1 : b === a ? 0.5 : 0;
        expect(found.auroc).toBeCloseTo(wins / known.length / unseen.length, 12);
      }),
    );
  });

  it("take tensors and typed arrays as lists", () => {
    const [known, unseen] = [
      [0, 0.25, 0.5],
      [0.25, 1, 2],
    ];
    const wanted = evaluateOod(known, unseen);
    expect(evaluateOod(tf.tensor1d(known), tf.tensor2d(unseen, [3, 1]))).toEqual(wanted);
    expect(evaluateOod(Float32Array.from(known), tf.tensor1d(unseen))).toEqual(wanted);
  });

  const disposed = tf.ones([2]);
  disposed.dispose();
  it.each<[string, () => unknown, RegExp]>([
    [
      "a list of lists",
      () => evaluateOod([[0.1], [0.2]] as unknown as number[], [1]),
      /auroc: expected the scores of known inputs to be a list of numbers or a tensor, got an array of length 2/,
    ],
    [
      "text",
      () => evaluateOod([1], "0.5" as unknown as number[]),
      /expected the scores of unseen inputs to be a list of numbers or a tensor, got "0.5"/,
    ],
    [
      "BigInts",
      () => auroc(new BigInt64Array(2) as unknown as number[], [1]),
      /a list of numbers or a tensor/,
    ],
    [
      "nothing",
      () => aupr(undefined as unknown as number[], [1]),
      /a list of numbers or a tensor, got undefined/,
    ],
    ["a disposed tensor", () => auroc(disposed, [1]), /known inputs to be a live tensor/],
    ["strings", () => auroc(tf.tensor1d(["a"]), [1]), /known inputs to hold numbers, got a string\[1\]/],
    ["no known inputs", () => auroc([], [1]), /auroc: expected scores of at least one known input/],
    ["no unseen inputs", () => aupr([1], []), /aupr: expected scores of at least one unseen input/],
    ["NaN", () => fprAtTpr([1, Number.NaN], [1]), /fprAtTpr:.*got NaN at 1/],
    ["a rate of 0", () => fprAtTpr([1], [1], { tpr: 0 }), /tpr in \(0, 1\], got 0/],
  ])("refuse %s", (_what, run, message) => {
    expect(run).toThrow(message);
  });
});

describe("calibration", () => {
  it.each(Object.entries(golden.calibration))(
    "has the error of the plain computation: %s",
    (_name, { shape, data, labels, bins, ece }) => {
      expect(expectedCalibrationError({ data, shape }, labels, { bins })).toBeCloseTo(ece, 12);
      const diagram = reliabilityBins({ data, shape }, labels, { bins });
      expect(diagram).toHaveLength(bins);
      expect(diagram.reduce((sum, { count }) => sum + count, 0)).toBe(labels.length);
    },
  );

  it("takes tensors of labels", () => {
    const probabilities = tf.tensor2d([
      [0.2, 0.8],
      [0.6, 0.4],
    ]);
    const labels = tf.tensor1d([1, 1], "int32");
    expect(expectedCalibrationError(probabilities, labels, { bins: 5 })).toBeCloseTo(0.4, 6);
    expect(reliabilityBins(probabilities, labels)).toEqual(reliabilityBins(probabilities, [1, 1]));
  });

  it("has the lower end of each interval inside, and the upper one outside", () => {
    // 0.57 * 100 and 27 / 49 * 49 round to below the whole number.
    const given: readonly (readonly [number, number])[] = [
      [100, 0.57],
      [100, 0.58],
      [50, 0.58],
      [49, 27 / 49],
      [49, 32 / 49],
    ];
    for (const [bins, confidence] of given) expectInside(bins, confidence);
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 400 }),
        fc.double({ min: 0.5, max: 1, noNaN: true }),
        (bins, p) => {
          expectInside(bins, p);
          expectInside(bins, Math.ceil(p * bins) / bins);
        },
      ),
    );
  });

  function expectInside(bins: number, confidence: number): void {
    const data = [confidence, 1 - confidence];
    const bin = reliabilityBins({ data, shape: [1, 2] }, [0], { bins }).find(({ count }) => count > 0);
    expect(bin?.from).toBeLessThanOrEqual(confidence);
    if (bin?.to !== 1) expect(bin?.to).toBeGreaterThan(confidence);
  }

  it("puts certainty into the last bin and shows empty bins as such", () => {
    const diagram = reliabilityBins({ data: [1, 0, 0, 1], shape: [2, 2] }, [0, 0], { bins: 2 });
    expect(diagram).toEqual([
      { from: 0, to: 0.5, count: 0, confidence: Number.NaN, accuracy: Number.NaN },
      { from: 0.5, to: 1, count: 2, confidence: 1, accuracy: 0.5 },
    ]);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "fewer labels than rows",
      () => reliabilityBins({ data: [1, 0], shape: [1, 2] }, []),
      /one label for each of 1 rows, got 0/,
    ],
    [
      "a label that is no class",
      () => reliabilityBins({ data: [1, 0], shape: [1, 2] }, [2]),
      /labels from 0 to 1, got 2 for row 0/,
    ],
    [
      "half a bin",
      () => reliabilityBins({ data: [1, 0], shape: [1, 2] }, [0], { bins: 0.5 }),
      /positive number of bins, got 0.5/,
    ],
    [
      "probabilities in the place of labels",
      () => expectedCalibrationError({ data: [0.2, 0.8], shape: [1, 2] }, tf.tensor2d([[0, 1]])),
      /expectedCalibrationError: expected one label for each of 1 rows, got 2/,
    ],
    [
      "labels that are no list",
      () => expectedCalibrationError({ data: [0.2, 0.8], shape: [1, 2] }, 1 as unknown as number[]),
      /expectedCalibrationError: expected the labels to be a list of numbers or a tensor, got 1/,
    ],
    ["one class", () => expectedCalibrationError({ data: [1], shape: [1, 1] }, [0]), /at least two classes/],
  ])("refuses %s", (_what, run, message) => {
    expect(run).toThrow(message);
  });
});

describe("selectivePrediction", () => {
  it("reports the mean loss of the most certain inputs", () => {
    const { rejected, loss, area } = selectivePrediction([0.4, 0.1, 0.3, 0.2], [1, 0, 1, 0], { bins: 4 });
    expect([...rejected]).toEqual([0, 0.25, 0.5, 0.75]);
    expect([...loss]).toEqual([0.5, 1 / 3, 0, 0]);
    expect(area).toBeCloseTo((0.25 + 1 / 3 + 0) / 3, 12);
  });

  it("is no better than chance when all are equally uncertain, whatever their order", () => {
    const { loss, area } = selectivePrediction([1, 1, 1, 1], [0, 1, 1, 1], { bins: 4 });
    expect([...loss]).toEqual([0.75, 0.75, 0.75, 0.75]);
    expect(area).toBeCloseTo(0.75, 12);
  });

  it("does not depend on the order of inputs", () => {
    const inputs = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 1 })), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(inputs, (pairs) => {
        const run = (list: [number, number][]) =>
          selectivePrediction(
            list.map(([u]) => u),
            list.map(([, l]) => l),
            { bins: 7 },
          );
        const [a, b] = [run(pairs), run([...pairs].reverse())];
        for (const [i, value] of a.loss.entries()) expect(b.loss[i]).toBeCloseTo(value, 10);
        expect(a.loss[0]).toBeCloseTo(pairs.reduce((sum, [, l]) => sum + l, 0) / pairs.length, 10);
      }),
    );
  });

  it("takes tensors", () => {
    const given = selectivePrediction([0.5, 0.125], [1, 0], { bins: 2 });
    expect(selectivePrediction(tf.tensor1d([0.5, 0.125]), tf.tensor1d([1, 0]), { bins: 2 })).toEqual(given);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "a list of lists",
      () => selectivePrediction([1], [[1]] as unknown as number[]),
      /expected the losses to be a list of numbers or a tensor/,
    ],
    [
      "lists of different lengths",
      () => selectivePrediction([1], [1, 2]),
      /as many uncertainties as losses.*got 1 and 2/,
    ],
    ["NaN", () => selectivePrediction([Number.NaN], [1]), /got NaN for input 0/],
    ["one bin", () => selectivePrediction([1], [1], { bins: 1 }), /at least 2 bins, got 1/],
  ])("refuses %s", (_what, run, message) => {
    expect(run).toThrow(message);
  });
});

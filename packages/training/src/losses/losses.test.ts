/**
 * @file Every loss against optax's values, gradients and second derivatives, at the edges of float32
 * too.
 */
import { grad } from "@nnxjs/nnx-core";
import { logsumexp } from "@nnxjs/layers";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onBackendElsewhere } from "../../../../scripts/backend-elsewhere.ts";
import { readGolden } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import * as losses from "./index.ts";

/** What is not finite stands as text. */
type Values = readonly (number | string)[];
interface GoldenArray {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
  readonly data: Values;
}
interface Case {
  readonly title: string;
  readonly name: string;
  readonly args: readonly GoldenArray[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly wrt: readonly number[];
  readonly values: readonly GoldenArray[];
  readonly gradients?: readonly Values[];
  readonly second?: readonly Values[];
}

const { cases } = readGolden<{ cases: readonly Case[] }>("losses");

const texts: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, "-inf": -Infinity };
const numbers = (values: Values): number[] =>
  values.map((value) => (typeof value === "number" ? value : (texts[value] as number)));
const tensorOf = ({ data, shape, dtype }: GoldenArray): tf.Tensor =>
  tf.tensor(numbers(data), [...shape], dtype);

const isArray = (value: unknown): value is GoldenArray =>
  typeof value === "object" && value !== null && "dtype" in value;

type Loss = (...args: unknown[]) => tf.Tensor | readonly tf.Tensor[];

/** The loss of a case: its arguments, and as options what optax takes by name. */
function lossOf({ name, options }: Case): (args: readonly tf.Tensor[]) => readonly tf.Tensor[] {
  const all = losses as unknown as Readonly<Record<string, unknown>>;
  const { alpha, ...others } = Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key, isArray(value) ? tensorOf(value) : value]),
  );
  const byName: Readonly<Record<string, (args: readonly tf.Tensor[]) => unknown>> = {
    makeFenchelYoungLoss: ([scores, targets]) =>
      losses.makeFenchelYoungLoss((row) => logsumexp(row))(scores as tf.Tensor, targets as tf.Tensor),
    squaredError: ([predictions, targets]) => losses.squaredError(predictions as tf.Tensor, targets),
    l2Loss: ([predictions, targets]) => losses.l2Loss(predictions as tf.Tensor, targets),
    logCosh: ([predictions, targets]) => losses.logCosh(predictions as tf.Tensor, targets),
    huberLoss: ([predictions, targets]) => losses.huberLoss(predictions as tf.Tensor, targets, others),
    smoothLabels: ([labels]) => losses.smoothLabels(labels as tf.Tensor, alpha as number, others),
  };
  const plain = (args: readonly tf.Tensor[]): unknown =>
    (all[name] as Loss)(...args, alpha === undefined ? others : { ...others, alpha });
  return (args) => {
    const result = (byName[name] ?? plain)(args);
    return result instanceof tf.Tensor ? [result] : (result as readonly tf.Tensor[]);
  };
}

/** 1, 1.5, 2, 1, … in the shape of x. */
const weights = ({ size, shape }: tf.Tensor): tf.Tensor =>
  tf.tensor(
    Array.from({ length: size }, (_, i) => 1 + (i % 3) / 2),
    shape,
    "float32",
  );

const total = (tensors: readonly tf.Tensor[]): tf.Scalar =>
  tensors.map((x) => tf.sum(tf.mul(x, weights(x)))).reduce((a, b) => tf.add(a, b)) as tf.Scalar;

function expectNear(values: ArrayLike<number>, wanted: Values, what: string, tolerance: number): void {
  expect(values.length, what).toBe(wanted.length);
  numbers(wanted).forEach((reference, i) => {
    const value = values[i] as number;
    const near = Math.abs(value - reference) <= tolerance * Math.max(Math.abs(reference), 1);
    if (!(Number.isFinite(reference) ? near : Object.is(value, reference))) {
      expect.fail(`${what}[${i}]: expected ${reference}, got ${value}`);
    }
  });
}

function compare(withinReach: boolean): void {
  it.each(cases.map((each) => [each.title, each] as const))("%s", (_title, each) => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      // Sums of logEpsilon have 2 ** -7 as their last digit in float32, and shares of them so many.
      const isRounded = !withinReach && each.title === "ctc_loss: too short for its labels";
      const tolerance = isRounded ? 2 ** -7 : 1e-5;
      const loss = lossOf(each);
      const args = each.args.map(tensorOf);
      const found = loss(args);
      each.values.forEach((value, i) => {
        expect(found[i]?.shape).toEqual(value.shape);
        expectNear(found[i]!.dataSync(), value.data, `value ${i}`, tolerance);
      });
      const { wrt, gradients, second } = each;
      const slopes = grad((...given: tf.Tensor[]) => total(loss(given)), {
        argnums: [...wrt],
      }) as unknown as (...given: tf.Tensor[]) => tf.Tensor[];
      if (gradients) {
        const got = slopes(...args);
        for (const [i, data] of gradients.entries())
          expectNear(got[i]!.dataSync(), data, `gradient ${wrt[i]}`, tolerance);
      }
      if (second) {
        const curves = grad((...given: tf.Tensor[]) => total(slopes(...given)), { argnums: [...wrt] });
        const got = curves(...args) as unknown as tf.Tensor[];
        for (const [i, data] of second.entries())
          expectNear(got[i]!.dataSync(), data, `second ${wrt[i]}`, 5 * tolerance);
      }
    });
    expect(tf.memory().numTensors).toBe(before);
  });
}

onEachBackend("losses as optax's", () => {
  compare(true);
});
onBackendElsewhere("losses as optax's", () => {
  compare(false);
});

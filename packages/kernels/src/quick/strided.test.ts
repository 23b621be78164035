import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { sizeOf } from "../shape.ts";
import { contract } from "./contract.ts";
import { planContraction } from "./contraction-plan.ts";
import { contractStrided } from "./strided.ts";

const SIZES: Readonly<Record<string, number>> = { b: 2, h: 3, q: 17, k: 9, d: 8, e: 5, o: 1 };
const sizes = new Map(Object.entries(SIZES));
const shapeOf = (labels: readonly string[]): number[] => labels.map((label) => SIZES[label]!);

const tensorOf = (labels: readonly string[], seed: number): tf.Tensor =>
  tf.tensor(
    Float32Array.from({ length: sizeOf(shapeOf(labels)) }, (_, i) => Math.sin(12.9898 * (i + 1) + seed)),
    shapeOf(labels),
  );

/** The sum of products in float64, one term after the other. */
function reference(
  operands: readonly (readonly [readonly string[], ArrayLike<number>])[],
  out: readonly string[],
): number[] {
  const labels = [...new Set(operands.flatMap(([own]) => own))];
  const result = Array<number>(sizeOf(shapeOf(out))).fill(0);
  const at = new Map<string, number>();
  const indexIn = (own: readonly string[]): number =>
    own.reduce((index, label) => index * SIZES[label]! + at.get(label)!, 0);
  for (let i = 0; i < sizeOf(shapeOf(labels)); i++) {
    let rest = i;
    for (const label of labels) {
      at.set(label, rest % SIZES[label]!);
      rest = Math.floor(rest / SIZES[label]!);
    }
    result[indexIn(out)]! += operands.reduce((term, [own, values]) => term * values[indexIn(own)]!, 1);
  }
  return result;
}

function check(left: string, right: string, out: string): void {
  tf.tidy(() => {
    const [l, r, o] = [left, right, out].map((letters) => letters.split("")) as [
      string[],
      string[],
      string[],
    ];
    const [x, y] = [tensorOf(l, 1), tensorOf(r, 2)];
    const got = contract(
      [
        { x, labels: l },
        { x: y, labels: r },
      ],
      o,
      sizes,
    );
    const wanted = reference(
      [
        [l, x.dataSync()],
        [r, y.dataSync()],
      ],
      o,
    );
    expect(got.shape).toEqual(shapeOf(o));
    const values = got.dataSync();
    wanted.forEach((value, i) => {
      expect(Math.abs(values[i]! - value), `${left},${right}->${out}`).toBeLessThan(1e-4);
    });
  });
}

onEachBackend("contractions", () => {
  beforeAll(() => mendKernels());

  it.each([
    ["bqhd", "bkhd", "bhqk"],
    ["bhqk", "bkhd", "bqhd"],
    ["bqhd", "bqhe", "bhde"],
    ["bqd", "de", "bqe"],
    ["bqd", "bqe", "de"],
    ["qb", "qh", "hb"],
    ["qb", "qh", "bh"],
    ["qhd", "dhe", "qe"],
    ["qd", "d", "q"],
    ["d", "qd", "q"],
    ["qo", "ok", "qk"],
    ["q", "k", "kq"],
    ["qd", "kd", ""],
    ["qb", "kb", "qkb"],
    ["bq", "bq", "bq"],
    ["bqd", "bk", "qkb"],
  ])("%s, %s -> %s", (left, right, out) => check(left, right, out));

  it("in any order of axes", () => {
    const letters = ["b", "h", "q", "k", "d", "o"];
    const some = fc.shuffledSubarray(letters, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(some, some, fc.shuffledSubarray(letters), (left, right, all) => {
        const out = all.filter((label) => left.includes(label) || right.includes(label));
        check(left.join(""), right.join(""), out.join(""));
      }),
      { numRuns: 150, seed: 3 },
    );
  });

  it("of attention arrange nothing, unless a tape records", () => {
    const [q, k] = ["bqhd", "bkhd"].map((letters) => letters.split(""));
    const operands = [
      { x: tensorOf(q!, 1), labels: q! },
      { x: tensorOf(k!, 2), labels: k! },
    ] as const;
    const out = "bhqk".split("");
    const groups = planContraction(q!, k!, out);
    const run = (): tf.TensorInfo | undefined => contractStrided(...operands, groups, out, sizes);
    const info = run()!;
    expect(info.shape).toEqual(shapeOf(out));
    tf.engine().makeTensorFromTensorInfo(info).dispose();
    const twice = tf.customGrad((x) => ({
      value: tf.add(x as tf.Tensor, x as tf.Tensor),
      gradFunc: (dy: tf.Tensor) => tf.add(dy, dy),
    }));
    const g = tf.grad((x: tf.Tensor) => {
      expect(run()).toBeUndefined();
      return twice(x);
    })(tf.scalar(1));
    expect(g.dataSync()[0]).toBe(2);
  });
});

import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { fuse } from "../memory/fuse.ts";
import { useWasmKernels } from "../wasm/module.ts";
import { adamKernel, type AdamNumbers, type Finish } from "./adam.ts";

const numbers: AdamNumbers = {
  b1: 0.9,
  b2: 0.999,
  eps: 1e-8,
  epsRoot: 1e-12,
  mean: 1.3,
  gradient: 0.2,
  correction: 0.4,
};

const special = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1e-30,
  1e-42,
  3e25,
  2,
];

/** Ordinary numbers, and each special one somewhere. */
const values = (count: number, seed: number, low: number): number[] =>
  Array.from({ length: count }, (_, i) =>
    (i + 2 * seed) % 7 === 3
      ? special[(i * 5 + seed) % 9]!
      : Math.max(low, Math.sin(12.9898 * (i + 1) + seed)),
  );

/** What should come out for one element, in float64. */
function reference(g: number, m: number, v: number, p: number, finish?: Finish): [number, number, number] {
  const mean = numbers.b1 * m + (1 - numbers.b1) * g;
  const square = numbers.b2 * v + (1 - numbers.b2) * Math.fround(g * g);
  const root = Math.sqrt(square / numbers.correction + numbers.epsRoot);
  const direction = (numbers.mean * mean + numbers.gradient * g) / (root + numbers.eps);
  if (!finish) return [direction, mean, square];
  const decayed = finish.share === 0 ? direction : direction + finish.share * p;
  return [p + finish.factor * decayed, mean, square];
}

const close = (got: number, want: number, scale: number): boolean =>
  Number.isFinite(want) && Math.abs(want) < 3e38
    ? Math.abs(got - want) <= 2e-6 * Math.max(Math.abs(want), scale) + 1e-44
    : Object.is(got, Math.fround(want));

onEachBackend("a step of Adam by kernel", () => {
  afterEach(() => useWasmKernels(true));

  const finishes = [undefined, { factor: -0.1, share: 0 }, { factor: -0.1, share: 0.01 }];
  it.each(finishes)("is what it is in float64: %j", (finish) => {
    for (const n of [0, 1, 3, 4, 5, 31, 260]) {
      const [g, m, v, p] = [
        values(n, 1, -1),
        values(n, 2, -1),
        values(n, 3, 0).map(Math.abs),
        values(n, 4, -1),
      ];
      const [tg, tm, tv, tp] = [g, m, v, p].map((list) => tf.tensor1d(list, "float32"));
      const inputs = finish ? [tp!, tg!, tm!, tv!] : [tg!, tm!, tv!];
      const results = fuse(
        inputs,
        [[n], [n], [n]],
        () => {
          throw new Error("the loop ran");
        },
        adamKernel(numbers, finish),
      )!;
      const got = results.map((x) => x.dataSync());
      const [eg, em, ev, ep] = [tg!, tm!, tv!, tp!].map((x) => x.dataSync());
      for (let i = 0; i < n; i++) {
        const want = reference(eg![i]!, em![i]!, ev![i]!, ep![i]!, finish);
        // Terms of both signs may cancel each other.
        const scales = [Math.abs(em![i]!) + Math.abs(eg![i]!), Math.abs(em![i]!) + Math.abs(eg![i]!), 0];
        want.forEach((value, k) => {
          const size = finish ? Math.abs(ep![i]!) : 0;
          const scale = k === 0 ? Math.max(Math.abs(value), size, 1) : scales[k]!;
          const tail = `${k} of ${[eg, em, ev, ep].map((list) => list![i]).join(", ")}`;
          expect([close(got[k]![i]!, value, scale), got[k]![i], value, tail]).toEqual([
            true,
            got[k]![i],
            value,
            tail,
          ]);
        });
      }
      tf.dispose([...results, tg!, tm!, tv!, tp!]);
    }
  });

  it("gives an element what it gets at any other position", () => {
    const one = (n: number): number => {
      const inputs = [0.3, -0.2, 0.04].map((value) => tf.fill([n], value));
      const results = fuse(inputs, [[n], [n], [n]], () => {}, adamKernel(numbers))!;
      const found = [...new Set(results[0]!.dataSync())];
      tf.dispose([...inputs, ...results]);
      expect(found).toHaveLength(1);
      return found[0]!;
    };
    expect(new Set([1, 2, 3, 4, 5, 7, 8, 66].map(one)).size).toBe(1);
  });

  it("is a loop where kernels are off", () => {
    useWasmKernels(false);
    const x = tf.ones([2]);
    const [y] = fuse([x], [[2]], ([from], [to]) => to!.set(from!), adamKernel(numbers))!;
    expect([...y!.dataSync()]).toEqual([1, 1]);
  });
});

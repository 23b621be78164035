import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { product } from "../quick/product.ts";
import { sizeOf } from "../shape.ts";
import { useWasmKernels } from "./module.ts";
import { hasProducts } from "./product.ts";

/** Numbers of both signs whose products and sums differ in every digit. */
const numbers = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 3);

/** The index in a tensor of the matrix with this index in the batch `shared`. */
function matrixOf(index: number, shared: readonly number[], own: readonly number[]): number {
  let [rest, at, step] = [index, 0, 1];
  for (let axis = 1; axis <= shared.length; axis++) {
    const size = shared[shared.length - axis]!;
    const ownSize = own[own.length - axis] ?? 1;
    if (ownSize !== 1) at += (rest % size) * step;
    step *= ownSize;
    rest = Math.floor(rest / size);
  }
  return at;
}

/** `op(a) @ op(b)` in float64, with the sum of the absolute values of what is added. */
function reference(
  a: tf.Tensor,
  b: tf.Tensor,
  transposeA: boolean,
  transposeB: boolean,
): { shape: number[]; sums: number[]; sizes: number[] } {
  const [x, y] = [a.dataSync(), b.dataSync()];
  const [m, k] = transposeA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
  const n = b.shape.at(transposeB ? -2 : -1)!;
  const [ofA, ofB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const shared = tf.backend_util.assertAndGetBroadcastShape(ofA, ofB);
  const [sums, sizes]: [number[], number[]] = [[], []];
  for (let index = 0; index < sizeOf(shared); index++) {
    const p = matrixOf(index, shared, ofA) * m * k;
    const q = matrixOf(index, shared, ofB) * k * n;
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let [sum, size] = [0, 0];
        for (let l = 0; l < k; l++) {
          const term =
            x[p + (transposeA ? l * m + i : i * k + l)]! * y[q + (transposeB ? j * k + l : l * n + j)]!;
          sum += term;
          size += Math.abs(term);
        }
        sums.push(sum);
        sizes.push(size);
      }
  }
  return { shape: [...shared, m, n], sums, sizes };
}

/** Expects what the sums of products are, up to the rounding of float32. */
function expectProduct(
  y: tf.Tensor,
  a: tf.Tensor,
  b: tf.Tensor,
  transposeA: boolean,
  transposeB: boolean,
): void {
  const wanted = reference(a, b, transposeA, transposeB);
  expect(y.shape).toEqual(wanted.shape);
  const got = y.dataSync();
  const wrong = wanted.sums.findIndex((sum, i) => {
    if (!Number.isFinite(wanted.sizes[i]!)) {
      return Number.isNaN(sum) ? !Number.isNaN(got[i]!) : got[i] !== sum;
    }
    return !(Math.abs(got[i]! - sum) <= 1e-6 * Math.max(wanted.sizes[i]!, 2 ** -126));
  });
  expect([wrong, got[wrong], wanted.sums[wrong]]).toEqual([-1, undefined, undefined]);
}

const swapped = ([...shape]: readonly number[]): number[] => {
  const [last, before] = [shape.pop()!, shape.pop()!];
  return [...shape, last, before];
};

/** Multiplies tensors of these shapes, `[..., M, K]` and `[..., K, N]`, in all four orders. */
function checkShapes(left: readonly number[], right: readonly number[]): void {
  for (const transposeA of [false, true])
    for (const transposeB of [false, true])
      tf.tidy(() => {
        const a = tf.tensor(numbers(sizeOf(left), 1), transposeA ? swapped(left) : [...left]);
        const b = tf.tensor(numbers(sizeOf(right), 2), transposeB ? swapped(right) : [...right]);
        expectProduct(tf.matMul(a, b, transposeA, transposeB), a, b, transposeA, transposeB);
        expectProduct(product(a, b, transposeA, transposeB), a, b, transposeA, transposeB);
      });
}

onEachBackend("products", (backend) => {
  beforeAll(() => mendKernels());
  afterAll(() => useWasmKernels(true));
  afterEach(() => useWasmKernels(true));

  it("run in WebAssembly here", () => {
    expect(hasProducts(tf.backend())).toBe(true);
    useWasmKernels(false);
    expect(hasProducts(tf.backend())).toBe(false);
  });

  it.each([
    [1, 1, 1],
    [1, 5, 7],
    [3, 2, 9],
    [4, 8, 8],
    [5, 3, 12],
    [12, 33, 17],
    [13, 33, 17],
    [2, 1100, 19],
    [30, 1100, 11],
    [131, 40, 530],
    [260, 7, 3],
  ])("of %i × %i and as many × %i numbers are what they should be", (m, k, n) => {
    checkShapes([m, k], [k, n]);
  });

  it.each([
    [1, 300],
    [2, 513],
    [3, 1100],
  ])("of %i rows are sums in their order, with each number of columns", (m, k) => {
    // Of more products than a cache holds, equal parts are added up first.
    const part = Math.ceil(k / Math.ceil(k / 512));
    for (const n of [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 33, 70, 130])
      tf.tidy(() => {
        const [x, y, z] = [numbers(m * k, 1), numbers(k * n, 2), numbers(n, 3)];
        const wanted = Float32Array.from({ length: m * n }, (_, at) => {
          const [i, j] = [Math.floor(at / n), at % n];
          let sum = 0;
          for (let begin = 0; begin < k; begin += part) {
            let own = 0;
            for (let l = begin; l < Math.min(begin + part, k); l++)
              own = Math.fround(own + Math.fround(x[i * k + l]! * y[l * n + j]!));
            sum = begin === 0 ? own : Math.fround(sum + own);
          }
          return Math.max(0, sum + z[j]!);
        });
        const [a, b, bias] = [tf.tensor2d(x, [m, k]), tf.tensor2d(y, [k, n]), tf.tensor1d(z)];
        const got = tf.fused.matMul({ a, b, bias, activation: "relu" });
        expect(got.dataSync()).toEqual(wanted);
        // The same twice, in a batch, with one matrix for each of its rows.
        const [rows, matrices] = [tf.stack([a, a]), tf.stack([b, b])];
        const twice = tf.relu(tf.add(tf.matMul(rows, matrices), bias)).dataSync();
        expect(twice).toEqual(Float32Array.of(...wanted, ...wanted));
      });
  });

  it.each([
    [[3], [3]],
    [
      [2, 3],
      [2, 3],
    ],
    [[1], [4]],
    [[4], []],
    [[], [4]],
    [
      [2, 1],
      [1, 3],
    ],
    [
      [2, 1, 2],
      [3, 1],
    ],
    [[3, 2], [2]],
    [[0], [1]],
  ])("have batches of %j and %j", (left, right) => {
    checkShapes([...left, 5, 6], [...right, 6, 9]);
    checkShapes([...left, 2, 3], [...right, 3, 16]);
  });

  it("of nothing are zeros, or nothing", () => {
    checkShapes([2, 0], [0, 3]);
    checkShapes([0, 2], [2, 3]);
    checkShapes([2, 2], [2, 0]);
  });

  it("are right for any shapes", () => {
    const size = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(size, size, size, fc.integer({ min: 1, max: 3 }), (m, k, n, batch) => {
        checkShapes([batch, m, k], [batch, k, n]);
      }),
      { numRuns: 40, seed: 5 },
    );
  });

  it("follow NaN, infinities, zeros and subnormal numbers", () => {
    const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e-40, 2e18, 1];
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 18 }),
        fc.array(fc.constantFrom(...special), { minLength: 140, maxLength: 140 }),
        (m, k, n, values) =>
          tf.tidy(() => {
            const a = tf.tensor2d(values.slice(0, m * k), [m, k]);
            const b = tf.tensor2d(values.slice(50, 50 + k * n), [k, n]);
            const want = reference(a, b, false, false);
            const got = tf.matMul(a, b).dataSync();
            want.sums.forEach((sum, i) => {
              if (Number.isFinite(sum)) {
                expect(Math.abs(got[i]! - sum)).toBeLessThanOrEqual(1e-6 * want.sizes[i]! + 1e-44);
              } else expect(got[i]).toBe(sum);
            });
          }),
      ),
      { numRuns: 200, seed: 6 },
    );
  });

  it("do not depend on where the operands lie", () => {
    const results = [0, 1, 2, 3].map((gap) =>
      tf.tidy(() => {
        tf.zeros([gap + 1]);
        const a = tf.tensor(numbers(35 * 21, 3), [35, 21]);
        tf.zeros([2 * gap + 1]);
        const b = tf.tensor(numbers(21 * 26, 4), [21, 26]);
        return [...tf.matMul(a, b).dataSync()];
      }),
    );
    for (const result of results) expect(result).toEqual(results[0]);
  });

  it("write nothing but their result", () => {
    tf.tidy(() => {
      const [m, k, n] = [6, 5, 11];
      const around = Array.from({ length: 40 }, () => tf.fill([m * n], 7));
      // Every other one is freed, so that results come to lie between the rest.
      const kept = around.filter((_, i) => i % 2 === 0);
      tf.dispose(around.filter((_, i) => i % 2 === 1));
      const products = Array.from({ length: 20 }, () => tf.matMul(tf.ones([m, k]), tf.ones([k, n])));
      for (const x of kept) expect(new Set(x.dataSync())).toEqual(new Set([7]));
      for (const x of products) expect(new Set(x.dataSync())).toEqual(new Set([k]));
    });
  });

  it.each(["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu"] as const)(
    "take a bias and then %s",
    (activation) => {
      tf.tidy(() => {
        for (const [m, k, n] of [
          [3, 4, 5],
          [20, 600, 10],
        ] as const) {
          const a = tf.tensor2d(numbers(m * k, 5), [m, k]);
          const b = tf.tensor2d(numbers(k * n, 6), [k, n]);
          const bias = tf.tensor1d(numbers(n, 7));
          const slope = tf.tensor1d(numbers(n, 8));
          const options = activation === "prelu" ? { preluActivationWeights: slope } : {};
          const got = tf.fused.matMul({ a, b, bias, activation, leakyreluAlpha: 0.1, ...options });
          const z = tf.add(tf.matMul(a, b), bias);
          const wanted = {
            linear: () => z,
            relu: () => tf.relu(z),
            relu6: () => tf.relu6(z),
            elu: () => tf.elu(z),
            sigmoid: () => tf.sigmoid(z),
            leakyrelu: () => tf.leakyRelu(z, 0.1),
            prelu: () => tf.prelu(z, slope),
          }[activation]();
          const difference = tf.max(tf.abs(tf.sub(got, wanted))).dataSync()[0];
          expect(difference).toBeLessThan(2e-5);
        }
      });
    },
  );

  it("keep NaN through a clamping activation", () => {
    const a = tf.tensor2d([Number.NaN, 1], [2, 1]);
    const y = tf.fused.matMul({ a, b: tf.tensor2d([-1], [1, 1]), activation: "relu6" });
    expect([...y.dataSync()]).toEqual([Number.NaN, 0]);
  });

  it("leave no tensors and no data behind", () => {
    const run = (): void =>
      tf.tidy(() => {
        tf.matMul(tf.ones([3, 20, 30]), tf.ones([3, 30, 10]));
        tf.fused.matMul({ a: tf.ones([2, 3]), b: tf.ones([3, 4]), activation: "elu" });
      });
    run();
    const before = [tf.memory().numTensors, tf.memory().numBytes, tf.backend().numDataIds()];
    for (let i = 0; i < 5; i++) run();
    expect([tf.memory().numTensors, tf.memory().numBytes, tf.backend().numDataIds()]).toEqual(before);
  });

  it("are tensorflow.js's where the kernels are off", () => {
    const a = tf.tensor(numbers(2 * 5 * 4, 1), [2, 5, 4]);
    const b = tf.tensor(numbers(4 * 3, 2), [4, 3]);
    useWasmKernels(false);
    expectProduct(tf.matMul(a, b), a, b, false, false);
    expectProduct(product(a, b), a, b, false, false);
    expect(backend).toBe(tf.getBackend());
  });
});

describe("a product", () => {
  it("takes integers as tensorflow.js does", () => {
    const a = tf.tensor2d([1, 2, 3, 4], [2, 2], "int32");
    expect([...tf.matMul(a, a).dataSync()]).toEqual([7, 10, 15, 22]);
  });

  it("refuses inner sizes that differ", () => {
    expect(() => tf.matMul(tf.ones([2, 3]), tf.ones([2, 3]))).toThrow("inner shapes");
  });
});

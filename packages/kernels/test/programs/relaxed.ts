/**
 * @file Runs kernels with and without relaxed SIMD, on cpu and wasm. Prints, as JSON, how much their
 * results differ from each other and from float64: by backend, for each case.
 */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { mendKernels, useRelaxedSimd } from "../../src/index.ts";
import { convolve, filterGradient, inputGradient } from "../../src/own/convolutions.ts";
import { lstmOver } from "../../src/own/recurrent-ops.ts";
import { axes2D } from "../../src/conv-geometry.ts";

const numbers = (shape: readonly number[], seed: number): tf.Tensor => {
  const size = shape.reduce((all, each) => all * each, 1);
  const values = Float32Array.from({ length: size }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * seed));
  return tf.tensor(values, [...shape]);
};

interface Case {
  readonly name: string;
  readonly run: () => tf.Tensor;
  /** The same in float64, and what its rounding errors are measured by. */
  readonly exact?: () => { readonly sums: readonly number[]; readonly sizes: readonly number[] };
}

function product(m: number, k: number, n: number, transposeA: boolean, transposeB: boolean): Case {
  const [a, b] = [numbers(transposeA ? [k, m] : [m, k], 1), numbers(transposeB ? [n, k] : [k, n], 2)];
  return {
    name: `product ${m} x ${k} x ${n} ${transposeA ? "T" : "N"}${transposeB ? "T" : "N"}`,
    run: () => tf.matMul(a, b, transposeA, transposeB),
    exact() {
      const [x, y] = [a.dataSync(), b.dataSync()];
      const sums: number[] = [];
      const sizes: number[] = [];
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let [sum, size] = [0, 0];
          for (let l = 0; l < k; l++) {
            const term = x[transposeA ? l * m + i : i * k + l]! * y[transposeB ? j * k + l : l * n + j]!;
            sum += term;
            size += Math.abs(term);
          }
          sums.push(sum);
          sizes.push(size);
        }
      return { sums, sizes };
    },
  };
}

function convolution(name: string, channels: number, filters: number, groups: number): Case[] {
  const x = numbers([2, 9, 8, channels], 3);
  const filter = numbers([3, 3, channels / groups, filters], 4);
  const axes = axes2D(
    tf.backend_util.computeConv2DInfo([2, 9, 8, channels], [3, 3, channels, filters], 1, 1, "same"),
  );
  const dy = numbers([2, 9, 8, filters], 5);
  return [
    { name: `${name}, forward`, run: () => convolve(x, filter, axes, groups) },
    { name: `${name}, gradient of the input`, run: () => inputGradient(dy, filter, axes, groups) },
    { name: `${name}, gradient of the filter`, run: () => filterGradient(x, dy, axes, groups) },
  ];
}

const lstm = (): Case => {
  const inputs = { x: numbers([5, 3, 4 * 21], 6), kernel: numbers([21, 4 * 21], 7) };
  const carry = { c: numbers([5, 21], 8), h: numbers([5, 21], 9) };
  return {
    name: "recurrent LSTM",
    run: () => lstmOver({ ...inputs, ...carry }, { timeMajor: false, reverse: false })![0]!,
  };
};

const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, each) => (each > most || Number.isNaN(each) ? each : most), 0);

function measured({ name, run, exact }: Case): object {
  const values = (on: boolean): Float32Array => {
    if (!useRelaxedSimd(on)) throw new Error("This process has no relaxed SIMD.");
    return tf.tidy(() => run().dataSync<"float32">().slice());
  };
  const [plain, relaxed, again] = [values(false), values(true), values(false)];
  const wanted = exact?.();
  const size = wanted ? largest(wanted.sizes) : Math.max(1, largest(plain.map(Math.abs)));
  const apart = (other: ArrayLike<number>): number =>
    largest(relaxed.map((value, i) => Math.abs(value - other[i]!))) / size;
  return {
    name,
    difference: apart(plain),
    error: wanted ? apart(wanted.sums) : 0,
    isSameAgain: plain.every((value, i) => value === again[i]),
  };
}

const results: Record<string, readonly object[]> = {};
for (const backend of ["cpu", "wasm"]) {
  await tf.setBackend(backend);
  mendKernels();
  const sizes = [
    [1, 40, 37],
    [5, 3, 12],
    [13, 33, 17],
    [30, 1100, 11],
    [131, 40, 530],
  ] as const;
  const products = sizes.flatMap(([m, k, n]) =>
    [false, true].flatMap((a) => [false, true].map((b) => product(m, k, n, a, b))),
  );
  const cases = [
    ...products,
    ...convolution("convolution", 6, 12, 1),
    ...convolution("convolution in groups", 6, 12, 2),
    ...convolution("depthwise", 9, 9, 9),
    lstm(),
  ];
  results[backend] = cases.map(measured);
}
console.log(JSON.stringify(results));

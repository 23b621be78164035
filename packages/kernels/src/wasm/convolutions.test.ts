import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterEach, beforeAll, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { convolve, filterGradient, inputGradient } from "../own/convolutions.ts";
import type { Axis } from "../conv-geometry.ts";
import { sizeOf } from "../shape.ts";
import { chunksOf } from "./patches.ts";
import { useWasmKernels } from "./module.ts";
import { threeAxes } from "./windows.ts";

/** Numbers of both signs whose products and sums differ in every digit. */
const numbers = (shape: readonly number[], seed: number): tf.Tensor =>
  tf.tensor(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 3),
    [...shape],
  );

interface Problem {
  readonly batch: number;
  readonly axes: readonly Axis[];
  readonly groups: number;
  /** Of one group. */
  readonly inputs: number;
  readonly outputs: number;
}

const shapesOf = ({ batch, axes, groups, inputs, outputs }: Problem) => ({
  x: [batch, ...axes.map((a) => a.input), groups * inputs],
  filter: [...axes.map((a) => a.window), inputs, groups * outputs],
  y: [batch, ...axes.map((a) => a.output), groups * outputs],
});

/** Calls `term` with the positions in x, in the filter and in y of everything that is multiplied. */
function eachTerm(
  { batch, axes, groups, inputs, outputs }: Problem,
  term: (x: number, filter: number, y: number) => void,
): void {
  let places: [x: number, k: number, y: number][] = [[0, 0, 0]];
  for (const a of axes) {
    places = places.flatMap(([x, k, y]) =>
      Array.from({ length: a.output * a.window }, (_, i): [number, number, number] | undefined => {
        const [out, tap] = [Math.floor(i / a.window), i % a.window];
        const at = out * a.stride - a.before + tap * a.dilation;
        if (at < 0 || at >= a.input) return undefined;
        return [x * a.input + at, k * a.window + tap, y * a.output + out];
      }).filter((place) => place !== undefined),
    );
  }
  const [pixels, positions] = [sizeOf(axes.map((a) => a.input)), sizeOf(axes.map((a) => a.output))];
  for (let n = 0; n < batch; n++)
    for (const [x, k, y] of places)
      for (let g = 0; g < groups; g++)
        for (let i = 0; i < inputs; i++)
          for (let o = 0; o < outputs; o++)
            term(
              ((n * pixels + x) * groups + g) * inputs + i,
              ((k * inputs + i) * groups + g) * outputs + o,
              ((n * positions + y) * groups + g) * outputs + o,
            );
}

/** What an operation gives in float64, and the sums of the absolute values of what is added. */
function reference(problem: Problem, name: "x" | "filter" | "y", a: tf.Tensor, b: tf.Tensor) {
  const sums = Array<number>(sizeOf(shapesOf(problem)[name])).fill(0);
  const sizes = [...sums];
  const [u, v] = [a.dataSync(), b.dataSync()];
  eachTerm(problem, (x, filter, y) => {
    const [to, p, q] = { y: [y, x, filter], x: [x, y, filter], filter: [filter, x, y] }[name] as [
      number,
      number,
      number,
    ];
    sums[to]! += u[p]! * v[q]!;
    sizes[to]! += Math.abs(u[p]! * v[q]!);
  });
  return { sums, sizes };
}

function expectSums(got: tf.Tensor, shape: number[], { sums, sizes }: ReturnType<typeof reference>): void {
  expect(got.shape).toEqual(shape);
  const values = got.dataSync();
  const wrong = sums.findIndex((sum, i) => !(Math.abs(values[i]! - sum) <= 1e-6 * (sizes[i]! + 1e-30)));
  expect([wrong, values[wrong], sums[wrong]]).toEqual([-1, undefined, undefined]);
}

function expectAll(problem: Problem): void {
  const { axes, groups } = problem;
  const shapes = shapesOf(problem);
  const before = [tf.memory().numTensors, tf.engine().backend.numDataIds()];
  tf.tidy(() => {
    const [x, filter, dy] = [numbers(shapes.x, 1), numbers(shapes.filter, 2), numbers(shapes.y, 3)];
    expectSums(convolve(x, filter, axes, groups), shapes.y, reference(problem, "y", x, filter));
    expectSums(inputGradient(dy, filter, axes, groups), shapes.x, reference(problem, "x", dy, filter));
    expectSums(filterGradient(x, dy, axes, groups), shapes.filter, reference(problem, "filter", x, dy));
  });
  expect([tf.memory().numTensors, tf.engine().backend.numDataIds()]).toEqual(before);
}

const axis = fc
  .record({
    input: fc.integer({ min: 1, max: 8 }),
    window: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    before: fc.integer({ min: 0, max: 3 }),
    after: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ after, ...a }): Axis => {
    const reach = (a.window - 1) * a.dilation + 1;
    return { ...a, output: Math.max(1, Math.floor((a.input + a.before + after - reach) / a.stride) + 1) };
  });
const problem = (least: number): fc.Arbitrary<Problem> =>
  fc.record({
    batch: fc.integer({ min: 1, max: 3 }),
    axes: fc.array(axis, { minLength: least, maxLength: 3 }),
    groups: fc.constantFrom(1, 1, 2, 3, 16),
    inputs: fc.constantFrom(1, 2, 4, 5),
    outputs: fc.constantFrom(1, 3, 4, 9),
  });

const SAME: Axis = { input: 5, output: 5, window: 3, stride: 1, dilation: 1, before: 1 };

onEachBackend("convolutions", () => {
  beforeAll(mendKernels);
  afterEach(() => useWasmKernels(true));

  it("and their gradients are the sums that they should be", () => {
    fc.assert(fc.property(problem(1), expectAll), { numRuns: 150, seed: 5 });
  });

  it("of one filter for each channel", () => {
    const depthwise = problem(1).map((each): Problem => ({ ...each, groups: 21, inputs: 1, outputs: 1 }));
    fc.assert(fc.property(depthwise, expectAll), { numRuns: 50, seed: 5 });
  });

  it.each([
    ["more channels than a part of the matrix has columns", { inputs: 1100, outputs: 9 }],
    ["more filters than are worked on at a time", { inputs: 5, outputs: 1050 }],
    ["more columns than one part has", { inputs: 200, outputs: 11 }],
  ])("of %s", (_name, sizes) => {
    expectAll({ batch: 2, axes: [SAME, { ...SAME, input: 4, output: 4 }], groups: 1, ...sizes });
  });

  it("are the same without WebAssembly", () => {
    useWasmKernels(false);
    // tensorflow.js's kernels have strides or dilations, and two or three axes.
    const axes = [SAME, { ...SAME, output: 3, stride: 2 }];
    expectAll({ batch: 2, axes, groups: 2, inputs: 3, outputs: 2 });
    expectAll({ batch: 2, axes: [SAME, ...axes], groups: 1, inputs: 3, outputs: 2 });
    expectAll({ batch: 1, axes: [SAME, SAME], groups: 4, inputs: 1, outputs: 2 });
  });

  it("spread NaN and infinities to what reads them, and nothing else", () => {
    const axes = [{ ...SAME, input: 6, output: 6 }];
    const x = tf.tensor([0, 0, Number.NaN, 0, 0, Number.POSITIVE_INFINITY], [1, 6, 1]);
    const y = convolve(x, tf.ones([3, 1, 1]), axes);
    expect([...y.dataSync()]).toEqual([0, NaN, NaN, NaN, Infinity, Infinity]);
    const dx = inputGradient(x, tf.ones([3, 1, 1]), axes);
    expect([...dx.dataSync()]).toEqual([0, NaN, NaN, NaN, Infinity, Infinity]);
  });

  it("of nothing are zeros", () => {
    const axes = [SAME, SAME];
    expect(convolve(tf.zeros([0, 5, 5, 2]), tf.ones([3, 3, 2, 4]), axes).shape).toEqual([0, 5, 5, 4]);
    const filter = filterGradient(tf.zeros([0, 5, 5, 2]), tf.zeros([0, 5, 5, 4]), axes);
    expect([filter.shape, Math.max(...filter.dataSync())]).toEqual([[3, 3, 2, 4], 0]);
  });
});

it("chunks cover all columns once, in order", () => {
  for (const [channels, most] of [
    [3, 8],
    [3, 100],
    [20, 7],
    [1, 512],
  ] as const) {
    const three = threeAxes([SAME, { ...SAME, window: 2 }, SAME]);
    let next = 0;
    for (const { from, columns, segments } of chunksOf(three, channels, most)) {
      expect(from).toBe(next);
      expect(columns).toBeLessThanOrEqual(Math.max(most, 0));
      expect(segments.reduce((sum, s) => sum + s.taps * s.channels, 0)).toBe(columns);
      next += columns;
    }
    expect(next).toBe(18 * channels);
  }
});

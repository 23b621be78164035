/** @file Line searches end where optax's do, on losses with ties, kinks, jumps and no numbers. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { readGolden } from "../../../../../scripts/golden.ts";
import { scaleByBacktrackingLinesearch } from "./backtracking.ts";
import type { Point } from "./line.ts";
import { scaleByPolyak } from "./polyak.ts";
import { scaleByZoomLinesearch } from "./zoom.ts";
import { type ZoomRules, ZoomSearch } from "./zoom-search.ts";

/** A number, or the text of one that JSON lacks. */
type Written = number | "nan" | "inf" | "-inf";

interface Search {
  readonly options: Readonly<Record<string, Written | null>>;
  readonly maxSteps: number;
  readonly guess: number;
  readonly pieces: readonly (readonly [from: number, value: Written, slope: number, curve: number])[];
  readonly found: readonly Written[];
}

const golden = readGolden<{
  readonly zoom: readonly Search[];
  readonly backtracking: readonly Search[];
  readonly polyak: readonly {
    readonly variant: "sps" | "sps+";
    readonly options: Readonly<Record<string, number>>;
    readonly value: number;
    readonly grad: readonly number[];
    readonly updates: readonly number[];
  }[];
}>("line-searches");

const texts: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, "-inf": -Infinity };
const read = (x: Written): number => (typeof x === "number" ? x : (texts[x] as number));
const camel = (name: string): string => name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
const optionsOf = ({ options }: Pick<Search, "options">): Record<string, number | null> =>
  Object.fromEntries(Object.entries(options).map(([name, x]) => [camel(name), x === null ? x : read(x)]));

const f32 = Math.fround;

/** The loss of a case and its slope, in float32 as the oracle computes them. */
function at({ pieces }: Search, x: number): { value: number; slope: number } {
  const [from, value, slope, curve] = pieces
    .filter(([begin]) => begin <= x)
    .at(-1) as Search["pieces"][number];
  const u = f32(x - from);
  const bend = f32(u * curve);
  const inner = f32(slope + bend);
  return { value: f32(read(value) + f32(u * inner)), slope: f32(inner + bend) };
}

type Params = Readonly<Record<"x", tf.Scalar>>;

/** What a transformation gets for the step of a case: from 0, along 1. */
function argumentsOf<S extends object>(search: Search, tx: { readonly init: (params: Params) => S }) {
  const params: Params = { x: tf.scalar(0) };
  const { value, slope } = at(search, 0);
  const table = tf.customGrad((x) => {
    const here = at(search, (x as tf.Tensor).dataSync()[0] as number);
    return { value: tf.scalar(here.value), gradFunc: (dy) => [tf.mul(dy as tf.Scalar, here.slope)] };
  });
  return [
    { x: tf.scalar(1) },
    { ...tx.init(params), learningRate: search.guess },
    params,
    { value, grad: { x: tf.scalar(slope) }, valueFn: (p: unknown) => table((p as Params).x) },
  ] as const;
}

const close = (got: number, expected: number): void => {
  if (Number.isFinite(expected))
    expect(Math.abs(got - expected)).toBeLessThanOrEqual(2e-6 * (1 + Math.abs(expected)));
  else expect(got).toBe(expected);
};

const defaults: Omit<ZoomRules, "maxSteps"> = {
  maxStepsize: null,
  tol: 0,
  increaseFactor: 2,
  slopeRtol: 1e-4,
  curvRtol: 0.9,
  approxDecRtol: 1e-6,
  stepsizePrecision: 1e-5,
};

const steps = (search: Search): string =>
  `${search.maxSteps} steps from ${search.guess}, ${JSON.stringify(search.options)}`;

describe("a zoom search", () => {
  it.each(golden.zoom.map((search, i) => [i, steps(search), search] as const))(
    "%i, %s, ends where optax's does",
    (_i, _name, search) => {
      const { maxLearningRate = null, ...options } = optionsOf(search);
      const rules = { ...defaults, maxSteps: search.maxSteps, maxStepsize: maxLearningRate, ...options };
      const pointAt = (stepsize: number): Point => ({ stepsize, ...at(search, stepsize), grad: {} as never });
      const { point, count, decreaseError, curvatureError } = new ZoomSearch(
        { start: pointAt(0), at: pointAt },
        rules as ZoomRules,
      ).run(search.guess);
      const [learningRate, value, slope, tries, decrease, curvature] = search.found.map(read) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      expect(count).toBe(tries);
      close(point.stepsize, learningRate);
      close(point.value, value);
      close(point.slope, slope);
      close(decreaseError, decrease);
      close(curvatureError, curvature);
    },
  );

  it("is what the transformation does, with its defaults", () => {
    for (const search of golden.zoom.filter(({ options }) => Object.keys(options).length === 0).slice(0, 6)) {
      const tx = scaleByZoomLinesearch(search.maxSteps);
      const [updates, state] = tx.update(...argumentsOf(search, tx));
      const [learningRate, reached, gradient, tries] = search.found.map(read) as [
        number,
        number,
        number,
        number,
      ];
      close((updates as Params).x.dataSync()[0] as number, learningRate);
      close(state.learningRate, learningRate);
      close(state.value, reached);
      close((state.grad as Params).x.dataSync()[0] as number, gradient);
      expect(state.info.numLinesearchSteps).toBe(tries);
    }
  });
});

describe("a backtracking search", () => {
  it.each(golden.backtracking.map((search, i) => [i, steps(search), search] as const))(
    "%i, %s, ends where optax's does",
    (_i, _name, search) => {
      for (const storeGrad of [false, true]) {
        const tx = scaleByBacktrackingLinesearch(search.maxSteps, { ...optionsOf(search), storeGrad });
        const [updates, state] = tx.update(...argumentsOf(search, tx));
        const [learningRate, reached, tries, error] = search.found.map(read) as [
          number,
          number,
          number,
          number,
        ];
        close((updates as Params).x.dataSync()[0] as number, learningRate);
        close(state.learningRate, learningRate);
        close(state.value, reached);
        expect(state.info.numLinesearchSteps).toBe(tries);
        close(state.info.decreaseError, error);
        expect("grad" in state).toBe(storeGrad);
      }
    },
  );
});

describe("Polyak's step", () => {
  it.each(golden.polyak)("of $variant, $options, for $value and $grad is optax's", (step) => {
    const tx = scaleByPolyak({ ...optionsOf(step), variant: step.variant });
    for (const value of [step.value, tf.scalar(step.value), tf.tensor1d([step.value])]) {
      const params = { x: tf.zeros([2]) };
      const [updates] = tx.update({ x: tf.tensor1d([...step.grad]) }, tx.init(params), params, { value });
      const got = [...(updates as Params).x.dataSync()];
      for (const [i, x] of got.entries()) close(x, step.updates[i] as number);
    }
  });

  it.each([undefined, "1", Number.NaN.toString(), null, tf.ones([2])])("needs a loss, not %s", (value) => {
    const params = { x: tf.zeros([2]) };
    const extra = value === undefined ? undefined : { value: value as never };
    expect(() => scaleByPolyak().update(params, [], params, extra)).toThrow(
      /^scaleByPolyak: expected the loss as the extra argument value, got/,
    );
  });
});

describe("a line", () => {
  const params = { x: tf.scalar(1) };
  const all = { value: 1, grad: params, valueFn: (p: unknown) => (p as typeof params).x };

  it.each([
    ["value", ["value"]],
    ["grad", ["grad"]],
    ["valueFn", ["valueFn"]],
    ["value, grad", ["value", "grad"]],
    ["value, grad, valueFn", ["value", "grad", "valueFn"]],
  ])("needs %s", (names, missing) => {
    const given = Object.fromEntries(Object.entries(all).filter(([name]) => !missing.includes(name)));
    for (const tx of [scaleByZoomLinesearch(3), scaleByBacktrackingLinesearch(3)])
      expect(() => tx.update(params, tx.init(params) as never, params, given)).toThrow(
        `expected the extra arguments value, grad and valueFn, got none for ${names}. Call`,
      );
  });

  it("needs a function that returns one number", () => {
    const tx = scaleByBacktrackingLinesearch(3);
    for (const [loss, got] of [
      [tf.ones([2]), "a float32[2]"],
      [1, "1"],
      [{ size: 1 }, "an object"],
      [undefined, "undefined"],
    ] as const)
      expect(() =>
        tx.update(params, tx.init(params), params, { ...all, valueFn: () => loss as never }),
      ).toThrow(`expected valueFn to return a scalar, got ${got}`);
    for (const valueFn of ["f", {}])
      expect(() => tx.update(params, tx.init(params), params, { ...all, valueFn: valueFn as never })).toThrow(
        "got none for valueFn.",
      );
    // One number in a list is one.
    const one = tx.update(params, tx.init(params), params, { ...all, valueFn: () => tf.tensor1d([0]) });
    expect(one[1].value).toBe(0);
  });

  it.each<[object, RegExp]>([
    [{ maxLearningRate: 0 }, /maxLearningRate/],
    [{ maxLearningRate: Infinity }, /maxLearningRate/],
    [{ increaseFactor: 0 }, /increaseFactor/],
    [{ slopeRtol: -1 }, /slopeRtol/],
  ])("is searched with options like these never: %j", (options, message) => {
    expect(() => scaleByZoomLinesearch(3, options)).toThrow(message);
    expect(() => scaleByBacktrackingLinesearch(3, options)).toThrow(message);
    for (const wrong of [{ approxDecRtol: -1 }, { curvRtol: -1 }, { tol: -1 }, { stepsizePrecision: -1 }])
      expect(() => scaleByZoomLinesearch(3, wrong)).toThrow(RangeError);
    for (const wrong of [{ decreaseFactor: 0 }, { atol: -1 }, { rtol: -1 }, { increaseFactor: Number.NaN }])
      expect(() => scaleByBacktrackingLinesearch(3, wrong)).toThrow(RangeError);
  });
});

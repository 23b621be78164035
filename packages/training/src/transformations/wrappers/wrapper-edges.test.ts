/** @file Wrappers where optax multiplies by 0, hyperparameters changed by hand, and bad input. */
import { dispose, Module, Param, StructureError, valueAndGrad } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../../scripts/use-backend.ts";
import {
  applyEvery,
  applyIfFinite,
  chain,
  clip,
  conditionallyMask,
  conditionallyTransform,
  ema,
  type ExtraArgs,
  flatten,
  globalNorm,
  type GradientTransformation,
  injectHyperparams,
  lbfgs,
  lookahead,
  mapTree,
  measureWithEma,
  monitor,
  MultiSteps,
  type MultiStepsOptions,
  namedChain,
  type OptArray,
  Optimizer,
  polyakSgd,
  scale,
  scaleByBacktrackingLinesearch,
  scaleByLbfgs,
  scaleBySchedule,
  scaleByZoomLinesearch,
  sgd,
  skipLargeUpdates,
  snapshot,
  stateless,
  statelessWithTreeMap,
  type StatefulSchedule,
  trace,
  type Tree,
  WrappedSchedule,
} from "../../index.ts";

const one = (): { w: Param<tf.Tensor> } => ({ w: new Param(tf.tensor([1, 1])) });
const values = (x: { w: Param<tf.Tensor> }): number[] => [...x.w.value.dataSync()];
const grads = (...w: number[]): Tree => ({ w: tf.tensor1d(w) });

onEachBackend("where optax multiplies by 0", () => {
  it("MultiSteps gives zeros between its steps, and begins afresh after NaN", () => {
    const model = one();
    const optimizer = new Optimizer(model, new MultiSteps(sgd(1), 2));
    const seen = [grads(Number.NaN, 1), grads(1, 1), grads(1, 1), grads(3, 1)].map((g) => {
      optimizer.update(model, g);
      const now = values(model);
      model.w.value = tf.tensor([1, 1]);
      return now;
    });
    expect(seen).toEqual([
      [1, 1],
      [Number.NaN, 0],
      [1, 1],
      [-1, 0],
    ]);
  });

  it("applyEvery gives zeros between its steps, and begins afresh after infinities", () => {
    const model = one();
    const optimizer = new Optimizer(model, applyEvery(2));
    const seen = [grads(Infinity, 1), grads(1, 1), grads(1, 1), grads(3, 1)].map((g) => {
      optimizer.update(model, g);
      const now = values(model);
      model.w.value = tf.tensor([1, 1]);
      return now;
    });
    expect(seen).toEqual([
      [1, 1],
      [Infinity, 3],
      [1, 1],
      [5, 3],
    ]);
  });

  it("lookahead leaves infinite slow parameters out of steps between two meetings", () => {
    const models = { fast: one(), slow: one() };
    models.slow.w.value = tf.tensor([Infinity, 1]);
    const optimizer = new Optimizer(models, lookahead(sgd(1), 2, 0.5));
    optimizer.update(models, { fast: grads(1, 1), slow: grads(0, 0) });
    expect([values(models.fast), values(models.slow)]).toEqual([
      [0, 0],
      [Infinity, 1],
    ]);
  });
});

describe("hyperparameters in the state", () => {
  const hyperparams = (optimizer: Optimizer): Record<string, OptArray> =>
    (optimizer.optState as { hyperparams: Record<string, OptArray> }).hyperparams;

  it("are changed by hand, but for those that follow a schedule", () => {
    const model = one();
    const tx = injectHyperparams(sgd)(1, { momentum: (step) => step / 10 });
    const optimizer = new Optimizer(model, tx);
    hyperparams(optimizer).learningRate!.value = 0.5;
    hyperparams(optimizer).momentum!.value = 0.9;
    optimizer.update(model, grads(1, 2));
    expect(values(model)).toEqual([0.5, 0]);
    expect(hyperparams(optimizer).momentum!.value).toBe(0);
    optimizer.update(model, grads(0, 0));
    expect(hyperparams(optimizer).momentum!.value).toBe(0.1);
    hyperparams(optimizer).learningRate!.value = Number.NaN;
    expect(() => optimizer.update(model, grads(1, 1))).toThrow(
      /hyperparams\.learningRate: expected a plain number, got NaN/,
    );
    expect(Object.keys(hyperparams(optimizer)).sort()).toEqual(["learningRate", "momentum"]);
  });

  it("follow a schedule with a state, which sees the extra arguments", () => {
    const plateau: StatefulSchedule<{ readonly best: number; readonly rate: number }> = {
      init: () => ({ best: Infinity, rate: 1 }),
      update: ({ best, rate }, extra) => {
        const value = extra.value as number;
        return { best: Math.min(best, value), rate: value < best ? rate : rate / 2 };
      },
      valueAt: ({ rate }) => rate,
    };
    const model = one();
    const optimizer = new Optimizer(model, injectHyperparams(sgd)(plateau));
    for (const value of [3, 2, 2, 5]) optimizer.update(model, grads(1, 0), { value });
    // 1, 1, 1, and a half after the loss had not fallen.
    expect(values(model)).toEqual([-2.5, 1]);
  });

  it("leave static arguments alone, and need names for arguments", () => {
    const made: unknown[] = [];
    const spy = (
      size: number,
      names: readonly string[],
      options: { k?: number; f?: (x: number) => number },
    ) => {
      made.push([size, names, options]);
      return scale(size);
    };
    const f = (x: number): number => x;
    const tx = injectHyperparams(spy, { staticArgs: ["k", "f"], argNames: ["size"] })(2, ["a"], { k: 3, f });
    const state = tx.init({ w: tf.ones([1]) });
    expect(state.hyperparams).toEqual({ size: 2 });
    expect(made).toEqual([[2, ["a"], { k: 3, f }]]);
    expect(() => injectHyperparams(chain)(scale(1), 3 as never)).toThrow(
      /injectHyperparams: expected a name for each argument before the options, got none for argument 1/,
    );
    expect(() => injectHyperparams(sgd, { names: [] } as never)).toThrow(/expected options among/);
    expect(() => injectHyperparams(3 as never)).toThrow(/injectHyperparams: expected a function/);
    expect(() => injectHyperparams((() => 3) as never)(1 as never).init({})).toThrow(
      "injectHyperparams: expected gradient transformations, got 3 from the factory.",
    );
    expect(() => injectHyperparams(sgd)(() => Number.NaN).init({})).toThrow(
      /injectHyperparams of learningRate: expected the schedule to return a finite number at step 0, got NaN/,
    );
    expect(new WrappedSchedule((step) => step + 1).valueAt({ count: 2 })).toBe(3);
  });
});

describe("measurements", () => {
  it("are those of the parameters before the first step, and of the updates after it", () => {
    const model = one();
    const tx = chain(
      monitor({ sum: (u) => mapTree((x) => tf.sum(x), u), size: () => 2 }),
      snapshot("norm", globalNorm),
      clip(1),
    );
    const optimizer = new Optimizer(model, tx);
    const [watch, shot] = optimizer.optState as unknown as [
      { measurements: { sum: { w: Param<tf.Tensor> }; size: OptArray } },
      { measurement: { norm: Param<tf.Tensor> } },
    ];
    const read = () =>
      [watch.measurements.sum.w, shot.measurement.norm].map(({ value }) => value.dataSync()[0]);
    expect(read()).toEqual([2, Math.fround(Math.SQRT2)]);
    optimizer.update(model, grads(3, 4));
    expect(read()).toEqual([7, 5]);
    expect(watch.measurements.size.value).toBe(2);
  });

  it("are refused when they change their structure, and then nothing changes", () => {
    const model = one();
    let more = 0;
    const optimizer = new Optimizer(
      model,
      snapshot("n", () => (more++ > 0 ? { a: 1 } : 1)),
    );
    expect(() => optimizer.update(model, grads(1, 1))).toThrow(StructureError);
    expect(values(model)).toEqual([1, 1]);
  });
});

describe("MultiSteps", () => {
  it("gives the inner optimizer the extra arguments of the last step", () => {
    const seen: (ExtraArgs | undefined)[] = [];
    const spy: GradientTransformation = {
      init: () => [],
      update: (updates, state, _params, extra) => {
        seen.push(extra);
        return [updates, state];
      },
    };
    const model = one();
    const optimizer = new Optimizer(model, new MultiSteps(spy, 2));
    for (const value of [1, 2]) optimizer.update(model, grads(1, 1), { value });
    expect(seen.map((extra) => extra?.value)).toEqual([2]);
  });

  it("says whether it has updated, of its own state too", () => {
    const tx = new MultiSteps(sgd(1), 2);
    const params = { w: tf.ones([1]) };
    let state = tx.init(params);
    expect(tx.hasUpdated(state)).toBe(false);
    [, state] = tx.update(params, state, params);
    expect(tx.hasUpdated(state)).toBe(false);
    [, state] = tx.update(params, state, params);
    expect(tx.hasUpdated(state)).toBe(true);
    expect(() => tx.hasUpdated(3)).toThrow(/MultiSteps.hasUpdated: expected the state of MultiSteps, got 3/);
    expect(tx.gradientTransformation()).toBe(tx);
    expect(tx.innerOpt).toHaveProperty("init");
  });
});

const skip = (shouldSkip: unknown): MultiStepsOptions => ({
  shouldSkipUpdateFn: () => [shouldSkip as boolean, []],
});

it.each<[string, () => unknown, string | RegExp]>([
  [
    "MultiSteps of 0 steps",
    () => new MultiSteps(sgd(1), 0),
    /MultiSteps: expected everyKSchedule to be a positive integer, got 0/,
  ],
  [
    "MultiSteps of no transformation",
    () => new MultiSteps(3 as never, 1),
    /MultiSteps: expected gradient transformations, got 3/,
  ],
  [
    "MultiSteps with a misspelt option",
    () => new MultiSteps(sgd(1), 1, { useGradmean: true } as never),
    /Did you mean useGradMean\?/,
  ],
  [
    "MultiSteps with a schedule of fractions",
    () => run(new MultiSteps(sgd(1), () => 1.5)),
    /everyKSchedule to be a positive integer, got 1.5/,
  ],
  [
    "MultiSteps with an undecided function",
    () => run(new MultiSteps(sgd(1), 1, skip("yes"))),
    /MultiSteps: expected shouldSkipUpdateFn to return true, false or a scalar of dtype bool, got "yes"/,
  ],
  [
    "MultiSteps with a number as decision",
    () => run(new MultiSteps(sgd(1), 1, skip(tf.scalar(1)))),
    /scalar of dtype bool, got a float32\[\]/,
  ],
  [
    "skipLargeUpdates below 0",
    () => skipLargeUpdates({}, 0, {}, -1),
    /skipLargeUpdates: expected maxSquaredNorm/,
  ],
  ["applyIfFinite below 0", () => applyIfFinite(sgd(1), -1), /maxConsecutiveErrors/],
  ["applyEvery of 0", () => applyEvery(0), /applyEvery: expected k to be a positive integer/],
  [
    "a condition that is none",
    () => conditionallyTransform(sgd(1), true as never),
    /conditionallyTransform: expected a function as the second argument/,
  ],
  [
    "a condition that does not decide",
    () => run(conditionallyMask(sgd(1), (() => 1) as never)),
    /conditionallyMask: expected shouldTransformFn to return true, false/,
  ],
  [
    "a name that is there twice",
    () => namedChain(["a", sgd(1)], ["a", sgd(1)]),
    /namedChain: expected pairs of a name and a transformation, each name once/,
  ],
  [
    "a name without a transformation",
    () => namedChain(["a", 1 as never]),
    'namedChain: expected gradient transformations, got 1 for "a".',
  ],
  [
    "the state of another named chain",
    () => namedChain(["a", sgd(1)]).update({}, { b: [] }, {}),
    /namedChain: expected a state for "a"/,
  ],
  [
    "lookahead of one model",
    () => new Optimizer(one(), lookahead(sgd(1), 2, 0.5)),
    /lookahead: expected \{ fast, slow \}, got an object with keys \{w\}/,
  ],
  [
    "lookahead of no steps",
    () => lookahead(sgd(1), 0, 0.5),
    /lookahead: expected syncPeriod to be a positive integer/,
  ],
  ["lookahead of NaN", () => lookahead(sgd(1), 1, Number.NaN), /lookahead: expected slowStepSize/],
  [
    "flatten of a model",
    () => flatten(new (class extends Module {})() as never),
    /flatten: expected gradient transformations/,
  ],
  ["scale of NaN", () => scale(Number.NaN), /scale: expected stepSize to be a finite number/],
  [
    "a schedule of NaN",
    () => run(scaleBySchedule(() => Number.NaN)),
    /scaleBySchedule: expected the schedule to return a finite number at step 0/,
  ],
  ["trace of 1", () => trace(1), /trace: expected decay in \[0, 1\), got 1/],
  ["ema of -1", () => ema(-1), /ema: expected decay in \[0, 1\)/],
  ["stateless of no function", () => stateless(3 as never), /stateless: expected a function/],
  [
    "statelessWithTreeMap of a class",
    () => statelessWithTreeMap(Module as never),
    /statelessWithTreeMap: expected a function/,
  ],
  [
    "monitor of a number",
    () => monitor({ a: 3 as never }),
    /monitor at a: expected a function of the updates or a transformation, got 3/,
  ],
  ["measureWithEma of 1", () => measureWithEma(globalNorm, 1), /ema: expected decay/],
  [
    "an unknown variant",
    () => polyakSgd({ variant: "x" as never }),
    /scaleByPolyak: expected variant to be "sps" or "sps\+"/,
  ],
  [
    "polyakSgd without the loss",
    () => run(polyakSgd()),
    /scaleByPolyak: expected the loss as the extra argument value, got undefined/,
  ],
  ["no memory", () => scaleByLbfgs({ memorySize: 0 }), /scaleByLbfgs: expected memorySize/],
  ["lbfgs with a misspelt option", () => lbfgs({ memory: 3 } as never), /expected options among/],
  [
    "an unknown guess",
    () => scaleByZoomLinesearch(3, { initialGuessStrategy: "two" as never }),
    /initialGuessStrategy to be "keep" or "one"/,
  ],
  [
    "a search of no steps",
    () => scaleByBacktrackingLinesearch(0),
    /maxBacktrackingSteps to be a positive integer/,
  ],
  [
    "a search without a loss",
    () => run(lbfgs()),
    "scaleByZoomLinesearch: expected the extra arguments value, grad and valueFn, got none for value, valueFn.",
  ],
])("refuses %s", (_what, make, message) => {
  expect(make).toThrow(message);
});

/** One step of an Optimizer; what fails leaves all as it was. */
function run(tx: GradientTransformation): void {
  const model = one();
  const optimizer = new Optimizer(model, tx);
  try {
    optimizer.update(model, grads(1, 1));
  } finally {
    expect(values(model)).toEqual([1, 1]);
    expect(optimizer.step.value).toBe(0);
  }
}

describe("the loss of a line search", () => {
  class Noisy extends Module {
    readonly w = new Param<tf.Tensor>(tf.tensor([3, -2]));
    readonly calls = new (class extends Param<number> {})(0);
    readonly parts = [{ v: new Param<tf.Tensor>(tf.scalar(1)) }];
    seen = 0;
  }
  const onlyTensors = (_path: unknown, x: unknown): boolean =>
    x instanceof Param && typeof x.value !== "number";
  const lossOf = (m: Noisy): tf.Tensor => {
    m.seen++;
    m.calls.value++;
    return tf.add(tf.sum(tf.square(m.w.value)), tf.square(m.parts[0]!.v.value));
  };

  it.each([
    ["lbfgs", () => lbfgs()],
    ["zoom", () => chain(sgd(1), scaleByZoomLinesearch(10))],
    ["backtracking", () => chain(sgd(1), scaleByBacktrackingLinesearch(10))],
  ] as const)("is asked of copies of the model, by %s", (_name, make) => {
    const model = new Noisy();
    const optimizer = new Optimizer(model, make(), { wrt: onlyTensors });
    const before = tf.memory().numTensors;
    let asked = 0;
    for (let i = 0; i < 3; i++) {
      const [value, g] = valueAndGrad(lossOf, { wrt: onlyTensors })(model);
      const seen = model.seen;
      optimizer.update(model, g, {
        value,
        valueFn: (copy) => {
          asked++;
          expect(copy).toBeInstanceOf(Noisy);
          expect(copy).not.toBe(model);
          expect(copy.calls.value).toBe(model.calls.value);
          return lossOf(copy);
        },
      });
      expect(model.seen).toBe(seen);
      dispose([value, g]);
    }
    expect(asked).toBeGreaterThan(2);
    expect(model.calls.value).toBe(3);
    expect(values(model as never).every((x) => Math.abs(x) < 2)).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("may throw: all stays as it was", () => {
    const model = new Noisy();
    const optimizer = new Optimizer(model, lbfgs(), { wrt: onlyTensors });
    const [value, g] = valueAndGrad(lossOf, { wrt: onlyTensors })(model);
    const before = tf.memory().numTensors;
    const fail = (): never => {
      throw new Error("no loss today");
    };
    expect(() => optimizer.update(model, g, { value, valueFn: fail })).toThrow("no loss today");
    expect(() => optimizer.update(model, g, { value, valueFn: () => tf.ones([2]) })).toThrow(
      /scaleByZoomLinesearch: expected valueFn to return a scalar, got a float32\[2\]|scalar/,
    );
    expect(() => optimizer.update(model, g, { value: tf.ones([2]), valueFn: lossOf })).toThrow(
      /expected value to be a number or a scalar, got a float32\[2\]/,
    );
    expect(() => optimizer.update(model, g, { value, valueFn: 3 as never })).toThrow(
      /Optimizer.update: expected a function as the valueFn argument/,
    );
    expect(() => optimizer.update(model, g, 3 as never)).toThrow(
      /Optimizer.update: expected extra arguments by name, got 3/,
    );
    expect(() => optimizer.update(model, g, { value, grad: {}, valueFn: lossOf })).toThrow(
      /Optimizer.update at parts.0.v: expected a gradient/,
    );
    expect(optimizer.step.value).toBe(0);
    expect(values(model as never)).toEqual([3, -2]);
    expect(tf.memory().numTensors).toBe(before + 1);
  });

  it("is asked of copies of lists, records and bare tensors", () => {
    class Bare extends Module {
      t: tf.Tensor = tf.tensor([2]);
    }
    const models = { list: [new Bare()], map: new Map([["m", new Noisy()]]) };
    const wrt = (path: readonly unknown[], x: unknown): boolean =>
      x instanceof tf.Tensor || onlyTensors(path, x);
    const loss = (m: typeof models): tf.Tensor =>
      tf.add(tf.sum(tf.square(m.list[0]!.t)), lossOf(m.map.get("m")!));
    const optimizer = new Optimizer(models, lbfgs(), { wrt });
    for (let i = 0; i < 4; i++) {
      tf.tidy(() => {
        const [value, g] = valueAndGrad(loss, { wrt })(models);
        optimizer.update(models, g as never, { value, valueFn: loss });
      });
    }
    expect(loss(models).dataSync()[0]).toBeLessThan(1e-6);
  });

  it("refuses filters by identity, which select nothing in a copy", () => {
    const model = new Noisy();
    const wrt = (_path: unknown, x: unknown): boolean => x === model.w;
    const optimizer = new Optimizer(model, lbfgs(), { wrt });
    const g = { w: tf.tensor([1, 1]) };
    expect(() => optimizer.update(model, g, { value: 1, valueFn: lossOf })).toThrow(
      /Optimizer.update at w: expected \{ wrt \} to select the same parameters in a copy of the model/,
    );
  });
});

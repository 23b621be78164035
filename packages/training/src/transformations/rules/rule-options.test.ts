/** @file What options of update rules cannot be. */
import { Param } from "@nnxjs/nnx-core";
import { random } from "@nnxjs/rnglib";
import { describe, expect, it } from "vitest";
import * as t from "../../index.ts";
import type { GradientTransformation } from "../../index.ts";

type Make = (options: never) => GradientTransformation;

/** What each kind of option cannot be, and what is said of it. */
const kinds = {
  decay: [[1, -0.1, Number.NaN, "0.9", null], "in [0, 1)"],
  notNegative: [[-1, Number.NaN, Infinity, "1", null], "to be a finite number >= 0"],
  positive: [[0, -1, Number.NaN, Infinity, "1", null], "above 0"],
  finite: [[Number.NaN, Infinity, "1", null], "to be a finite number"],
  count: [[-1, 0.5, Number.NaN, "1", null], "to be an integer >= 0"],
  flag: [[1, "true", null], "to be true or false"],
  schedule: [[-1, Number.NaN, "1", true], "to be a finite number >= 0"],
  mask: [["kernel", 1, { a: 1 }, ["kernel"], new Map()], "to be made of booleans"],
} as const;
type Kind = keyof typeof kinds;

const adam = { b1: "decay", b2: "decay", eps: "notNegative", epsRoot: "notNegative" } as const;
const decayed = { weightDecay: "schedule", mask: "mask" } as const;
const rms = {
  decay: "decay",
  eps: "notNegative",
  epsInSqrt: "flag",
  initialScale: "notNegative",
  biasCorrection: "flag",
} as const;
const nesterov = { nesterov: "flag" } as const;
const optimism = { alpha: "finite", beta: "finite" } as const;
const lion = { b1: "decay", b2: "decay" } as const;
const adamax = { b1: "decay", b2: "decay", eps: "notNegative" } as const;
const noise = { eta: "notNegative", gamma: "finite" } as const;

const rules: Readonly<Record<string, readonly [make: Make, options: Readonly<Record<string, Kind>>]>> = {
  adabelief: [(o) => t.adabelief(1, o), { ...adam, ...nesterov }],
  adadelta: [
    (o) => t.adadelta(o),
    { rho: "decay", eps: "notNegative", weightDecay: "schedule", weightDecayMask: "mask" },
  ],
  adafactor: [
    (o) => t.adafactor(o),
    {
      minDimSizeToFactor: "count",
      decayRate: "notNegative",
      decayOffset: "count",
      multiplyByParameterScale: "flag",
      eps: "notNegative",
      factored: "flag",
      weightDecayRate: "schedule",
      weightDecayMask: "mask",
    },
  ],
  adagrad: [(o) => t.adagrad(1, o), { initialAccumulatorValue: "notNegative", eps: "notNegative" }],
  adam: [(o) => t.adam(1, o), { ...adam, ...nesterov }],
  adamax: [(o) => t.adamax(1, o), adamax],
  adamaxw: [(o) => t.adamaxw(1, o), { ...adamax, ...decayed }],
  adamw: [(o) => t.adamw(1, o), { ...adam, ...nesterov, ...decayed }],
  adan: [(o) => t.adan(1, o), { ...adam, b3: "decay", ...decayed }],
  adaptiveGradClip: [(o) => t.adaptiveGradClip(1, o), { eps: "notNegative" }],
  addDecayedWeights: [(o) => t.addDecayedWeights(1, o), { mask: "mask" }],
  amsgrad: [(o) => t.amsgrad(1, o), { ...adam, biasCorrectionMu: "flag", biasCorrectionNu: "flag" }],
  fromage: [(o) => t.fromage(1, o), { minNorm: "notNegative" }],
  lamb: [(o) => t.lamb(1, o), { ...adam, ...decayed }],
  lars: [
    (o) => t.lars(1, o),
    {
      weightDecay: "schedule",
      weightDecayMask: "mask",
      trustCoefficient: "notNegative",
      eps: "notNegative",
      trustRatioMask: "mask",
      momentum: "decay",
      nesterov: "flag",
    },
  ],
  lion: [(o) => t.lion(1, o), { ...lion, ...decayed }],
  nadam: [(o) => t.nadam(1, o), adam],
  nadamw: [(o) => t.nadamw(1, o), { ...adam, ...decayed }],
  noisySgd: [(o) => t.noisySgd(1, o), noise],
  normalizeByUpdateNorm: [(o) => t.normalizeByUpdateNorm(o), { scaleFactor: "positive", eps: "notNegative" }],
  novograd: [(o) => t.novograd(1, o), { ...adam, weightDecay: "notNegative" }],
  optimisticAdam: [(o) => t.optimisticAdam(1, o), { ...adam, ...nesterov }],
  optimisticAdamV2: [(o) => t.optimisticAdamV2(1, o), { ...adam, ...nesterov, ...optimism }],
  optimisticGradientDescent: [(o) => t.optimisticGradientDescent(1, o), optimism],
  radam: [(o) => t.radam(1, o), { ...adam, ...nesterov }],
  rmsprop: [(o) => t.rmsprop(1, o), { ...rms, centered: "flag", nesterov: "flag" }],
  rprop: [
    (o) => t.rprop(1, o),
    { etaMinus: "positive", etaPlus: "positive", minStepSize: "positive", maxStepSize: "positive" },
  ],
  scaleByAdadelta: [(o) => t.scaleByAdadelta(o), { rho: "decay", eps: "notNegative" }],
  scaleByAdam: [(o) => t.scaleByAdam(o), { ...adam, ...nesterov }],
  scaleByAdamax: [(o) => t.scaleByAdamax(o), adamax],
  scaleByAdan: [(o) => t.scaleByAdan(o), { ...adam, b3: "decay" }],
  scaleByAmsgrad: [
    (o) => t.scaleByAmsgrad(o),
    { ...adam, biasCorrectionMu: "flag", biasCorrectionNu: "flag" },
  ],
  scaleByBelief: [(o) => t.scaleByBelief(o), { ...adam, ...nesterov }],
  scaleByDistanceOverGradients: [
    (o) => t.scaleByDistanceOverGradients(o),
    { repsRel: "positive", eps: "notNegative", globalScale: "notNegative" },
  ],
  scaleByFactoredRms: [
    (o) => t.scaleByFactoredRms(o),
    {
      factored: "flag",
      decayRate: "notNegative",
      stepOffset: "count",
      minDimSizeToFactor: "count",
      epsilon: "notNegative",
    },
  ],
  scaleByLion: [(o) => t.scaleByLion(o), { ...lion, smoothBeta: "positive" }],
  scaleByNovograd: [(o) => t.scaleByNovograd(o), { ...adam, weightDecay: "notNegative" }],
  scaleByOptimisticGradient: [(o) => t.scaleByOptimisticGradient(o), optimism],
  scaleByParamBlockNorm: [(o) => t.scaleByParamBlockNorm(o), { minScale: "notNegative" }],
  scaleByParamBlockRms: [(o) => t.scaleByParamBlockRms(o), { minScale: "notNegative" }],
  scaleByRadam: [(o) => t.scaleByRadam(o), { ...adam, ...nesterov }],
  scaleByRms: [(o) => t.scaleByRms(o), { ...rms, centered: "flag" }],
  scaleByRprop: [(o) => t.scaleByRprop(1, o), { etaMinus: "positive", etaPlus: "positive" }],
  scaleByRss: [(o) => t.scaleByRss(o), { initialAccumulatorValue: "notNegative", eps: "notNegative" }],
  scaleBySm3: [(o) => t.scaleBySm3(o), { b1: "decay", eps: "notNegative" }],
  scaleByStddev: [(o) => t.scaleByStddev(o), rms],
  scaleByTrustRatio: [
    (o) => t.scaleByTrustRatio(o),
    { minNorm: "notNegative", trustCoefficient: "notNegative", eps: "notNegative" },
  ],
  scaleByYogi: [(o) => t.scaleByYogi(o), { ...adam, initialAccumulatorValue: "positive" }],
  sgd: [(o) => t.sgd(1, o), nesterov],
  signum: [(o) => t.signum(1, o), { beta: "decay" }],
  sm3: [(o) => t.sm3(1, o), { momentum: "decay" }],
  yogi: [(o) => t.yogi(1, o), adamax],
};

const optionsOf = (options: unknown): never => options as never;

describe.each(Object.entries(rules))("%s", (where, [make, options]) => {
  it("refuses values of options that cannot be, by name", () => {
    for (const [name, kind] of Object.entries(options)) {
      const [values, expected] = kinds[kind];
      for (const value of values) {
        const run = () => make(optionsOf({ [name]: value }));
        expect(run, `${name}: ${JSON.stringify(value)}`).toThrow(expected);
        expect(run, `${name}: ${JSON.stringify(value)}`).toThrow(
          new RegExp(`^${where}( at [a0])?: expected `),
        );
      }
    }
  });

  it("refuses other names, and what is no options object", () => {
    expect(() => make(optionsOf({ muDtype: "float32" }))).toThrow(`${where}: expected options among {`);
    for (const value of [null, 0.9, []])
      expect(() => make(optionsOf(value))).toThrow(`${where}: expected an options object, got `);
  });

  it("takes options that are left out", () => {
    expect(() =>
      make(optionsOf(Object.fromEntries(Object.keys(options).map((name) => [name, undefined])))),
    ).not.toThrow();
    expect(() => make(optionsOf(undefined))).not.toThrow();
  });
});

it.each<[string, () => unknown, RegExp | string]>([
  ["a learning rate in text", () => t.fromage("0.1" as never), /learningRate to be a finite number/],
  ["a rate of adadelta in text", () => t.adadelta({ learningRate: "1" as never }), /learningRate to be a/],
  [
    "a rate of adafactor that is NaN",
    () => t.adafactor({ learningRate: Number.NaN }),
    /learningRate to be a/,
  ],
  [
    "a schedule for sm3",
    () => t.sm3((() => 0.1) as never),
    "sm3: expected learningRate to be a finite number",
  ],
  [
    "a schedule for rprop",
    () => t.rprop((() => 0.1) as never),
    "rprop: expected a finite learningRate above 0",
  ],
  ["no first step", () => t.scaleByRprop(0), "scaleByRprop: expected a finite learningRate above 0, got 0"],
  [
    "steps without room",
    () => t.rprop(0.1, { minStepSize: 2, maxStepSize: 1 }),
    "rprop: expected minStepSize up to maxStepSize, 1, got 2. Exchange them.",
  ],
  [
    "a schedule for optimisticAdam",
    () => t.optimisticAdam((() => 0.1) as never),
    /optimisticAdam: expected learningRate/,
  ],
  [
    "an optimism in text",
    () => t.optimisticAdam(0.1, { optimism: "1" as never }),
    /optimism to be a finite number/,
  ],
  [
    "a low threshold",
    () => t.radam(0.1, { threshold: 3 }),
    "radam: expected a finite threshold >= 4, got 3.",
  ],
  ["a threshold in text", () => t.scaleByRadam({ threshold: "5" as never }), /threshold >= 4, got "5"/],
  ["a b2 above 1", () => t.scaleBySm3({ b2: 1.1 }), "scaleBySm3: expected b2 in [0, 1], got 1.1."],
  [
    "another mode",
    () => t.scaleByLion({ mode: "soft" as never }),
    'mode among {hard, smooth, refined}, got "soft"',
  ],
  ["no threshold", () => t.clipByBlockRms(0), "clipByBlockRms: expected a finite threshold above 0, got 0."],
  ["a negative threshold", () => t.adafactor({ clippingThreshold: -1 }), /clippingThreshold above 0, got -1/],
  ["a momentum of 1", () => t.adafactor({ momentum: 1 }), "adafactor: expected momentum in [0, 1), got 1."],
  [
    "a decay that is no function",
    () => t.scaleByFactoredRms({ decayRateFn: 1 as never }),
    /decayRateFn to be a function/,
  ],
  [
    "a negative clipping",
    () => t.adaptiveGradClip(-1),
    "adaptiveGradClip: expected clipping to be a finite number",
  ],
  [
    "axes in text",
    () => t.adaptiveGradClip(1, { axis: "0" as never }),
    /axis to be an axis or a list of axes, got "0"/,
  ],
  ["half an axis", () => t.adaptiveGradClip(1, { axis: [0.5] }), /axis to be an axis or a list of axes/],
  [
    "a negative variance",
    () => t.addNoise(-1, 0),
    "addNoise: expected eta to be a finite number >= 0, got -1.",
  ],
  [
    "an exponent that is NaN",
    () => t.addNoise(1, Number.NaN),
    "addNoise: expected gamma to be a finite number",
  ],
  [
    "half a seed",
    () => t.addNoise(1, 1, { key: 0.5 }),
    "addNoise: expected key to be one key or an integer seed",
  ],
  [
    "several keys",
    () => t.noisySgd(1, { key: random.split(random.key(0)) }),
    /noisySgd: expected key to be one key/,
  ],
  [
    "a decay of true",
    () => t.addDecayedWeights(true as never),
    /weightDecay to be a finite number >= 0 or a schedule/,
  ],
  [
    "a class for a mask",
    () => t.adamw(1, { mask: Param as never }),
    "adamw: expected mask to be made of booleans, got the function or class Param.",
  ],
  [
    "a list of paths for a mask",
    () => t.lion(1, { mask: [["a"]] as never }),
    "lion at 0.0: expected mask to be",
  ],
  [
    "null for masked",
    () => t.masked(t.sgd(1), null as never),
    "masked: expected mask to be made of booleans",
  ],
])("refuses %s", (_what, run, message) => {
  expect(run).toThrow(message);
});

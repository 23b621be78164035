/**
 * @file The paths, classes, dtypes and shapes of an Optimizer's State, held against those of Flax's
 * Optimizer with optax's transformation of the same name: files go from one to the other by path.
 */
import { dispose, flattenState, isVariableState, Param, state } from "@nnxjs/nnx-core";
import { PRNGKey } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { readGolden } from "../../../../scripts/golden.ts";
import * as t from "../index.ts";
import type { GradientTransformation, Schedule, ShouldSkipUpdateFunction, Tree } from "../index.ts";

const { states } = readGolden<{ states: Record<string, Record<string, string>> }>("optimizer-paths");

const schedule: Schedule = (count) => 0.1 / (count + 1);
const isMatrix = (params: Tree) => t.mapTree((p) => p.rank === 2, params);
const labels = (params: Tree) => t.mapTree((p) => (p.rank === 2 ? "matrix" : "other"), params);
const large: ShouldSkipUpdateFunction = (updates, step, params) =>
  t.skipLargeUpdates(updates, step, params, 9);
const isEven = (step: number): boolean => step % 2 === 0;
const adam = () => t.adam(0.1);
const momentum = () => t.sgd(0.1, { momentum: 0.9 });

const transformations: Readonly<Record<string, () => GradientTransformation>> = {
  adabelief: () => t.adabelief(0.1),
  adadelta: () => t.adadelta({ learningRate: 0.1 }),
  "adadelta/decay": () =>
    t.adadelta({ learningRate: schedule, weightDecay: schedule, weightDecayMask: isMatrix }),
  adafactor: () => t.adafactor({ learningRate: 0.1 }),
  "adafactor/factored": () => t.adafactor({ learningRate: schedule, minDimSizeToFactor: 2, momentum: 0.9 }),
  "adafactor/decay": () =>
    t.adafactor({
      clippingThreshold: null,
      multiplyByParameterScale: false,
      weightDecayRate: 0.1,
      weightDecayMask: isMatrix,
    }),
  adagrad: () => t.adagrad(0.1),
  adam,
  "adam/schedule": () => t.adam(schedule),
  adamax: () => t.adamax(0.1),
  adamaxw: () => t.adamaxw(0.1, { mask: isMatrix }),
  adamw: () => t.adamw(0.1),
  "adamw/masked": () => t.adamw(schedule, { weightDecay: schedule, mask: isMatrix }),
  adan: () => t.adan(0.1),
  amsgrad: () => t.amsgrad(0.1),
  fromage: () => t.fromage(0.1),
  lamb: () => t.lamb(0.1),
  "lamb/masked": () => t.lamb(0.1, { mask: isMatrix }),
  lars: () => t.lars(0.1),
  "lars/masked": () => t.lars(schedule, { weightDecayMask: isMatrix, trustRatioMask: isMatrix }),
  lbfgs: () => t.lbfgs(),
  "lbfgs/backtracking": () =>
    t.lbfgs({
      learningRate: 0.1,
      memorySize: 3,
      linesearch: t.scaleByBacktrackingLinesearch(9, { storeGrad: true }),
    }),
  "lbfgs/no search": () => t.lbfgs({ learningRate: schedule, linesearch: null }),
  lion: () => t.lion(0.1),
  "lion/masked": () => t.lion(0.1, { mask: isMatrix }),
  nadam: () => t.nadam(0.1),
  nadamw: () => t.nadamw(0.1),
  noisySgd: () => t.noisySgd(0.1),
  novograd: () => t.novograd(0.1),
  optimisticAdam: () => t.optimisticAdam(0.1),
  optimisticAdamV2: () => t.optimisticAdamV2(schedule),
  optimisticGradientDescent: () => t.optimisticGradientDescent(0.1),
  polyakSgd: () => t.polyakSgd(),
  "polyakSgd/schedule": () => t.polyakSgd({ scaling: schedule }),
  radam: () => t.radam(0.1),
  rmsprop: () => t.rmsprop(0.1),
  "rmsprop/centered": () => t.rmsprop(0.1, { centered: true, biasCorrection: true, momentum: 0.9 }),
  "rmsprop/bias": () => t.rmsprop(schedule, { biasCorrection: true }),
  rprop: () => t.rprop(0.1),
  sgd: () => t.sgd(0.1),
  "sgd/momentum": () => t.sgd(schedule, { momentum: 0.9 }),
  signSgd: () => t.signSgd(0.1),
  signum: () => t.signum(0.1),
  sm3: () => t.sm3(0.1),
  yogi: () => t.yogi(0.1),
  adaptiveGradClip: () => t.adaptiveGradClip(0.1),
  addNoise: () => t.addNoise(0.1, 0.5, { key: 3 }),
  centralize: () => t.centralize(),
  clip: () => t.clip(1),
  clipByBlockRms: () => t.clipByBlockRms(1),
  clipByGlobalNorm: () => t.clipByGlobalNorm(1),
  normalizeByUpdateNorm: () => t.normalizeByUpdateNorm(),
  scaleByDistanceOverGradients: () => t.scaleByDistanceOverGradients(),
  scaleByParamBlockNorm: () => t.scaleByParamBlockNorm(),
  scaleByTrustRatio: () => t.scaleByTrustRatio(),
  applyEvery: () => t.applyEvery(3),
  applyIfFinite: () => t.applyIfFinite(adam(), 2),
  chain: () => t.chain(t.clip(1), t.chain(adam(), t.identityTransformation()), momentum()),
  conditionallyMask: () => t.conditionallyMask(adam(), isEven),
  conditionallyTransform: () => t.conditionallyTransform(adam(), isEven),
  ema: () => t.ema(0.9),
  flatten: () => t.flatten(adam()),
  freeze: () => t.chain(momentum(), t.freeze(isMatrix)),
  injectHyperparams: () => t.injectHyperparams(t.adam)(schedule, { b1: 0.9, b2: 0.99 }),
  keepParamsNonnegative: () => t.keepParamsNonnegative(),
  masked: () => t.masked(adam(), isMatrix),
  monitor: () => t.monitor({ norm: t.globalNorm, mean: t.measureWithEma(t.globalNorm, 0.9) }),
  MultiSteps: () => new t.MultiSteps(adam(), 3),
  "MultiSteps/skip": () => new t.MultiSteps(momentum(), 2, { shouldSkipUpdateFn: t.skipNotFinite }),
  "MultiSteps/skip large": () => new t.MultiSteps(momentum(), 2, { shouldSkipUpdateFn: large }),
  namedChain: () => t.namedChain(["clip", t.clip(0.5)], ["adam", adam()]),
  partition: () => t.partition({ matrix: adam(), other: momentum() }, labels),
  scale: () => t.scale(0.1),
  scaleByBacktrackingLinesearch: () => t.scaleByBacktrackingLinesearch(9),
  scaleBySchedule: () => t.scaleBySchedule(schedule),
  scaleByZoomLinesearch: () => t.scaleByZoomLinesearch(9),
  selectiveTransform: () => t.selectiveTransform(adam(), { freezeMask: isMatrix }),
  setToZero: () => t.setToZero(),
  snapshot: () => t.snapshot("norm", t.globalNorm),
  stateless: () => t.stateless((updates) => updates),
  trace: () => t.trace(0.9),
  zeroNans: () => t.zeroNans(),
};

const parameter = (...shape: number[]): Param<tf.Tensor> => new Param<tf.Tensor>(tf.ones(shape));
const netOf = () => ({
  layers: [{ kernel: parameter(4, 3), bias: parameter(3) }, { kernel: parameter(3, 2) }],
  final_scale: parameter(),
  count: parameter(2, 1, 3),
});
/** optax's sm3 takes no scalars. */
const matricesOf = () => ({ layers: [{ kernel: parameter(4, 3), bias: parameter(3) }] });

/** What a leaf is, by path. */
function stateOf(model: object, tx: GradientTransformation): Record<string, string> {
  const optimizer = new t.Optimizer(model, tx, { wrt: Param });
  const kept = state(optimizer);
  const found = flattenState(kept).map(([path, leaf]) => {
    const { type, value } = isVariableState(leaf) ? leaf : { type: { name: "" }, value: leaf };
    const hasShape = value instanceof tf.Tensor || PRNGKey.isKey(value);
    const dtype = value instanceof tf.Tensor ? value.dtype : "key";
    const what = hasShape ? `${dtype}[${value.shape.join(",")}]` : typeof value;
    return [path.join("."), `${type.name} ${what}`];
  });
  dispose([kept, optimizer]);
  return Object.fromEntries(found) as Record<string, string>;
}

it("has every case of the golden file, and no other", () => {
  expect(Object.keys(transformations).sort()).toEqual(Object.keys(states).sort());
});

/** Numbers of ours that have fractions. All others count, and are integers in Flax. */
const fractions = /\.(learningRate|value|decreaseError|curvatureError|hyperparams\.b[12])$/;

/** Flax's leaf as it is here: scalars are numbers, tensors are in an OptVariable, keys are not. */
function asHere(path: string, theirs: string, isNumber: boolean): string {
  if (theirs.endsWith("key[]")) return "OptState key[]";
  if (!isNumber) return theirs.replace("OptArray", "OptVariable");
  return theirs.replace(fractions.test(path) ? /float32\[\]$/ : /u?int32\[\]$/, "number");
}

/** What is measured has its place from the start here, in Flax after the first step. */
const measured = { mean: "OptVariable float32[]", norm: "OptVariable float32[]" };

it.each(Object.entries(transformations))("%s has the State of Flax's Optimizer", (name, make) => {
  const model = name === "sm3" ? matricesOf() : netOf();
  const found = stateOf(model, make());
  const wanted = Object.entries(states[name] as Record<string, string>).map(([path, theirs]) => [
    path,
    asHere(path, theirs, found[path]?.endsWith("number") ?? false),
  ]);
  const early = name === "monitor" ? Object.entries(measured) : [];
  const more = early.map(([measure, what]) => [`optState.measurements.${measure}`, what]);
  expect(found).toEqual(Object.fromEntries([...wanted, ...more]));
  dispose(model);
});

/** @file Optimizers with every transformation, through split, JSON and merge, go on as they were. */
import { readFileSync } from "node:fs";
import {
  dispose,
  equalGraphDefs,
  graphdef,
  graphDefFromJson,
  graphDefToJson,
  type GraphDefJson,
  hashGraphDef,
  merge,
  not,
  ofType,
  Param,
  pathContains,
  printGraphDef,
  registerFunction,
  split,
  state,
  toPure,
} from "@nnxjs/nnx-core";
import { random } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import * as training from "../index.ts";
import {
  type GradientTransformation,
  ModelAndOptimizer,
  MultiSteps,
  Optimizer,
  type Tree,
  type UpdateExtra,
} from "../index.ts";

const { adam, sgd, mapTree, globalNorm } = training;

/** What users write, registered so that it has a name. */
const halve = (updates: Tree): Tree => mapTree((u) => tf.div(u, 2), updates);
const isVector = (params: Tree) => mapTree((p) => p.rank === 1, params);
const isEven = (step: number): boolean => step % 2 === 0;
const decaying = (step: number): number => 0.1 / (step + 1);
const half = (): number => 0.5;
const shrink = (u: tf.Tensor): tf.Tensor => tf.mul(u, 0.5);
for (const [name, f] of Object.entries({ halve, isVector, isEven, decaying, half, shrink }))
  registerFunction(`json.test.${name}`, f);
registerFunction("json.test.globalNorm", globalNorm);

const means = { b1: 0.7, b2: 0.95, eps: 1e-3, epsRoot: 1e-4 };
const decayed = { weightDecay: decaying, mask: pathContains("kernel") };

/** Update rules, each with all options changed, by the name of what makes it. */
const rules: readonly (readonly [name: string, make: () => GradientTransformation])[] = [
  ["adabelief", () => training.adabelief(decaying, { ...means, nesterov: true })],
  [
    "adadelta",
    () =>
      training.adadelta({
        learningRate: 1,
        rho: 0.7,
        eps: 1e-2,
        weightDecay: decaying,
        weightDecayMask: isVector,
      }),
  ],
  [
    "adafactor",
    () =>
      training.adafactor({
        learningRate: decaying,
        minDimSizeToFactor: 2,
        decayRate: 0.5,
        multiplyByParameterScale: false,
        clippingThreshold: 0.5,
        momentum: 0.8,
        weightDecayRate: decaying,
        eps: 1e-3,
        weightDecayMask: { bias: true, kernel: false },
      }),
  ],
  ["adafactor", () => training.adafactor({ learningRate: 0.1, clippingThreshold: null, factored: false })],
  ["adagrad", () => training.adagrad(decaying, { initialAccumulatorValue: 0, eps: 1e-2 })],
  ["adam", () => adam(0.1, { ...means, nesterov: true })],
  ["adam", () => adam(decaying)],
  ["adam", () => adam(training.exponentialDecay(0.1, 2, 0.5, { staircase: true }))],
  ["adamax", () => training.adamax(0.1, { b1: 0.7, b2: 0.8, eps: 1e-2 })],
  ["adamaxw", () => training.adamaxw(0.1, { b1: 0.7, b2: 0.8, eps: 1e-2, ...decayed })],
  ["adamw", () => training.adamw(0.1, { ...means, ...decayed, mask: ofType(Param) })],
  ["adan", () => training.adan(decaying, { ...means, b3: 0.9, ...decayed })],
  ["amsgrad", () => training.amsgrad(0.1, { ...means, biasCorrectionMu: false, biasCorrectionNu: false })],
  ["fromage", () => training.fromage(decaying, { minNorm: 1.5 })],
  ["lamb", () => training.lamb(0.1, { ...means, ...decayed })],
  [
    "lars",
    () =>
      training.lars(0.1, {
        weightDecay: decaying,
        weightDecayMask: isVector,
        trustCoefficient: 0.1,
        eps: 0.5,
        trustRatioMask: pathContains("bias"),
        momentum: 0.7,
        nesterov: true,
      }),
  ],
  ["lion", () => training.lion(0.1, { b1: 0.7, b2: 0.6, ...decayed })],
  ["nadam", () => training.nadam(0.1, means)],
  ["nadamw", () => training.nadamw(0.1, { ...means, ...decayed })],
  ["noisySgd", () => training.noisySgd(decaying, { eta: 0.5, gamma: 0.2, key: 7 })],
  ["noisySgd", () => training.noisySgd(0.1, { key: random.key(42) })],
  ["novograd", () => training.novograd(0.1, { ...means, weightDecay: 0.1 })],
  ["optimisticAdam", () => training.optimisticAdam(0.1, { ...means, optimism: 0.3, nesterov: false })],
  [
    "optimisticAdamV2",
    () => training.optimisticAdamV2(decaying, { ...means, alpha: 0.7, beta: 0.4, nesterov: false }),
  ],
  ["optimisticGradientDescent", () => training.optimisticGradientDescent(0.1, { alpha: 0.7, beta: 0.4 })],
  ["radam", () => training.radam(0.1, { ...means, threshold: 7, nesterov: true })],
  [
    "rmsprop",
    () =>
      training.rmsprop(0.1, {
        decay: 0.7,
        eps: 0.5,
        epsInSqrt: false,
        initialScale: 0.5,
        centered: true,
        biasCorrection: true,
        momentum: 0.5,
        nesterov: true,
      }),
  ],
  ["rprop", () => training.rprop(0.1, { etaMinus: 0.3, etaPlus: 2, minStepSize: 0.05, maxStepSize: 0.3 })],
  ["sgd", () => sgd(training.cosineDecaySchedule(0.1, 3, { alpha: 0.1, exponent: 2 }))],
  ["sgd", () => sgd(0.1, { momentum: 0.9, nesterov: true })],
  ["signSgd", () => training.signSgd(decaying)],
  ["signum", () => training.signum(0.1, { beta: 0.5 })],
  ["sm3", () => training.sm3(0.1, { momentum: 0.5 })],
  ["yogi", () => training.yogi(0.1, { b1: 0.7, b2: 0.6, eps: 1e-2 })],
];

/** What rules are made of, with all options changed. */
const parts: typeof rules = [
  ["adaptiveGradClip", () => training.adaptiveGradClip(0.3, { eps: 0.5, axis: [-1] })],
  ["addDecayedWeights", () => training.addDecayedWeights(decaying, { mask: isVector })],
  ["addNoise", () => training.addNoise(0.3, 0.1, { key: random.key(3) })],
  ["centralize", () => training.centralize()],
  ["clip", () => training.clip(0.1)],
  ["clipByBlockRms", () => training.clipByBlockRms(0.5)],
  ["clipByGlobalNorm", () => training.clipByGlobalNorm(0.1)],
  ["normalizeByUpdateNorm", () => training.normalizeByUpdateNorm({ scaleFactor: 2, eps: 0.5 })],
  ["scaleByAdadelta", () => training.scaleByAdadelta({ rho: 0.7, eps: 1e-2 })],
  ["scaleByAdam", () => training.scaleByAdam(means)],
  ["scaleByAdamax", () => training.scaleByAdamax({ b1: 0.7, b2: 0.8, eps: 1e-2 })],
  ["scaleByAdan", () => training.scaleByAdan({ ...means, b3: 0.9 })],
  ["scaleByAmsgrad", () => training.scaleByAmsgrad({ ...means, biasCorrectionNu: false })],
  ["scaleByBelief", () => training.scaleByBelief({ ...means, nesterov: true })],
  [
    "scaleByDistanceOverGradients",
    () => training.scaleByDistanceOverGradients({ repsRel: 0.5, eps: 0.1, globalScale: 2 }),
  ],
  [
    "scaleByFactoredRms",
    () => training.scaleByFactoredRms({ decayRate: 0.5, epsilon: 1e-2, decayRateFn: half }),
  ],
  ["scaleByLearningRate", () => training.scaleByLearningRate(0.1)],
  ["scaleByLion", () => training.scaleByLion({ b1: 0.2, b2: 0.5, mode: "smooth", smoothBeta: 3 })],
  ["scaleByNovograd", () => training.scaleByNovograd({ ...means, weightDecay: 0.1 })],
  ["scaleByOptimisticGradient", () => training.scaleByOptimisticGradient({ alpha: 0.7, beta: 0.4 })],
  ["scaleByParamBlockNorm", () => training.scaleByParamBlockNorm({ minScale: 1 })],
  ["scaleByParamBlockRms", () => training.scaleByParamBlockRms({ minScale: 1 })],
  ["scaleByRadam", () => training.scaleByRadam({ ...means, threshold: 7 })],
  ["scaleByRms", () => training.scaleByRms({ decay: 0.7, eps: 0.5, initialScale: 0.5 })],
  ["scaleByRprop", () => training.scaleByRprop(0.1, { etaMinus: 0.3, etaPlus: 2 })],
  ["scaleByRss", () => training.scaleByRss({ initialAccumulatorValue: 1, eps: 1e-2 })],
  ["scaleBySign", () => training.scaleBySign()],
  ["scaleBySm3", () => training.scaleBySm3({ b1: 0.5, b2: 0.7, eps: 1e-2 })],
  ["scaleByStddev", () => training.scaleByStddev({ decay: 0.7, eps: 0.5, biasCorrection: true })],
  ["scaleByTrustRatio", () => training.scaleByTrustRatio({ minNorm: 1.5, trustCoefficient: 0.3, eps: 0.2 })],
  ["scaleByYogi", () => training.scaleByYogi({ ...means, initialAccumulatorValue: 0.1 })],
];

/** By the name of what makes it; a name may come several times. */
const wrappers: readonly (readonly [name: string, make: () => GradientTransformation])[] = [
  ["chain", () => training.chain(training.clip(1), training.chain(), sgd(0.1))],
  ["applyEvery", () => training.applyEvery(2)],
  ["applyIfFinite", () => training.applyIfFinite(adam(0.1), 2)],
  ["conditionallyMask", () => training.conditionallyMask(adam(0.1), isEven)],
  [
    "conditionallyTransform",
    () => training.conditionallyTransform(adam(0.1), isEven, { forwardExtraArgs: true }),
  ],
  ["keepParamsNonnegative", () => training.keepParamsNonnegative()],
  ["zeroNans", () => training.zeroNans()],
  ["ema", () => training.ema(0.9, { debias: false })],
  ["flatten", () => training.flatten(adam(0.1))],
  ["freeze", () => training.freeze(not(pathContains("bias")))],
  [
    "selectiveTransform",
    () => training.selectiveTransform(adam(0.1), { freezeMask: { bias: true, kernel: false } }),
  ],
  ["injectHyperparams", () => training.injectHyperparams(adam)(decaying, { b1: 0.5 })],
  [
    "injectStatefulHyperparams",
    () => training.injectStatefulHyperparams(training.scale, { argNames: ["stepSize"] })(0.1),
  ],
  ["lbfgs", () => training.lbfgs({ memorySize: 2 })],
  ["scaleByLbfgs", () => training.scaleByLbfgs({ memorySize: 2 })],
  ["masked", () => training.masked(adam(0.1), isVector)],
  ["masked", () => training.masked(adam(0.1), pathContains("kernel"))],
  ["trace", () => training.trace(0.9)],
  ["measureWithEma", () => training.chain(training.monitor({ m: training.measureWithEma(globalNorm, 0.9) }))],
  ["monitor", () => training.monitor({ norm: globalNorm })],
  ["snapshot", () => training.snapshot("norm", globalNorm)],
  ["MultiSteps", () => new MultiSteps(adam(0.1), 2)],
  [
    "MultiSteps",
    () => new MultiSteps(adam(0.1), 3, { useGradMean: false, shouldSkipUpdateFn: training.skipNotFinite }),
  ],
  ["namedChain", () => training.namedChain(["a", training.clip(1)], ["b", adam(0.1)])],
  ["partition", () => training.partition({ x: adam(0.1), y: sgd(0.1) }, { kernel: "x", bias: "y" })],
  [
    "multiTransform",
    () =>
      training.multiTransform([
        [pathContains("bias"), sgd(0.1)],
        [Param, adam(0.1)],
      ]),
  ],
  ["polyakSgd", () => training.polyakSgd({ scaling: decaying })],
  ["scaleByPolyak", () => training.scaleByPolyak()],
  ["scale", () => training.scale(-0.1)],
  ["scaleBySchedule", () => training.scaleBySchedule(decaying)],
  ["setToZero", () => training.setToZero()],
  ["stateless", () => training.stateless(halve)],
  ["statelessWithTreeMap", () => training.statelessWithTreeMap(shrink)],
  ["identityTransformation", () => training.identityTransformation()],
  [
    "scaleByBacktrackingLinesearch",
    () => training.chain(sgd(1), training.scaleByBacktrackingLinesearch(9, { storeGrad: true })),
  ],
  ["scaleByZoomLinesearch", () => training.chain(sgd(1), training.scaleByZoomLinesearch(9))],
];

const every = [...rules, ...parts, ...wrappers];

/** What `transformations/` exports beside what makes transformations of plain parameters. */
const others: readonly string[] = [
  // Its parameters are two models; see below.
  "lookahead",
  "skipLargeUpdates",
  "skipNotFinite",
  "WrappedSchedule",
];

interface Model {
  readonly kernel: Param<tf.Tensor>;
  readonly bias: Param<tf.Tensor>;
}
const modelOf = (): Model => ({
  kernel: new Param(
    tf.tensor([
      [0.5, -1],
      [2, 0.25],
    ]),
  ),
  bias: new Param(tf.tensor([0.5, 1])),
});
const lossOf = (m: Model): tf.Tensor =>
  tf.add(tf.sum(tf.square(m.kernel.value)), tf.sum(tf.square(m.bias.value)));

function step(optimizer: Optimizer, model: Model): void {
  tf.tidy(() => {
    const grads = { kernel: tf.mul(model.kernel.value, 2), bias: tf.mul(model.bias.value, 2) };
    const extra: UpdateExtra<Model> = { value: lossOf(model), valueFn: lossOf };
    optimizer.update(model, grads, extra);
  });
}

const plain = (x: object): unknown =>
  JSON.stringify(toPure(state(x)), (_, value: unknown) =>
    value instanceof tf.Tensor ? [...value.dataSync()] : value,
  );

const throughJson = <M>(model: M) => {
  const [definition, values] = split(model);
  const json = JSON.parse(JSON.stringify(graphDefToJson(definition))) as GraphDefJson;
  const read = graphDefFromJson<M>(json);
  expect(equalGraphDefs(read, definition)).toBe(true);
  expect(hashGraphDef(read)).toBe(hashGraphDef(definition));
  expect(printGraphDef(read)).toBe(printGraphDef(definition));
  return merge(read, values);
};

it.each(every)("%s goes through JSON with its state, and takes the same steps", (_name, make) => {
  const models = [modelOf(), modelOf()] as const;
  const optimizer = new Optimizer(models[0], make(), { wrt: not(pathContains("frozen")) });
  step(optimizer, models[0]);
  const twin = new Optimizer(models[1], make(), { wrt: not(pathContains("frozen")) });
  step(twin, models[1]);
  const again = throughJson(twin);
  expect(again).toBeInstanceOf(Optimizer);
  for (let i = 0; i < 3; i++) {
    step(optimizer, models[0]);
    step(again, models[1]);
  }
  expect(plain(again)).toBe(plain(optimizer));
  expect(plain(models[1])).toBe(plain(models[0]));
  dispose([models, optimizer, twin, again]);
});

it("covers all that makes a transformation", () => {
  const index = readFileSync("packages/training/src/index.ts", "utf8");
  const lists = index.matchAll(/^export \{([^}]*)\} from "\.\/transformations\//gm);
  const values = [...lists].flatMap(([, list = ""]) => list.split(",").map((name) => name.trim()));
  const names = values.filter((name) => name !== "" && !name.startsWith("type "));
  expect([...new Set([...every.map(([name]) => name), ...others])].sort()).toEqual(names.sort());
});

it("writes lookahead, and an optimizer that holds its model", () => {
  const models = { fast: modelOf(), slow: modelOf() };
  const optimizer = new Optimizer(models, training.lookahead(adam(0.1), 2, 0.5, { resetState: true }));
  expect(plain(throughJson(optimizer))).toBe(plain(optimizer));
  const trainer = new ModelAndOptimizer(modelOf(), adam(0.1));
  const again = throughJson(trainer);
  const grads = (m: Model) => ({ kernel: m.kernel.value, bias: m.bias.value });
  trainer.update(grads(trainer.model));
  again.update(grads(again.model));
  expect(plain(again)).toBe(plain(trainer));
  expect(again.model.bias.value.dataSync()[0]).toBeCloseTo(0.4);
});

it("tells transformations with other arguments apart, and names functions that have no name", () => {
  const defOf = (tx: GradientTransformation) => graphdef(new Optimizer(modelOf(), tx));
  expect(equalGraphDefs(defOf(adam(0.1)), defOf(adam(0.1)))).toBe(true);
  expect(equalGraphDefs(defOf(adam(0.1)), defOf(adam(0.2)))).toBe(false);
  expect(equalGraphDefs(defOf(new MultiSteps(sgd(1), 2)), defOf(new MultiSteps(sgd(1), 2)))).toBe(true);
  expect(printGraphDef(defOf(adam(0.1)))).toContain("tx.adam(0.1)");
  expect(() => graphDefToJson(defOf(sgd(() => 0.1)))).toThrow(
    /graphDefToJson at tx: expected a static attribute that can be written, got the function/,
  );
});

/** @file Optimizers with every transformation, through split, JSON and merge, go on as they were. */
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
  Param,
  pathContains,
  printGraphDef,
  registerFunction,
  split,
  state,
  toPure,
} from "@nnxjs/nnx-core";
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
const shrink = (u: tf.Tensor): tf.Tensor => tf.mul(u, 0.5);
for (const [name, f] of Object.entries({ halve, isVector, isEven, decaying, shrink }))
  registerFunction(`json.test.${name}`, f);
registerFunction("json.test.globalNorm", globalNorm);

/** By the name of what makes it; a name may come several times. */
const every: readonly (readonly [name: string, make: () => GradientTransformation])[] = [
  ["adam", () => adam(0.1, { nesterov: true })],
  ["adam", () => adam(decaying)],
  ["adam", () => adam(training.exponentialDecay(0.1, 2, 0.5, { staircase: true }))],
  ["sgd", () => sgd(training.cosineDecaySchedule(0.1, 3, { alpha: 0.1 }))],
  ["adamw", () => training.adamw(0.1)],
  ["sgd", () => sgd(0.1)],
  ["sgd", () => sgd(0.1, { momentum: 0.9 })],
  ["rmsprop", () => training.rmsprop(0.1, { centered: true, momentum: 0.5 })],
  ["lion", () => training.lion(0.1)],
  ["chain", () => training.chain(training.clip(1), training.chain(), sgd(0.1))],
  ["scaleByAdam", () => training.scaleByAdam()],
  ["scaleByRms", () => training.scaleByRms()],
  ["scaleByLearningRate", () => training.scaleByLearningRate(0.1)],
  ["addDecayedWeights", () => training.addDecayedWeights(0.1)],
  ["clip", () => training.clip(0.1)],
  ["clipByGlobalNorm", () => training.clipByGlobalNorm(0.1)],
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

/** Functions that make no transformation of plain parameters. */
const others: ReadonlySet<string> = new Set([
  "applyUpdates",
  "globalNorm",
  "incrementalUpdate",
  "periodicUpdate",
  "mapTree",
  "skipLargeUpdates",
  "skipNotFinite",
  "exponentialDecay",
  "cosineDecaySchedule",
  // Its parameters are two models; see below.
  "lookahead",
]);

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

it("covers every function of this package that makes a transformation", () => {
  const made = new Set([...every.map(([name]) => name), "WrappedSchedule"]);
  const names = Object.entries(training)
    .filter(
      ([name, x]) =>
        typeof x === "function" && !/^(Opt|Optimizer|OptimizerBase|EMA|TrainState|Model)/.test(name),
    )
    .map(([name]) => name);
  expect(names.filter((name) => !made.has(name) && !others.has(name))).toEqual([]);
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
  expect(printGraphDef(defOf(adam(0.1)))).toContain("tx.chain(tx.scaleByAdam({");
  expect(() => graphDefToJson(defOf(sgd(() => 0.1)))).toThrow(
    /graphDefToJson at tx: expected a static attribute that can be written, got the function/,
  );
});

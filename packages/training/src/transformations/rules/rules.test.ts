/** @file All update rules against optax, by default and with every option changed. */
import {
  anyOf,
  dispose,
  flattenState,
  grad,
  isVariableState,
  jit,
  Param,
  pathContains,
  state,
} from "@nnxjs/nnx-core";
import { PRNGKey, random } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { readGolden } from "../../../../../scripts/golden.ts";
import { rounds } from "../../../../../scripts/rounds.ts";
import { onEachBackend } from "../../../../../scripts/use-backend.ts";
import { expectSameBits } from "../../../test/bits-in.ts";
import * as t from "../../index.ts";
import { chain, type GradientTransformation, Optimizer, type Schedule, sgd, type Tree } from "../../index.ts";

/** What is not finite stands as text. */
type Values = readonly (number | string)[];
type ByPath = Readonly<Record<string, Values>>;
type Shaped = Readonly<Record<string, { readonly shape: readonly number[]; readonly values: Values }>>;
interface Golden {
  readonly params: Shaped;
  readonly gradients: readonly ByPath[];
  readonly oddParams: Shaped;
  readonly oddGradients: readonly ByPath[];
  readonly rules: Readonly<Record<string, { readonly steps: readonly ByPath[]; readonly state: ByPath }>>;
  readonly edges: Readonly<Record<string, readonly ByPath[]>>;
}
const golden = readGolden<Golden>("optimizers-rules");
/** More than one replay of each program; in long runs the gradients several times. */
const MANY = rounds(8, 50);
/** The steps after which there are parameters. */
const shown = [1, 11];

const schedule: Schedule = (count) => 0.1 * 0.9 ** count;
const decay: Schedule = (count) => 0.02 * (count + 1);
const some = { cube: true, empty: true, matrix: true, scalar: false, vector: false };
const big = (params: Tree): Record<string, boolean> =>
  Object.fromEntries(Object.entries(params).map(([name, p]) => [name, (p as tf.Tensor).rank > 1]));
const means = { b1: 0.7, b2: 0.95, eps: 1e-3, epsRoot: 1e-4 };
const thenSgd = (tx: GradientTransformation): GradientTransformation => chain(tx, sgd(0.1));

const rules: Readonly<Record<string, () => GradientTransformation>> = {
  adabelief: () => t.adabelief(0.1),
  "adabelief/options": () => t.adabelief(schedule, { ...means, nesterov: true }),
  adadelta: () => t.adadelta({ learningRate: 1 }),
  "adadelta/options": () =>
    t.adadelta({ learningRate: schedule, rho: 0.7, eps: 1e-2, weightDecay: 0.1, weightDecayMask: some }),
  "adadelta/no rate": () => t.adadelta({ eps: 1e-2, weightDecay: decay }),
  adafactor: () => t.adafactor({ learningRate: 0.1 }),
  "adafactor/no rate": () => t.adafactor(),
  "adafactor/factored": () => t.adafactor({ learningRate: schedule, minDimSizeToFactor: 2 }),
  "adafactor/options": () =>
    t.adafactor({
      learningRate: 0.1,
      minDimSizeToFactor: 3,
      decayRate: 0.5,
      multiplyByParameterScale: false,
      clippingThreshold: 0.5,
      momentum: 0.8,
      weightDecayRate: 0.01,
      eps: 1e-3,
      weightDecayMask: some,
    }),
  "adafactor/plain": () =>
    t.adafactor({ learningRate: 0.1, clippingThreshold: null, factored: false, weightDecayRate: decay }),
  adagrad: () => t.adagrad(0.1),
  "adagrad/options": () => t.adagrad(schedule, { initialAccumulatorValue: 0, eps: 1e-2 }),
  adam: () => t.adam(0.1),
  "adam/options": () => t.adam(schedule, { ...means, nesterov: true }),
  adamax: () => t.adamax(0.1),
  "adamax/options": () => t.adamax(schedule, { b1: 0.7, b2: 0.8, eps: 1e-2 }),
  adamaxw: () => t.adamaxw(0.1),
  "adamaxw/options": () => t.adamaxw(0.1, { b1: 0.7, b2: 0.8, eps: 1e-2, weightDecay: 0.1, mask: some }),
  adamw: () => t.adamw(0.1),
  "adamw/options": () => t.adamw(schedule, { ...means, weightDecay: decay, mask: big, nesterov: true }),
  "adamw/masked": () =>
    t.adamw(0.1, {
      weightDecay: 0.3,
      mask: anyOf(pathContains("cube"), pathContains("empty"), pathContains("matrix")),
    }),
  adan: () => t.adan(0.1),
  "adan/options": () => t.adan(schedule, { ...means, b2: 0.6, b3: 0.9, weightDecay: 0.1, mask: some }),
  amsgrad: () => t.amsgrad(0.1),
  "amsgrad/options": () => t.amsgrad(schedule, { ...means, b2: 0.6, biasCorrectionMu: false }),
  "amsgrad/as in the paper": () =>
    t.amsgrad(0.1, { b2: 0.6, biasCorrectionMu: false, biasCorrectionNu: false }),
  fromage: () => t.fromage(0.1),
  "fromage/options": () => t.fromage(schedule, { minNorm: 1.5 }),
  lamb: () => t.lamb(0.1),
  "lamb/options": () => t.lamb(schedule, { ...means, weightDecay: 0.1, mask: some }),
  lars: () => t.lars(0.1),
  "lars/options": () =>
    t.lars(schedule, {
      weightDecay: 0.1,
      weightDecayMask: some,
      trustCoefficient: 0.1,
      eps: 0.5,
      trustRatioMask: big,
      momentum: 0.7,
      nesterov: true,
    }),
  "lars/decay by schedule": () => t.lars(0.1, { weightDecay: decay }),
  lion: () => t.lion(0.1),
  "lion/options": () => t.lion(schedule, { b1: 0.7, b2: 0.6, weightDecay: decay, mask: some }),
  nadam: () => t.nadam(0.1),
  "nadam/options": () => t.nadam(0.1, means),
  nadamw: () => t.nadamw(0.1),
  "nadamw/options": () => t.nadamw(0.1, { ...means, weightDecay: 0.1, mask: some }),
  noisySgd: () => t.noisySgd(0.1),
  "noisySgd/options": () => t.noisySgd(schedule, { eta: 0.5, gamma: 0.2, key: random.key(42) }),
  novograd: () => t.novograd(0.1),
  "novograd/options": () =>
    t.novograd(schedule, { b1: 0.7, b2: 0.6, eps: 1e-2, epsRoot: 1e-3, weightDecay: 0.1 }),
  optimisticAdam: () => t.optimisticAdam(0.1),
  "optimisticAdam/options": () => t.optimisticAdam(0.1, { optimism: 0.3, ...means, nesterov: false }),
  optimisticAdamV2: () => t.optimisticAdamV2(0.1),
  "optimisticAdamV2/options": () =>
    t.optimisticAdamV2(schedule, { alpha: 0.7, beta: 0.4, ...means, nesterov: false }),
  optimisticGradientDescent: () => t.optimisticGradientDescent(0.1),
  "optimisticGradientDescent/options": () => t.optimisticGradientDescent(schedule, { alpha: 0.7, beta: 0.4 }),
  radam: () => t.radam(0.1),
  "radam/options": () => t.radam(schedule, { ...means, threshold: 7, nesterov: true }),
  rmsprop: () => t.rmsprop(0.1),
  "rmsprop/options": () =>
    t.rmsprop(schedule, {
      decay: 0.7,
      eps: 1e-2,
      initialScale: 0.5,
      epsInSqrt: false,
      momentum: 0.6,
      nesterov: true,
    }),
  "rmsprop/bias": () => t.rmsprop(0.1, { eps: 1e-2, biasCorrection: true, momentum: 0.6 }),
  "rmsprop/centered": () => t.rmsprop(0.1, { decay: 0.7, eps: 0.1, centered: true, biasCorrection: true }),
  "rmsprop/centered options": () =>
    t.rmsprop(0.1, { decay: 0.7, eps: 0.5, initialScale: 0.5, epsInSqrt: false, centered: true }),
  rprop: () => t.rprop(0.1),
  "rprop/options": () => t.rprop(0.1, { etaMinus: 0.3, etaPlus: 2, minStepSize: 0.05, maxStepSize: 0.3 }),
  sgd: () => t.sgd(0.1),
  "sgd/options": () => t.sgd(schedule, { momentum: 0.8, nesterov: true }),
  signSgd: () => t.signSgd(0.1),
  "signSgd/schedule": () => t.signSgd(schedule),
  signum: () => t.signum(0.1),
  "signum/options": () => t.signum(schedule, { beta: 0.5 }),
  sm3: () => t.sm3(0.1),
  "sm3/options": () => t.sm3(0.1, { momentum: 0.5 }),
  yogi: () => t.yogi(0.1),
  "yogi/options": () => t.yogi(schedule, { b1: 0.7, b2: 0.6, eps: 1e-2 }),
  adaptiveGradClip: () => thenSgd(t.adaptiveGradClip(0.1)),
  "adaptiveGradClip/options": () => thenSgd(t.adaptiveGradClip(0.3, { eps: 0.5, axis: [0, -1] })),
  "adaptiveGradClip/one axis": () => thenSgd(t.adaptiveGradClip(0.2, { axis: -1 })),
  addDecayedWeights: () => thenSgd(t.addDecayedWeights(0.1)),
  "addDecayedWeights/options": () => thenSgd(t.addDecayedWeights(decay, { mask: some })),
  addNoise: () => thenSgd(t.addNoise(0.3, 0.1, { key: 3 })),
  centralize: () => thenSgd(t.centralize()),
  clipByBlockRms: () => thenSgd(t.clipByBlockRms(0.5)),
  normalizeByUpdateNorm: () => thenSgd(t.normalizeByUpdateNorm()),
  "normalizeByUpdateNorm/options": () => thenSgd(t.normalizeByUpdateNorm({ scaleFactor: 2, eps: 0.5 })),
  scaleByDistanceOverGradients: () => thenSgd(t.scaleByDistanceOverGradients({ repsRel: 0.1 })),
  "scaleByDistanceOverGradients/options": () =>
    thenSgd(t.scaleByDistanceOverGradients({ repsRel: 0.5, eps: 0.1, globalScale: 2 })),
  scaleByFactoredRms: () => thenSgd(t.scaleByFactoredRms()),
  "scaleByFactoredRms/options": () =>
    thenSgd(
      t.scaleByFactoredRms({
        decayRate: 0.5,
        minDimSizeToFactor: 2,
        epsilon: 1e-2,
        decayRateFn: (i, rate) => (rate * i) / (i + 1),
      }),
    ),
  "scaleByLion/smooth": () => thenSgd(t.scaleByLion({ mode: "smooth", smoothBeta: 3 })),
  "scaleByLion/refined": () => thenSgd(t.scaleByLion({ b1: 0.2, mode: "refined" })),
  scaleByParamBlockNorm: () => thenSgd(t.scaleByParamBlockNorm()),
  "scaleByParamBlockNorm/options": () => thenSgd(t.scaleByParamBlockNorm({ minScale: 1 })),
  scaleByParamBlockRms: () => thenSgd(t.scaleByParamBlockRms()),
  "scaleByParamBlockRms/options": () => thenSgd(t.scaleByParamBlockRms({ minScale: 1 })),
  scaleByRms: () => thenSgd(t.scaleByRms()),
  scaleBySm3: () => thenSgd(t.scaleBySm3({ b1: 0.5, b2: 0.7, eps: 1e-2 })),
  scaleByStddev: () => thenSgd(t.scaleByStddev({ eps: 1e-2 })),
  "scaleByStddev/options": () =>
    thenSgd(
      t.scaleByStddev({ decay: 0.7, eps: 0.5, initialScale: 0.5, epsInSqrt: false, biasCorrection: true }),
    ),
  scaleByTrustRatio: () => thenSgd(t.scaleByTrustRatio()),
  "scaleByTrustRatio/options": () =>
    thenSgd(t.scaleByTrustRatio({ minNorm: 1.5, trustCoefficient: 0.3, eps: 0.2 })),
  scaleByYogi: () => thenSgd(t.scaleByYogi({ epsRoot: 1e-2, initialAccumulatorValue: 0.1 })),
};

const texts: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, "-inf": -Infinity };
const numbers = (values: Values): number[] =>
  values.map((value) => (typeof value === "number" ? value : (texts[value] as number)));

type Model = Readonly<Record<string, Param<tf.Tensor>>>;
/** The values of these names as tensors. */
const tensorsOf = (shaped: Shaped, values: ByPath, names: readonly string[]): Record<string, tf.Tensor> =>
  Object.fromEntries(
    names.map((name) => [name, tf.tensor(numbers(values[name]!), [...shaped[name]!.shape], "float32")]),
  );
const modelOf = (tensors: Readonly<Record<string, tf.Tensor>>): Model =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, new Param(tensor)]));
const valuesOf = (shaped: Shaped): ByPath =>
  Object.fromEntries(Object.entries(shaped).map(([name, { values }]) => [name, values]));

/** Equal where the reference is not finite; elsewhere within 1e-5 of it, or of `floor`. */
function expectNear(values: ArrayLike<number>, wanted: Values, what: string, floor: number): void {
  if (values.length !== wanted.length)
    expect.fail(`${what}: expected ${wanted.length} numbers, got ${values.length}`);
  numbers(wanted).forEach((reference, i) => {
    const value = values[i] as number;
    const bound = 1e-5 * Math.max(Math.abs(reference), floor);
    const isNear = Number.isFinite(reference)
      ? Math.abs(value - reference) <= bound
      : Object.is(value, reference);
    if (!isNear) expect.fail(`${what}[${i}]: expected ${reference}, got ${value}`);
  });
}

/** As large as the largest number beside it: sums cancel. */
const floorOf = (wanted: Values): number =>
  Math.max(1e-30, ...numbers(wanted).map((x) => (Number.isFinite(x) ? Math.abs(x) : 0)));

function expectParams(params: Readonly<Record<string, tf.Tensor>>, wanted: ByPath, step: number): void {
  for (const [name, values] of Object.entries(wanted))
    expectNear(params[name]!.dataSync(), values, `${name} after step ${step}`, 0.1);
}

const paramsOf = (model: Model): Record<string, tf.Tensor> =>
  Object.fromEntries(Object.entries(model).map(([name, { value }]) => [name, value]));

function expectState(optimizer: Optimizer, wanted: ByPath): void {
  const kept = state(optimizer);
  const found = new Map(
    flattenState(kept).map(([path, leaf]) => [path.join("."), isVariableState(leaf) ? leaf.value : leaf]),
  );
  found.delete("step");
  expect([...found.keys()].sort()).toEqual(
    Object.keys(wanted)
      .map((path) => `optState.${path}`)
      .sort(),
  );
  for (const [path, values] of Object.entries(wanted)) {
    const value = found.get(`optState.${path}`);
    if (PRNGKey.isKey(value)) expect([...random.keyData(value)]).toEqual(values);
    else if (value instanceof tf.Tensor) expectNear(value.dataSync(), values, path, floorOf(values));
    else expect([value], path).toEqual(values);
  }
  dispose(kept);
}

it("has every rule of the golden file, and no other", () => {
  expect(Object.keys(rules).sort()).toEqual(Object.keys(golden.rules).sort());
});

const { params: shapes, oddParams: oddShapes } = golden;

onEachBackend("update rules", () => {
  it.each(Object.entries(golden.rules))("%s takes optax's twelve steps", (name, { steps, state: wanted }) => {
    const names = Object.keys(steps[0]!);
    const model = modelOf(tensorsOf(shapes, valuesOf(shapes), names));
    const optimizer = new Optimizer(model, rules[name]!());
    golden.gradients.forEach((step, i) => {
      const grads = modelOf(tensorsOf(shapes, step, names));
      optimizer.update(model, grads);
      dispose(grads);
      const at = shown.indexOf(i);
      if (at >= 0) expectParams(paramsOf(model), steps[at]!, i);
    });
    expectState(optimizer, wanted);
    dispose([model, optimizer]);
  });

  it.each(Object.entries(golden.edges))("%s keeps NaN and infinities where optax does", (name, steps) => {
    const names = Object.keys(steps[0]!);
    const model = modelOf(tensorsOf(oddShapes, valuesOf(oddShapes), names));
    const optimizer = new Optimizer(model, rules[name]!());
    golden.oddGradients.forEach((step, i) => {
      const grads = modelOf(tensorsOf(oddShapes, step, names));
      optimizer.update(model, grads);
      dispose(grads);
      expectParams(paramsOf(model), steps[i]!, i);
    });
    dispose([model, optimizer]);
  });

  it.each(Object.keys(rules))(`%s leaves nothing behind in ${MANY} steps`, (name) => {
    const names = Object.keys(golden.rules[name]!.steps[0]!);
    const model = modelOf(tensorsOf(shapes, valuesOf(shapes), names));
    const grads = modelOf(tensorsOf(shapes, golden.gradients[0]!, names));
    const before = tf.memory().numTensors;
    const optimizer = new Optimizer(model, rules[name]!());
    optimizer.update(model, grads);
    const after = tf.memory().numTensors;
    for (let step = 1; step < MANY; step++) optimizer.update(model, grads);
    expect(tf.memory().numTensors).toBe(after);
    dispose(optimizer);
    expect(tf.memory().numTensors).toBe(before);
    dispose([model, grads]);
  });
});

/** Those that go over memory once, unless a tape records. */
const inOnePass = Object.keys(rules).filter((name) =>
  /^(adabelief|n?adamw?|adamaxw?|adan|amsgrad|radam|yogi|scaleByYogi)\b/.test(name),
);

onEachBackend("update rules on a tape", () => {
  it.each(inOnePass)("%s takes the same steps while a gradient is recorded", (name) => {
    tf.tidy(() => {
      const tx = rules[name]!();
      let params: Record<string, tf.Tensor> = tensorsOf(shapes, valuesOf(shapes), Object.keys(shapes));
      let kept = tx.init(params);
      golden.gradients.forEach((step, i) => {
        const gradients = tensorsOf(shapes, step, Object.keys(shapes));
        const seen: [Tree, typeof kept][] = [];
        grad((vector: tf.Tensor) => {
          const result = tx.update({ ...gradients, vector }, kept, params);
          seen.push(keepAll(result) as [Tree, typeof kept]);
          return tf.sum(result[0].vector as tf.Tensor);
        })(gradients.vector!);
        const [[updates, next]] = seen as [[Tree, typeof kept]];
        params = Object.fromEntries(
          Object.entries(params).map(([key, p]) => [key, tf.add(p, updates[key] as tf.Tensor)]),
        );
        kept = next;
        const at = shown.indexOf(i);
        if (at >= 0) expectParams(params, golden.rules[name]!.steps[at]!, i);
      });
    });
  });
});

/** Copies of all tensors, out of the reach of scopes. */
function keepAll(value: unknown): unknown {
  if (value instanceof tf.Tensor) return tf.keep(tf.tensor(value.dataSync(), value.shape));
  if (Array.isArray(value)) return value.map(keepAll);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, keepAll(each)]));
}

onEachBackend("recorded update rules", () => {
  it.each(Object.keys(rules))(`%s takes the same ${MANY} steps`, (name) => {
    const names = Object.keys(golden.rules[name]!.steps[0]!);
    const models = [0, 1].map(() => {
      const model = modelOf(tensorsOf(shapes, valuesOf(shapes), names));
      return [model, new Optimizer(model, rules[name]!())] as const;
    });
    const update = (model: Model, optimizer: Optimizer, grads: Tree): void => optimizer.update(model, grads);
    const recorded = jit(update);
    const [[model, optimizer], [twin, other]] = models as [(typeof models)[0], (typeof models)[0]];
    for (let step = 0; step < MANY; step++) {
      tf.tidy(() => {
        const values = golden.gradients[step % golden.gradients.length]!;
        const grads = tensorsOf(shapes, values, names) as Tree;
        update(model, optimizer, grads);
        recorded(twin, other, grads);
      });
      expectSameBits({ twin }, { twin: model }, `step ${step}`);
    }
    expectSameBits(other, optimizer, "the optimizer");
    expect(recorded.programs.length).toBeLessThanOrEqual(3);
    recorded.dispose();
    dispose(models.flat());
  });
});

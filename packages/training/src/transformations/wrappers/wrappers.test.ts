/** @file The wrappers' steps and states, held against optax's, on each backend. */
import { dispose, flattenState, isVariableState, jit, Param, state, valueAndGrad } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { readGolden } from "../../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../../scripts/use-backend.ts";
import { expectSameBits } from "../../../test/bits-in.ts";
import {
  adam,
  adamw,
  addDecayedWeights,
  applyEvery,
  applyIfFinite,
  chain,
  clip,
  clipByGlobalNorm,
  conditionallyMask,
  conditionallyTransform,
  ema,
  flatten,
  freeze,
  globalNorm,
  type GradientTransformation,
  identityTransformation,
  injectHyperparams,
  keepParamsNonnegative,
  lbfgs,
  lookahead,
  mapTree,
  masked,
  measureWithEma,
  monitor,
  MultiSteps,
  namedChain,
  Optimizer,
  partition,
  polyakSgd,
  scale,
  scaleByBacktrackingLinesearch,
  scaleBySchedule,
  scaleByZoomLinesearch,
  selectiveTransform,
  setToZero,
  sgd,
  type ShouldSkipUpdateFunction,
  skipLargeUpdates,
  skipNotFinite,
  snapshot,
  stateless,
  statelessWithTreeMap,
  trace,
  type Tree,
  zeroNans,
} from "../../index.ts";

/** What is not finite stands as text. */
type Values = readonly (number | string)[];
type ByPath = Readonly<Record<string, Values>>;
interface Run {
  readonly steps: readonly ByPath[];
  readonly state: ByPath;
  readonly losses?: readonly number[];
}
interface Golden {
  readonly params: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: Values }>>;
  readonly tameGradients: readonly ByPath[];
  readonly oddGradients: readonly ByPath[];
  readonly norms: Values;
  readonly tame: Readonly<Record<string, Run>>;
  readonly odd: Readonly<Record<string, Run>>;
  readonly losses: Readonly<Record<string, Run>>;
}
const golden = readGolden<Golden>("optimizers-wrappers");

const texts: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, "-inf": -Infinity };
const numbers = (values: Values): number[] =>
  values.map((value) => (typeof value === "number" ? value : (texts[value] as number)));

interface Nest<T> {
  readonly a: { readonly bias: T; readonly kernel: T };
  readonly b: T;
  readonly empty: T;
}
type Model = Nest<Param<tf.Tensor>>;

const nest = <T>(f: (path: string) => T): Nest<T> => ({
  a: { bias: f("a.bias"), kernel: f("a.kernel") },
  b: f("b"),
  empty: f("empty"),
});
const tensorsOf = (values: ByPath): Nest<tf.Tensor> =>
  nest((path) =>
    tf.tensor(numbers(values[path] as Values), [...(golden.params[path]?.shape ?? [])], "float32"),
  );
const start: ByPath = Object.fromEntries(
  Object.entries(golden.params).map(([path, { values }]) => [path, values]),
);
const modelOf = (values: ByPath): Model => {
  const tensors = tensorsOf(values);
  return {
    a: { bias: new Param(tensors.a.bias), kernel: new Param(tensors.a.kernel) },
    b: new Param(tensors.b),
    empty: new Param(tensors.empty),
  };
};
const positive: ByPath = Object.fromEntries(
  Object.entries(start).map(([path, values]) => [path, numbers(values).map(Math.abs)]),
);

/** Values by path, without what the Optimizer itself counts. */
const valuesIn = (x: object, prefix = ""): Map<string, ArrayLike<number>> => {
  const kept = state(x);
  const found = new Map(
    flattenState(kept).map(([path, leaf]) => {
      const value = isVariableState(leaf) ? leaf.value : leaf;
      const name = path.join(".").slice(prefix.length);
      return [name, value instanceof tf.Tensor ? [...value.dataSync()] : [value as number]];
    }),
  );
  dispose(kept);
  return found;
};

function expectNear(got: ArrayLike<number>, wanted: Values, what: string, tolerance: number): void {
  if (got.length !== wanted.length)
    expect.fail(`${what}: expected ${wanted.length} numbers, got ${got.length}`);
  const references = numbers(wanted);
  const size = Math.max(...references.map((x) => (Number.isFinite(x) ? Math.abs(x) : 0)), 0.1);
  references.forEach((reference, i) => {
    const value = got[i] as number;
    // Where an infinity is gone, a number of any size is left: relative to itself.
    const bound = tolerance * (size > 1e6 ? Math.max(Math.abs(reference), 0.1) : size);
    const isNear = Number.isFinite(reference)
      ? Math.abs(value - reference) <= bound
      : Object.is(value, reference);
    if (!isNear) expect.fail(`${what}[${i}]: expected ${reference}, got ${value}`);
  });
}

function expectState(optimizer: Optimizer, wanted: ByPath, tolerance: number, isPart = false): void {
  const found = valuesIn(optimizer.optState as object);
  const paths = [...found.keys()].sort();
  if (isPart) expect(Object.keys(wanted)).toEqual(expect.arrayContaining(paths));
  else expect(paths).toEqual(Object.keys(wanted).sort());
  for (const path of paths)
    expectNear(found.get(path) as number[], wanted[path] as Values, `state at ${path}`, tolerance);
}

const isMatrix = (params: Tree) => mapTree((p) => p.rank > 1, params);
const labels = (params: Tree) => mapTree((p) => (p.rank === 1 ? "vector" : "matrix"), params);
const large: ShouldSkipUpdateFunction = (updates, step, params) => skipLargeUpdates(updates, step, params, 9);
const largeNorm = (updates: Tree): tf.Tensor => tf.greater(globalNorm(updates), 3);
const momentum = () => sgd(0.1, { momentum: 0.9 });

const tame: Readonly<Record<string, () => GradientTransformation>> = {
  masked_function: () => chain(masked(addDecayedWeights(0.5), isMatrix), adam(0.1)),
  masked_tree: () => masked(adam(0.1), { a: { bias: true, kernel: false }, b: false, empty: true }),
  masked_prefix: () => masked(adam(0.1), { a: true, b: false, empty: false }),
  partition_function: () => partition({ matrix: adam(0.1), vector: momentum() }, labels),
  partition_prefix: () =>
    partition({ x: adam(0.1), y: momentum(), z: setToZero() }, { a: "x", b: "y", empty: "z" }),
  partition_masks_of_all: () =>
    partition(
      {
        x: adamw(0.1, {
          weightDecay: 0.3,
          mask: { a: { bias: false, kernel: true }, b: true, empty: false },
        }),
        y: partition({ p: adam(0.1), q: momentum() }, { a: { bias: "p", kernel: "q" }, b: "q", empty: "p" }),
      },
      { a: { bias: "y", kernel: "x" }, b: "y", empty: "x" },
    ),
  freeze: () => chain(momentum(), freeze({ a: true, b: false, empty: false })),
  selective_transform: () =>
    selectiveTransform(adam(0.1), {
      freezeMask: { a: { bias: true, kernel: false }, b: true, empty: false },
    }),
  multi_steps_3: () => new MultiSteps(adam(0.1), 3),
  multi_steps_sum: () => new MultiSteps(momentum(), 2, { useGradMean: false }),
  multi_steps_schedule: () => new MultiSteps(adam(0.1), (step) => 1 + (step % 3)),
  multi_steps_skip_large: () => new MultiSteps(momentum(), 2, { shouldSkipUpdateFn: large }),
  apply_if_finite: () => applyIfFinite(adam(0.1), 2),
  named_chain: () => namedChain(["clip", clip(0.5)], ["adam", adam(0.1)]),
  conditionally_transform: () => chain(conditionallyTransform(adam(0.1), (step) => step % 3 !== 1)),
  conditionally_mask: () => conditionallyMask(momentum(), (step) => tf.scalar(step % 3 !== 1, "bool")),
  set_to_zero: () => setToZero(),
  ema: () => chain(ema(0.8), scale(-0.1)),
  ema_biased: () => chain(ema(0.8, { debias: false }), scale(-0.1)),
  trace: () => chain(trace(0.8), scale(-0.1)),
  trace_nesterov: () => chain(trace(0.8, { nesterov: true }), scale(-0.1)),
  scale_by_schedule: () => scaleBySchedule((step) => -0.1 / (step + 1)),
  apply_every: () => chain(momentum(), applyEvery(4)),
  stateless: () =>
    chain(
      stateless((u, p) => mapTree((x, y) => tf.add(x, tf.mul(y, 0.1)), u, p)),
      momentum(),
    ),
  stateless_with_tree_map: () =>
    chain(
      statelessWithTreeMap((u, p) => tf.mul(u, p)),
      momentum(),
    ),
  flatten: () => flatten(adam(0.1)),
  flatten_clip: () => flatten(chain(clipByGlobalNorm(1), momentum())),
  identity: () => chain(identityTransformation(), scale(-0.1)),
  snapshot: () => chain(momentum(), snapshot("norm", globalNorm), clipByGlobalNorm(0.1)),
  monitor: () =>
    chain(
      momentum(),
      monitor({ norm: globalNorm, share: measureWithEma(largeNorm, 0.7) }),
      clipByGlobalNorm(0.1),
    ),
};

const odd: Readonly<Record<string, () => GradientTransformation>> = {
  apply_if_finite_1: () => applyIfFinite(adam(0.1), 1),
  apply_if_finite_10: () => applyIfFinite(momentum(), 10),
  zero_nans: () => chain(zeroNans(), clip(1), adam(0.1)),
  multi_steps_skip: () => new MultiSteps(adam(0.1), 2, { shouldSkipUpdateFn: skipNotFinite }),
  multi_steps_skip_large: () => new MultiSteps(momentum(), 2, { shouldSkipUpdateFn: large }),
  masked: () => masked(adam(0.1), { a: true, b: false, empty: true }),
  ema: () => chain(ema(0.8), scale(-0.1)),
  trace: () => trace(0.8, { nesterov: true }),
  flatten: () => flatten(chain(clipByGlobalNorm(1), sgd(0.1))),
  conditionally_mask: () => conditionallyMask(momentum(), (step) => step % 2 === 1),
  snapshot: () => chain(snapshot("norm", globalNorm), zeroNans(), momentum()),
};

/** Takes the steps, half of them in a scope of tensorflow.js. Nothing is left behind. */
function check(
  tx: GradientTransformation,
  run: Run,
  gradients: readonly ByPath[],
  from: ByPath = start,
  isPart = false,
): void {
  const model = modelOf(from);
  const optimizer = new Optimizer(model, tx);
  const before = tf.memory().numTensors;
  gradients.forEach((step, i) => {
    const update = (): void => {
      const grads = tensorsOf(step);
      optimizer.update(model, grads as unknown as Tree);
      if (i % 2 === 0) tf.dispose(grads as unknown as tf.TensorContainer);
    };
    if (i % 2 === 0) update();
    else tf.tidy(update);
    for (const [path, value] of valuesIn(model))
      expectNear(value, run.steps[i]?.[path] as Values, `${path} after step ${i}`, 1e-5);
  });
  expect(tf.memory().numTensors).toBe(before);
  expectState(optimizer, run.state, 1e-5, isPart);
  dispose([model, optimizer]);
}

const quadratic = (m: Nest<Param<tf.Tensor>>): tf.Tensor =>
  tf.addN(
    [m.a.bias, m.a.kernel, m.b, m.empty].map(({ value }, i) =>
      tf.sum(tf.mul(tf.square(tf.sub(value, 0.5)), i + 1)),
    ),
  );
const valley = (m: Nest<Param<tf.Tensor>>): tf.Tensor => {
  const [x, y, z] = tf.unstack(m.b.value) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const bend = tf.mul(tf.square(tf.sub(y, tf.square(x))), 0.3);
  const rest = tf.addN([
    tf.mul(tf.sum(tf.pow(m.a.kernel.value, 4)), 0.2),
    tf.sum(tf.square(m.a.bias.value)),
    tf.square(z),
  ]);
  return tf.addN([tf.square(tf.sub(1, x)), bend, rest]);
};
type Loss = typeof quadratic;

const searches: Readonly<Record<string, readonly [make: () => GradientTransformation, loss: Loss]>> = {
  lbfgs: [() => lbfgs(), quadratic],
  lbfgs_valley: [() => lbfgs({ memorySize: 3 }), valley],
  lbfgs_no_scaling: [() => lbfgs({ memorySize: 2, scaleInitPrecond: false }), valley],
  lbfgs_learning_rate: [() => lbfgs({ learningRate: 0.5, linesearch: null }), quadratic],
  lbfgs_backtracking: [
    () => lbfgs({ linesearch: scaleByBacktrackingLinesearch(15, { storeGrad: true }) }),
    valley,
  ],
  zoom: [() => chain(sgd(1), scaleByZoomLinesearch(15)), valley],
  zoom_options: [
    () =>
      chain(
        sgd(1),
        scaleByZoomLinesearch(6, {
          maxLearningRate: 0.05,
          increaseFactor: 3,
          curvRtol: 0.1,
          approxDecRtol: null,
          tol: 1e-3,
        }),
      ),
    valley,
  ],
  zoom_upwards: [() => chain(scale(1), scaleByZoomLinesearch(4)), quadratic],
  backtracking: [() => chain(sgd(1), scaleByBacktrackingLinesearch(20, { slopeRtol: 0.6 })), valley],
  backtracking_options: [
    () =>
      chain(
        sgd(1),
        scaleByBacktrackingLinesearch(5, {
          slopeRtol: 0.3,
          decreaseFactor: 0.5,
          increaseFactor: Infinity,
          maxLearningRate: 0.4,
          atol: 0.1,
          rtol: 0.01,
        }),
      ),
    valley,
  ],
  polyak_sgd: [() => polyakSgd(), quadratic],
  polyak_sgd_options: [
    () =>
      polyakSgd({
        maxLearningRate: 0.05,
        scaling: (step) => 1 / (step + 1),
        fMin: 0.1,
        eps: 0.5,
        variant: "sps+",
      }),
    quadratic,
  ],
  polyak_sgd_below: [() => polyakSgd({ fMin: 1000, maxLearningRate: 0.01 }), quadratic],
};

onEachBackend("wrappers", () => {
  it.each(Object.entries(tame))("%s takes optax's twelve steps", (name, make) => {
    check(make(), golden.tame[name] as Run, golden.tameGradients);
  });

  it.each(Object.entries(odd))("%s keeps NaN and infinities where optax does", (name, make) => {
    check(make(), golden.odd[name] as Run, golden.oddGradients);
  });

  it("keep_params_nonnegative takes optax's steps, NaN and infinities too", () => {
    const tx = () => chain(momentum(), keepParamsNonnegative());
    check(tx(), golden.tame.keep_params_nonnegative as Run, golden.tameGradients, positive);
    check(tx(), golden.odd.keep_params_nonnegative as Run, golden.oddGradients, positive);
  });

  it("inject_hyperparams takes optax's steps, with the hyperparameters that were given", () => {
    const tx = injectHyperparams(adam)((step) => 0.1 / (step + 1), {
      b1: 0.7,
      b2: (step) => 0.9 + 0.005 * step,
    });
    check(tx, golden.tame.inject_hyperparams as Run, golden.tameGradients, start, true);
  });

  it.each([false, true])("lookahead takes optax's steps with resetState %s", (resetState) => {
    const run = golden.tame[resetState ? "lookahead_reset" : "lookahead"] as Run;
    const models = { fast: modelOf(start), slow: modelOf(start) };
    const optimizer = new Optimizer(models, lookahead(adam(0.1), 3, 0.4, { resetState }));
    const before = tf.memory().numTensors;
    golden.tameGradients.forEach((step, i) => {
      tf.tidy(() => {
        const fast = tensorsOf(step) as unknown as Tree;
        optimizer.update(models, { fast, slow: fast });
      });
      for (const [path, value] of valuesIn(models))
        expectNear(value, run.steps[i]?.[path] as Values, `${path} after step ${i}`, 1e-5);
    });
    expect(tf.memory().numTensors).toBe(before);
    expectState(optimizer, run.state, 1e-5);
    dispose([models, optimizer]);
  });

  it.each(Object.entries(searches))("%s takes optax's steps down the loss", (name, [make, loss]) => {
    const run = golden.losses[name] as Run;
    const model = modelOf(start);
    const optimizer = new Optimizer(model, make());
    const before = tf.memory().numTensors;
    run.steps.forEach((wanted, i) => {
      const update = (): void => {
        const [value, grads] = valueAndGrad(loss)(model);
        if (run.losses) expectNear(value.dataSync(), [run.losses[i] as number], `loss ${i}`, 1e-5);
        optimizer.update(model, grads as unknown as Tree, { value, valueFn: loss });
        if (i % 2 === 0) dispose([value, grads]);
      };
      if (i % 2 === 0) update();
      else tf.tidy(update);
      // A search magnifies rounding from step to step, so the order of a sum shows.
      for (const [path, value] of valuesIn(model))
        expectNear(value, wanted[path] as Values, `${path} after step ${i}`, 3e-5);
    });
    expect(tf.memory().numTensors).toBe(before);
    expectState(optimizer, run.state, 1e-3);
    dispose([model, optimizer]);
  });

  it("globalNorm is optax's, of NaN and infinities too, and 0 of nothing", () => {
    golden.oddGradients.forEach((step, i) => {
      const norm = globalNorm(tensorsOf(step) as unknown as Tree).dataSync();
      expectNear(norm, [golden.norms[i] as number | string], `norm ${i}`, 1e-6);
    });
    expect(globalNorm({}).dataSync()[0]).toBe(0);
  });
});

/** They read a tensor to decide what to do. */
const reading = ["apply_if_finite", "conditionally_mask", "multi_steps_skip_large"];

onEachBackend("recorded wrappers", () => {
  it.each(Object.entries(tame))("%s takes the same 24 steps, or is refused", (name, make) => {
    const models = [0, 1].map(() => {
      const model = modelOf(start);
      return [model, new Optimizer(model, make())] as const;
    });
    const update = (model: Model, optimizer: Optimizer, grads: Tree): void => optimizer.update(model, grads);
    const recorded = jit(update);
    const [[model, optimizer], [twin, other]] = models as [(typeof models)[0], (typeof models)[0]];
    if (reading.includes(name)) {
      const before = [valuesIn(twin), valuesIn(other)];
      const grads = tensorsOf(golden.tameGradients[0]!) as unknown as Tree;
      expect(() => recorded(twin, other, grads)).toThrow("reads the values of a tensor");
      expect([valuesIn(twin), valuesIn(other)]).toEqual(before);
      return;
    }
    for (let step = 0; step < 24; step++) {
      tf.tidy(() => {
        const grads = tensorsOf(golden.tameGradients[step % 12]!) as unknown as Tree;
        update(model, optimizer, grads);
        recorded(twin, other, grads);
      });
      expectSameBits(twin, model, `step ${step}`);
    }
    expectSameBits(other, optimizer, "the optimizer");
    recorded.dispose();
    dispose(models.flat());
  });
});

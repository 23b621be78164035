/**
 * @file Steps with NaN, infinities, zeros, huge and tiny numbers and tensors without elements, as
 * optax takes them.
 */
import { dispose, flattenState, isVariableState, Module, Param, state } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { readGolden } from "../../../scripts/golden.ts";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import {
  adam,
  adamw,
  chain,
  clip,
  clipByGlobalNorm,
  type GradientTransformation,
  lion,
  Optimizer,
  rmsprop,
  sgd,
} from "./index.ts";

/** What is not finite stands as text. */
type Values = readonly (number | string)[];
type ByPath = Readonly<Record<string, Values>>;
interface Run {
  readonly steps: readonly ByPath[];
  readonly state: ByPath;
}
interface Golden {
  readonly params: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: Values }>>;
  readonly gradients: readonly ByPath[];
  readonly tameGradients: readonly ByPath[];
  readonly edges: Readonly<Record<string, Run>>;
  readonly tame: Readonly<Record<string, Run>>;
}
const golden = readGolden<Golden>("edges-training");

const texts: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, "-inf": -Infinity };
const numbers = (values: Values): number[] =>
  values.map((value) => (typeof value === "number" ? value : (texts[value] as number)));

class Weights extends Module {
  readonly params: Readonly<Record<string, Param<tf.Tensor>>>;
  constructor(byName: ByPath) {
    super();
    this.params = Object.fromEntries(
      Object.entries(byName).map(([name, values]) => {
        const { shape } = golden.params[name]!;
        return [name, new Param(tf.tensor(numbers(values), [...shape], "float32"))];
      }),
    );
  }
}

/**
 * Equal where the reference is not finite. Elsewhere relative to the value, or to `floor` where
 * terms cancel.
 */
function expectNear(
  values: ArrayLike<number>,
  wanted: Values,
  what: string,
  tolerance: number,
  floor = 0,
): void {
  expect(values.length, what).toBe(wanted.length);
  numbers(wanted).forEach((reference, i) => {
    const value = values[i] as number;
    if (!Number.isFinite(reference)) expect(value, `${what}[${i}]`).toBe(reference);
    else {
      const bound = tolerance * Math.max(Math.abs(reference), floor);
      expect(Math.abs(value - reference), `${what}[${i}], ${value}`).toBeLessThanOrEqual(bound);
    }
  });
}

function check(
  tx: GradientTransformation,
  start: ByPath,
  gradients: readonly ByPath[],
  run: Run,
  tolerance: number,
) {
  const model = new Weights(start);
  const optimizer = new Optimizer(model, tx);
  gradients.forEach((step, i) => {
    const grads = new Weights(step);
    optimizer.update(model, grads);
    dispose(grads);
    for (const [name, wanted] of Object.entries(run.steps[i]!))
      expectNear(model.params[name]!.value.dataSync(), wanted, `${name} after step ${i}`, tolerance, 0.1);
  });
  const kept = state(optimizer);
  const found = new Map(
    flattenState(kept).map(([path, leaf]) => [
      path.filter((part) => part !== "params").join("."),
      isVariableState(leaf) ? leaf.value : leaf,
    ]),
  );
  expect(found.size).toBe(Object.keys(run.state).length + 1);
  for (const [path, wanted] of Object.entries(run.state)) {
    const value = found.get(`optState.${path}`);
    const values = value instanceof tf.Tensor ? value.dataSync() : [value as number];
    expectNear(values, wanted, path, 1e-5);
  }
  dispose([model, optimizer, kept]);
}

const start = (odd?: readonly number[]): ByPath => ({
  ...Object.fromEntries(Object.entries(golden.params).map(([name, { values }]) => [name, values])),
  ...(odd && { odd }),
});
const infinite = [Infinity, -Infinity, Number.NaN, ...new Array<number>(7).fill(1)];
const tx = (...parts: readonly GradientTransformation[]): GradientTransformation => chain(...parts);

type Case = readonly [name: string, make: () => GradientTransformation, from: ByPath];
const finite = start();
const edges = (
  [
    ["sgd", () => sgd(0.1)],
    ["sgd_momentum", () => sgd(0.1, { momentum: 0.9 })],
    ["sgd_nesterov", () => sgd(0.1, { momentum: 0.9, nesterov: true })],
    ["adam", () => adam(0.1)],
    ["adam_nesterov", () => adam(0.1, { nesterov: true })],
    ["adamw", () => adamw(0.1, { weightDecay: 0.1 })],
    ["adamw_no_decay", () => adamw(0.1, { weightDecay: 0 }), start(infinite)],
    ["adamw_infinite_params", () => adamw(0.1, { weightDecay: 0.1 }), start(infinite)],
    ["adam_no_eps", () => adam(0.1, { eps: 0 })],
    ["rmsprop", () => rmsprop(0.1)],
    ["rmsprop_no_eps", () => rmsprop(0.1, { eps: 0 })],
    ["rmsprop_centered_momentum", () => rmsprop(0.1, { centered: true, momentum: 0.9 })],
    ["lion", () => lion(0.1)],
    ["clip", () => tx(clip(0.5), sgd(0.1))],
    ["clip_zero", () => tx(clip(0), sgd(0.1))],
    ["clip_global_norm", () => tx(clipByGlobalNorm(0.5), sgd(0.1))],
  ] as readonly (readonly [string, () => GradientTransformation, ByPath?])[]
).map(([name, make, from = finite]): Case => [name, make, from]);

const tame: Readonly<Record<string, () => GradientTransformation>> = {
  adam: () => adam(0.1),
  adam_nesterov: () => adam(0.1, { nesterov: true }),
  adam_nesterov_options: () => adam(0.1, { b1: 0.7, b2: 0.95, eps: 1e-3, epsRoot: 1e-4, nesterov: true }),
  adamw_nesterov: () => adamw(0.1, { weightDecay: 0.2, nesterov: true }),
  lion: () => lion(0.1, { b1: 0.5, b2: 0.7, weightDecay: 0.2 }),
  clip_global_norm: () => tx(clipByGlobalNorm(0.5), sgd(0.1)),
};

onEachBackend("steps at the edges", () => {
  it.each(edges)("%s keeps NaN and infinities where optax does", (name, make, from) => {
    check(make(), from, golden.gradients, golden.edges[name]!, 2e-6);
  });

  it.each(Object.entries(tame))("%s takes optax's eight steps", (name, make) => {
    const { values } = golden.params.tame!;
    check(make(), { tame: values }, golden.tameGradients, golden.tame[name]!, 2e-6);
  });

  it("scales a norm over no elements as optax does", () => {
    const empty = { empty: [] };
    check(
      tx(clipByGlobalNorm(0.5), sgd(0.1)),
      empty,
      [empty],
      golden.tame.clip_global_norm_no_elements!,
      1e-6,
    );
  });
});

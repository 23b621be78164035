/**
 * @file What an optimizer remembers must fit the parameters: checked before anything is read or
 * written.
 */
import { flattenState, map, Module, Param, state, StructureError, update } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../../scripts/use-backend.ts";
import {
  adam,
  adamw,
  addDecayedWeights,
  chain,
  clip,
  clipByGlobalNorm,
  type GradientTransformation,
  lion,
  mapTree,
  Optimizer,
  rmsprop,
  scaleByAdam,
  scaleByLearningRate,
  scaleByRms,
  sgd,
  type TransformationState,
} from "../../index.ts";

class Weights extends Module {
  readonly inner: { w: Param<tf.Tensor>; v?: Param<tf.Tensor> };
  constructor(shape: number[], more = false) {
    super();
    this.inner = { w: new Param(tf.ones(shape)), ...(more && { v: new Param(tf.ones(shape)) }) };
  }
}

/** One of a user's own: a sum of gradients, without any check. */
const summed: GradientTransformation = {
  init: (params) => ({ sum: mapTree((p) => tf.zerosLike(p), params) }),
  update: (updates, state) => {
    const { sum } = state as { sum: typeof updates };
    const next = mapTree((u, s) => tf.add(u, s), updates, sum);
    return [next, { sum: next }];
  },
};

const remembering: Readonly<Record<string, () => GradientTransformation>> = {
  adam: () => adam(0.1),
  "adam with nesterov": () => adam(0.1, { nesterov: true }),
  adamw: () => adamw(0.1),
  scaleByAdam: () => scaleByAdam(),
  "sgd with momentum": () => sgd(0.1, { momentum: 0.9 }),
  "sgd with nesterov": () => sgd(0.1, { momentum: 0.9, nesterov: true }),
  rmsprop: () => rmsprop(0.1),
  "rmsprop, centered, with momentum": () => rmsprop(0.1, { centered: true, momentum: 0.9 }),
  scaleByRms: () => scaleByRms({ centered: true }),
  lion: () => lion(0.1),
  "a chain": () => chain(clip(1), addDecayedWeights(0.1), sgd(0.1, { momentum: 0.9 }), summed),
  "a chain of chains": () => chain(clipByGlobalNorm(1), chain(chain(adam(0.1)))),
};

const shapes: readonly (readonly [before: number[], after: number[]])[] = [
  [
    [2, 3],
    [3, 2],
  ],
  [
    [1, 3],
    [2, 3],
  ],
  [[], [2]],
  [[2], [200_000]],
];

const leavesOf = (node: object) => flattenState(state(node)).map(([, leaf]) => leaf);

/** A step must raise and change nothing. */
function expectRefused(optimizer: Optimizer, model: Weights, message: RegExp): void {
  const grads = map((_, leaf) => leaf, model);
  const before = leavesOf([model, optimizer]);
  expect(() => optimizer.update(model, grads)).toThrow(StructureError);
  expect(() => optimizer.update(model, grads)).toThrow(message);
  expect(leavesOf([model, optimizer]).every((leaf, i) => leaf === before[i])).toBe(true);
}

onEachBackend("moments of another shape", () => {
  for (const [name, make] of Object.entries(remembering)) {
    it(`are refused by ${name} when a parameter is replaced`, () => {
      for (const [before, after] of shapes) {
        const model = new Weights(before);
        const optimizer = new Optimizer(model, make());
        optimizer.update(model, new Weights(before));
        model.inner.w.value = tf.ones(after);
        expectRefused(optimizer, model, /inner\.w/);
      }
    });

    it(`are refused by ${name} when the state of another model is restored`, () => {
      for (const [before, after] of shapes) {
        const model = new Weights(after);
        const optimizer = new Optimizer(model, make());
        update(optimizer, state(new Optimizer(new Weights(before), make())));
        expectRefused(optimizer, model, /inner\.w/);
      }
    });

    it(`are refused by ${name} when they are of another model's paths`, () => {
      const [small, large] = [new Weights([2]), new Weights([2], true)];
      const optimizer = new Optimizer(small, make());
      expectRefused(optimizer, large, /inner\.v/);
      update(optimizer, state(new Optimizer(large, make())));
      expectRefused(optimizer, small, /inner\.v/);
    });
  }
});

it("are refused where they broadcast, by one of a user's own that does not look at shapes", () => {
  for (const [before, after] of [
    [
      [1, 3],
      [2, 3],
    ],
    [
      [2, 3],
      [1, 3],
    ],
    [[], [2]],
  ] as const) {
    const model = new Weights([...after]);
    const optimizer = new Optimizer(model, summed);
    update(optimizer, state(new Optimizer(new Weights([...before]), summed)));
    expectRefused(optimizer, model, /^Optimizer\.update at (optState\.sum\.)?inner\.w/);
  }
});

it("names what differs, and what to do", () => {
  const model = new Weights([2, 3]);
  const optimizer = new Optimizer(model, adam(0.1));
  model.inner.w.value = tf.ones([3, 2]);
  expect(() => optimizer.update(model, model)).toThrow(
    "scaleByAdam at inner.w: expected mu like the gradients, a float32[3,2], got a float32[2,3]. " +
      "Use an optimizer with the model that it was made for, restore both from the same step, and make a new optimizer " +
      "when a parameter gets another shape.",
  );
});

it("does not mind parameters of another shape where nothing is remembered", () => {
  const model = new Weights([2]);
  const optimizer = new Optimizer(model, chain(clip(10), sgd(0.5)));
  model.inner.w.value = tf.ones([3]);
  optimizer.update(model, new Weights([3]));
  expect([...model.inner.w.value.dataSync()]).toEqual([0.5, 0.5, 0.5]);
});

it("compares parameters and updates where weights decay", () => {
  const tx = addDecayedWeights(0.1);
  expect(() => tx.update({ w: tf.ones([1]) }, [], { w: tf.ones([3]) })).toThrow(
    "addDecayedWeights at w: expected params like the updates, a float32[1], got a float32[3].",
  );
});

it.each<[string, (tx: GradientTransformation) => Partial<GradientTransformation>, RegExp]>([
  [
    "updates of another shape",
    () => ({ update: (updates, state) => [mapTree((u) => tf.sum(u), updates), state] }),
    /^Optimizer\.update at inner\.w: expected the transformation to return one update for each parameter like itself, here a float32\[2\], got a float32\[\]\./,
  ],
  [
    "no updates",
    () => ({ update: (_, state) => [{}, state] }),
    /^Optimizer\.update at inner: expected the transformation to return one update for each parameter, got nothing\./,
  ],
  [
    "no pair",
    () => ({ update: (updates) => updates as never }),
    /expected the transformation to return \[updates, state\], got an object with keys \{inner\}/,
  ],
  [
    "a promise",
    () => ({ update: (async () => {}) as never }),
    /expected the transformation to return \[updates, state\], got an instance of Promise/,
  ],
  [
    "no state",
    () => ({ update: (updates) => [updates, undefined as unknown as TransformationState] }),
    /^Optimizer\.update at optState: expected the transformation to return a state of the structure that it got, with a value here, got nothing\./,
  ],
  [
    "a state with less in it",
    () => ({ update: (updates) => [updates, { count: 1 }] }),
    /^Optimizer\.update at optState\.trace: .* got nothing\./,
  ],
  [
    "a state with more in it",
    () => ({
      update: (updates, state) => [updates, { ...(state as Record<string, TransformationState>), more: 1 }],
    }),
    /^Optimizer\.update at optState\.more: .* got 1\./,
  ],
  [
    "a tensor in the place of a number",
    () => ({
      update: (updates, state) => [
        updates,
        { ...(state as Record<string, TransformationState>), count: tf.scalar(1) },
      ],
    }),
    /^Optimizer\.update at optState\.count: .* with 0 here, got a float32\[\]\./,
  ],
  [
    "text in the place of a number",
    () => ({
      update: (updates, state) => [
        updates,
        { ...(state as Record<string, TransformationState>), count: "1" as never },
      ],
    }),
    /^Optimizer\.update at optState\.count: .* with 0 here, got "1"\./,
  ],
])("refuses a transformation that returns %s, and changes nothing", (_what, change, message) => {
  const own: GradientTransformation = {
    init: (params) => ({ count: 0, trace: params }),
    update: (updates, state) => [updates, state],
  };
  const model = new Weights([2]);
  const optimizer = new Optimizer(model, { ...own, ...change(own) });
  expectRefused(optimizer, model, message);
});

it("refuses a transformation that remembers something else than numbers, tensors and keys", () => {
  const odd = (state: unknown) => ({ ...summed, init: () => state as TransformationState });
  for (const [value, message] of [
    [
      { a: [true] },
      "Optimizer at optState.a.0: expected the state of a transformation to be made of numbers, tensors and keys, got true.",
    ],
    [
      undefined,
      "Optimizer at optState: expected the state of a transformation to be made of numbers, tensors and keys, got nothing.",
    ],
  ] as const)
    expect(() => new Optimizer(new Weights([2]), odd(value))).toThrow(message);
  expect(() => scaleByLearningRate(0.1).init({})).not.toThrow();
});

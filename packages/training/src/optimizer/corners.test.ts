/** @file What optimizers refuse: states, updates, gradients and options that do not fit. */
import {
  BatchStat,
  dispose,
  grad,
  GraphNode,
  Module,
  Param,
  split,
  state,
  StructureError,
  type Variable,
} from "@nnxjs/nnx-core";
import { random } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  adam,
  EMA,
  type GradientTransformation,
  lbfgs,
  lion,
  Optimizer,
  sgd,
  TrainState,
  type Tree,
} from "../index.ts";

class Net extends Module {
  readonly w: Param<tf.Tensor> = new Param(tf.tensor1d([1, -2]));
  readonly stat: BatchStat<tf.Tensor> = new BatchStat(tf.tensor1d([7, 8]));
}
const loss = (m: Net): tf.Tensor => tf.sum(tf.square(m.w.value));
const numbers = (x: tf.Tensor): number[] => [...x.dataSync()];
/** A transformation whose functions give what they are told. */
const giving = (init: unknown, update: unknown): GradientTransformation =>
  ({ init: () => init, update: () => update }) as unknown as GradientTransformation;

describe("an Optimizer writes to what wrt selects, and to nothing else", () => {
  it.each([
    ["parameters by default", undefined, [true, false]],
    ["statistics", BatchStat, [false, true]],
    ["both", [Param, BatchStat], [true, true]],
  ] as const)("%s", (_name, wrt, changed) => {
    const model = new Net();
    const optimizer = new Optimizer(model, sgd(0.5), wrt === undefined ? {} : { wrt: wrt as never });
    const gradients = { w: tf.ones([2]), stat: tf.ones([2]) };
    optimizer.update(model, gradients);
    expect(numbers(model.w.value)).toEqual(changed[0] ? [0.5, -2.5] : [1, -2]);
    expect(numbers(model.stat.value)).toEqual(changed[1] ? [6.5, 7.5] : [7, 8]);
  });
});

describe("a gradient", () => {
  it.each<[string, () => tf.Tensor, string]>([
    ["of another shape", () => tf.ones([2, 1]), "expected a gradient like a float32[2], got a float32[2,1]"],
    ["of a smaller shape, which would broadcast", () => tf.ones([1]), "got a float32[1]"],
    ["of integers", () => tf.ones([2], "int32"), "got an int32[2]"],
    [
      "that was disposed",
      () => {
        const gone = tf.ones([2]);
        gone.dispose();
        return gone;
      },
      "disposed",
    ],
  ])("%s is refused, and nothing changes", (_name, make, message) => {
    const model = new Net();
    const optimizer = new Optimizer(model, adam(0.1));
    expect(() => optimizer.update(model, { w: make() })).toThrow(message);
    expect(() => optimizer.update(model, { w: make() })).toThrow(/^Optimizer\.update at w: /);
    expect([numbers(model.w.value), optimizer.step.value]).toEqual([[1, -2], 0]);
  });

  it.each([
    ["a tensor", () => tf.ones([2])],
    ["a Variable", () => new Param(tf.ones([2]))],
    ["nothing", () => ({ w: null })],
    ["a State's leaf without a value", () => ({ w: {} })],
  ])("is missing in %s", (_name, make) => {
    const model = new Net();
    const optimizer = new Optimizer(model, sgd(0.1));
    expect(() => optimizer.update(model, make() as never)).toThrow(StructureError);
  });

  it("by key of a Map, by number or text", () => {
    const model = { layers: new Map([["1", new Net()]]) };
    const optimizer = new Optimizer(model, sgd(1));
    optimizer.update(model, { layers: new Map([["1", { w: tf.ones([2]) }]]) });
    expect(numbers(model.layers.get("1")!.w.value)).toEqual([0, -3]);
  });

  it("of a model that is one Variable", () => {
    const model = new Param<tf.Tensor>(tf.tensor1d([1]));
    const optimizer = new Optimizer(model, adam(0.5));
    optimizer.update(model, tf.ones([1]) as never);
    expect(numbers(model.value)[0]).toBeCloseTo(0.5, 5);
    expect(() => optimizer.update(model, tf.ones([3]) as never)).toThrow(StructureError);
  });
});

it("a disposed parameter is named", () => {
  const model = new Net();
  const optimizer = new Optimizer(model, sgd(0.1));
  const gradients = { w: tf.ones([2]) };
  model.w.value.dispose();
  expect(() => optimizer.update(model, gradients)).toThrow(/disposed/);
});

describe("what a transformation returns", () => {
  const gradients = { w: tf.ones([2]) };
  it.each<[string, unknown, RegExp]>([
    [
      "one thing",
      { w: tf.ones([2]) },
      /expected the transformation to return \[updates, state\], got an object/,
    ],
    ["three things", [gradients, {}, 1], /expected the transformation to return \[updates, state\]/],
    ["text of two letters", "ab", /expected the transformation to return \[updates, state\]/],
    ["no update", [{}, {}], /at w: expected the transformation to return one update for each.*got nothing/],
    [
      "an update of another shape",
      [{ w: tf.ones([3]) }, {}],
      /one update for each parameter like itself, here a float32\[2\], got a float32\[3\]/,
    ],
    ["an update that is none", [{ w: 3 }, {}], /one update for each parameter/],
    ["another state", [gradients, { more: 1 }], /optState.*state of the structure that it got/],
  ])("%s is refused", (_name, result, message) => {
    const model = new Net();
    const optimizer = new Optimizer(model, giving({}, result));
    expect(() => optimizer.update(model, gradients)).toThrow(message);
    expect([numbers(model.w.value), optimizer.step.value]).toEqual([[1, -2], 0]);
  });

  const key = random.key(0);
  it.each<[string, unknown, unknown, boolean]>([
    ["a number", 1, 2, true],
    ["a tensor in the place of a number", 1, tf.scalar(2), false],
    ["a tensor", tf.ones([2]), tf.zeros([2]), true],
    ["a tensor of another shape", tf.ones([2]), tf.zeros([3]), false],
    ["a tensor of another dtype", tf.ones([2]), tf.zeros([2], "int32"), false],
    ["a number in the place of a tensor", tf.ones([2]), 3, false],
    ["a key", key, random.key(1), true],
    ["several keys in the place of one", key, random.split(key, 2), false],
    ["a number in the place of a key", key, 3, false],
  ])("as next state: %s", (_name, before, after, fits) => {
    const model = new Net();
    const optimizer = new Optimizer(model, giving({ s: before }, [gradients, { s: after }]));
    const run = (): void => optimizer.update(model, gradients);
    if (fits) {
      run();
      expect((optimizer.optState as unknown as { s: Variable }).s.value).toEqual(after);
    } else {
      expect(run).toThrow(/^Optimizer\.update at optState\.s: expected the transformation to return a state/);
      expect(optimizer.step.value).toBe(0);
    }
  });

  it.each([["text"], [true], [null], [() => 1]])("%s is no state to begin with", (odd) => {
    expect(() => new Optimizer(new Net(), giving({ s: odd }, undefined))).toThrow(
      /^Optimizer at optState\.s: expected the state of a transformation to be made of numbers, tensors and keys/,
    );
  });

  it.each<[string, unknown, unknown, string]>([
    ["number", 1, tf.scalar(1), "a plain number"],
    ["tensor", tf.ones([2]), 1, "a tensor in an OptVariable"],
    ["key", key, 1, "a key in an OptState"],
  ])("a %s that was replaced from outside is refused", (_name, value, other, expected) => {
    const model = new Net();
    const optimizer = new Optimizer(model, giving({ s: value }, [gradients, { s: value }]));
    (optimizer.optState as unknown as { s: Variable }).s.value = other;
    expect(() => optimizer.update(model, gradients)).toThrow(`at optState.s: expected ${expected}`);
  });
});

describe("extra arguments", () => {
  it.each([5, "value", new Net(), []])("are a record, not %s", (extra) => {
    const model = new Net();
    const optimizer = new Optimizer(model, sgd(0.1));
    expect(() => optimizer.update(model, { w: tf.ones([2]) }, extra as never)).toThrow(
      /Optimizer\.update: expected extra arguments by name/,
    );
  });

  it("may have other gradients, which are checked", () => {
    const seen: Tree[] = [];
    const model = new Net();
    const tx = {
      init: () => ({}),
      update: (g: Tree, s: object, _: Tree, extra: { grad: Tree }) => {
        seen.push(extra.grad);
        return [g, s];
      },
    } as unknown as GradientTransformation;
    const optimizer = new Optimizer(model, tx);
    optimizer.update(model, { w: tf.zeros([2]) }, { grad: { w: tf.tensor1d([5, 6]) } });
    optimizer.update(model, { w: tf.tensor1d([1, 2]) });
    expect(seen.map((g) => numbers((g as { w: tf.Tensor }).w))).toEqual([
      [5, 6],
      [1, 2],
    ]);
    expect(() => optimizer.update(model, { w: tf.zeros([2]) }, { grad: { w: tf.ones([3]) } })).toThrow(
      /Optimizer\.update at w: expected a gradient like/,
    );
    expect(() => optimizer.update(model, { w: tf.zeros([2]) }, { valueFn: 3 } as never)).toThrow(/valueFn/);
  });

  it("of a line search: the loss of a copy with other parameters, which is freed", () => {
    const model = new Net();
    const optimizer = new Optimizer(model, lbfgs());
    const step = (): void => {
      const gradients = grad(loss)(model);
      tf.tidy(() => optimizer.update(model, gradients, { value: loss(model), valueFn: loss }));
      dispose(gradients);
    };
    step();
    step();
    const { numTensors } = tf.memory();
    step();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(numbers(loss(model))[0]).toBeLessThan(1e-3);
  });
});

describe("parameters out of sight", () => {
  class Holder extends Module {
    readonly w = new Param<tf.Tensor>(tf.ones([1]));
    readonly parts: unknown;
    constructor(parts: unknown) {
      super();
      this.parts = parts;
    }
  }
  class Plain {
    readonly inner = { deep: new Map([["k", new Param<tf.Tensor>(tf.ones([1]))]]) };
  }
  it.each<[string, unknown, RegExp]>([
    ["a Set", new Set([new Param<tf.Tensor>(tf.ones([1]))]), /a Param in a Set at parts\.0/],
    [
      "an object of another class",
      new Plain(),
      /a Param in an instance of Plain, which is no module, at parts\.inner\.deep\.k/,
    ],
  ])("in %s are named with their path", (_name, parts, message) => {
    expect(() => new Optimizer(new Holder(parts), sgd(0.1))).toThrow(message);
    class Outer extends Module {
      readonly inner = new Holder(parts);
    }
    expect(() => new Optimizer(new Outer(), sgd(0.1))).toThrow(/ at inner\.parts\./);
    expect(() => new Optimizer(new Holder(parts), sgd(0.1), { wrt: BatchStat })).toThrow(/select parameters/);
  });
});

describe("EMA", () => {
  class Other extends Module {
    readonly v: Param<tf.Tensor> = new Param(tf.ones([2]));
  }
  class Wide extends Module {
    readonly w: Param<tf.Tensor> = new Param(tf.ones([3]));
  }
  it("says where models do not fit", () => {
    const ema = new EMA(new Net(), 0.9, { only: Param });
    expect(() => ema.update(new Other())).toThrow(
      /^EMA\.update at v: expected the parameter that the mean is of|^EMA\.update at w: /,
    );
    expect(() => ema.update(new Wide())).toThrow(
      /^EMA\.update at w: expected a float32\[2\], got a float32\[3\]\. Pass the model that the EMA was made for/,
    );
    expect(() => ema.update(new (class Empty extends Module {})())).toThrow(
      /^EMA\.update: expected \{ only \}/,
    );
    expect(() => ema.applyTo(new Other())).toThrow(/^EMA\.applyTo at /);
    expect(() => ema.applyTo(new (class Empty extends Module {})())).toThrow(/^EMA\.applyTo: /);
    expect(() => new EMA(new Net(), 0.9, { only: "nothing" })).toThrow(/^EMA: expected \{ only \}/);
    expect(() => new EMA(new Net(), 0.9, { onyl: Param } as never)).toThrow(/onyl/);
  });

  it("of a State, and of one Variable", () => {
    const of = new EMA(state(new Net(), Param), 0.5, { only: Param });
    const model = new Net();
    model.w.value = tf.tensor1d([3, 2]);
    of.update(model);
    expect(numbers((of.applyTo(model) as Net).w.value)).toEqual([2, 0]);
    const one = new Param<tf.Tensor>(tf.tensor1d([1]));
    const mean = new EMA(one, 0.5);
    one.value = tf.tensor1d([3]);
    mean.update(one);
    expect(numbers(mean.applyTo(one).value)).toEqual([2]);
    expect(numbers(one.value)).toEqual([3]);
  });
});

describe("TrainState", () => {
  it("refuses what is no State, and options that it does not know", () => {
    const [graphdef, params, rest] = split(new Net(), Param, true);
    const tx = sgd(0.1);
    for (const bad of [null, 5, { w: tf.ones([2]) }, "params"]) {
      expect(() => TrainState.create(graphdef, { params: bad as never, tx })).toThrow(
        /TrainState\.create: expected params to be a State/,
      );
      expect(() => TrainState.create(graphdef, { params, tx, others: { bad: bad as never } })).toThrow(
        /expected bad to be a State/,
      );
    }
    expect(() => TrainState.create(graphdef, { params, tx, stp: 1 } as never)).toThrow(/stp/);
    expect(() => TrainState.create(graphdef, { params: state(new Net(), "none"), tx })).toThrow(
      /TrainState\.create: expected parameters to train/,
    );
    const start = TrainState.create(graphdef, { params, tx, step: 3, others: { rest } });
    expect(start.step.value).toBe(3);
    const grads = { w: tf.ones([2]) };
    expect(() => start.applyGradients(grads, { othrs: {} } as never)).toThrow(/othrs/);
    expect(() => start.applyGradients(grads, { others: { rest: 5 as never } })).toThrow(
      /TrainState\.applyGradients: expected rest to be a State/,
    );
    expect(() => start.applyGradients({ w: tf.ones([1]) })).toThrow(/TrainState\.applyGradients at w/);
    expect(start.applyGradients(grads).step.value).toBe(4);
    expect(() => start.apply("no")).toThrow(
      /TrainState\.apply: expected the name of a State among \{params, rest\}/,
    );
  });
});

it("an optimizer is a node of the graph, with its count", () => {
  const optimizer = new Optimizer(new Net(), lion(0.1));
  expect(optimizer).toBeInstanceOf(GraphNode);
  const model = new Net();
  for (let i = 1; i < 4; i++) {
    optimizer.update(model, { w: tf.ones([2]) });
    expect([
      optimizer.step.value,
      (optimizer.optState as unknown as { 0: { count: Variable } })[0].count.value,
    ]).toEqual([i, i]);
  }
});

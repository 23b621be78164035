/** @file What an Optimizer refuses before it trains nothing, or the wrong thing. */
import {
  type Filter,
  flattenState,
  grad,
  GraphNode,
  merge,
  Module,
  Param,
  pathContains,
  state,
  StructureError,
  unpack,
  type Variable,
} from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { adam, chain, clip, type GradientTransformation, Optimizer, sgd } from "../index.ts";

class Weights extends Module {
  readonly w: Param<tf.Tensor> = new Param(tf.tensor1d([1, 2]));
}
const gradsOf = (model: Weights) => grad((m: Weights) => tf.sum(tf.square(m.w.value)))(model);
/** Arguments as plain JavaScript passes them. */
const make = (...args: readonly unknown[]): Optimizer => Reflect.construct(Optimizer, args) as Optimizer;
const callUpdate = (optimizer: Optimizer, ...args: readonly unknown[]): unknown =>
  (optimizer as unknown as { update(...given: readonly unknown[]): void }).update(...args);

describe("new Optimizer", () => {
  it.each<[string, readonly unknown[], string]>([
    [
      "swapped arguments",
      [sgd(0.1), new Weights()],
      "Optimizer: expected a gradient transformation as the second argument, got an instance of Weights. The model comes first: new Optimizer(model, adam(1e-3)).",
    ],
    ["a transformation that was not made", [new Weights(), adam], "got the function or class adam. Call it:"],
    ["no transformation", [new Weights()], "got undefined. Make one:"],
    ["no model", [undefined, sgd(0.1)], "Optimizer: expected a model as the first argument, got undefined."],
    ["a tensor", [tf.ones([2]), sgd(0.1)], "expected a model as the first argument, got a float32[2]."],
    ["a name that is not known", [new Weights(), sgd(0.1), { wtr: Param }], 'got "wtr". Did you mean wrt?'],
    ["a filter in the place of options", [new Weights(), sgd(0.1), Param], "expected an options object"],
  ])("refuses %s", (_what, args, message) => {
    expect(() => make(...args)).toThrow(message);
  });

  it.each<[string, object, Filter | undefined, string]>([
    ["a filter that selects nothing", new Weights(), pathContains("v"), "got none in an instance of Weights"],
    [
      "a model without parameters",
      new (class Empty extends Module {})(),
      undefined,
      "got none in an instance of Empty",
    ],
    [
      "parameters that are #private",
      new (class Secret extends Module {
        readonly #w = new Param(tf.ones([1]));
        get w(): tf.Tensor {
          return this.#w.value;
        }
      })(),
      undefined,
      "Variables that are #private, in a Set, or in an instance of a class that does not extend nnx.Module are out of sight",
    ],
    [
      "parameters in a plain class",
      new (class Outer extends Module {
        readonly inner = new (class Plain {
          w = new Param(tf.ones([1]));
        })();
      })(),
      undefined,
      "got a Param in an instance of Plain, which is no module, at inner.w.",
    ],
    [
      "parameters in a Set, beside others",
      new (class Mixed extends Module {
        readonly seen = new Param(tf.ones([1]));
        readonly config = { weights: new Set([new Param(tf.ones([1]))]) };
      })(),
      undefined,
      "got a Param in a Set at config.weights.0.",
    ],
    [
      "parameters under a symbol",
      Object.assign(new Weights(), { [Symbol("w")]: new Param(tf.ones([1])) }),
      undefined,
      "got a Param in an attribute that is not enumerable or has a symbol as name at Symbol(w).",
    ],
    [
      "a module in a Set",
      new (class Layers extends Module {
        readonly layers = new Set([new Weights()]);
      })(),
      undefined,
      "got a Param in a Set at layers.0.w.",
    ],
    [
      "an integer parameter",
      new (class Ints extends Module {
        readonly w = new Param(tf.tensor1d([1], "int32"));
      })(),
      undefined,
      "Optimizer at w: expected float32 tensors to optimize, got an int32[1]. Leave it out with { wrt }.",
    ],
  ])("refuses %s", (_what, model, wrt, message) => {
    expect(() => make(model, sgd(0.1), ...(wrt ? [{ wrt }] : []))).toThrow(StructureError);
    expect(() => make(model, sgd(0.1), ...(wrt ? [{ wrt }] : []))).toThrow(message);
  });

  it("leaves alone what is out of sight and not selected, and what the model has elsewhere too", () => {
    class Student extends Module {
      readonly w = new Param(tf.ones([1]));
      readonly teacher = new Set([new Weights()]);
      readonly trainer = new (class Trainer {
        model: unknown = undefined;
      })();
    }
    const student = new Student();
    student.trainer.model = student;
    const wrt: Filter = (path, value) => value instanceof Param && path[0] !== "teacher";
    expect(() => new Optimizer(student, sgd(0.1), { wrt })).not.toThrow();
  });

  it("needs paths and shapes only: a State or what unpack returns will do", () => {
    const model = new Weights();
    const from = [state(model), unpack(model)].map((values) => new Optimizer(values, adam(0.1)));
    from.forEach((optimizer) => {
      optimizer.update(model, gradsOf(model));
    });
    expect(from.map(({ step }) => step.value)).toEqual([1, 1]);
  });
});

describe("Optimizer.update", () => {
  const start = () => {
    const model = new Weights();
    return { model, optimizer: new Optimizer(model, adam(0.1)), grads: gradsOf(model) };
  };

  it.each<[string, (s: ReturnType<typeof start>) => readonly unknown[], string]>([
    [
      "gradients alone",
      ({ grads }) => [grads],
      "Optimizer.update: expected the model and its gradients, got undefined as gradients. Call optimizer.update(model, grads).",
    ],
    ["the model alone", ({ model }) => [model], "got undefined as gradients"],
    [
      "swapped arguments",
      ({ model, grads }) => [grads, model],
      "expected the model first and its gradients second, got an object with keys {w} and an instance of Weights. Swap them",
    ],
    [
      "swapped arguments in lists",
      ({ model, grads }) => [[grads], [model]],
      "expected the model first and its gradients second",
    ],
    [
      "values in the place of the model",
      ({ grads, model }) => [state(model), grads],
      "expected a model, got an object with keys {w}, whose values never change. Make a model of it with merge",
    ],
    [
      "what unpack returns in the place of the model",
      ({ grads, model }) => [unpack(model), grads],
      "whose values never change. Make a model of it with merge",
    ],
    [
      "a model without parameters",
      ({ grads }) => [new (class Other extends Module {})(), grads],
      "got none in",
    ],
    [
      "a tensor",
      ({ grads }) => [tf.ones([2]), grads],
      "expected a model as the first argument, got a float32[2]",
    ],
    [
      "a gradient of another shape",
      ({ model }) => [model, { w: tf.ones([1, 2]) }],
      "Optimizer.update at w: expected a gradient like a float32[2], got a float32[1,2].",
    ],
    ["a gradient that broadcasts", ({ model }) => [model, { w: tf.ones([1]) }], "got a float32[1]."],
    ["an integer gradient", ({ model }) => [model, { w: tf.ones([2], "int32") }], "got an int32[2]."],
    [
      "what valueAndGrad returned",
      ({ model }) => [model, [1, model]],
      "got an array of length 2 as gradients. Pass the second of [loss, grads].",
    ],
    ["a loss", ({ model }) => [model, tf.scalar(1)], "got a float32[] as gradients. Call"],
    ["a promise", ({ model }) => [model, Promise.resolve()], "got an instance of Promise as gradients. Call"],
    ["no gradient", ({ model }) => [model, { v: tf.ones([2]) }], "got undefined. Differentiate with"],
    [
      "a disposed gradient",
      ({ model, grads }) => {
        grads.w.value.dispose();
        return [model, grads];
      },
      "Optimizer.update at w: expected the gradient to be a live tensor",
    ],
  ])("refuses %s, and changes nothing", (_what, argumentsOf, message) => {
    const all = start();
    const { model, optimizer } = all;
    const { w } = model;
    const leaves = () => flattenState(state([model, optimizer])).map(([, leaf]) => leaf);
    const before = leaves();
    expect(() => callUpdate(optimizer, ...argumentsOf(all))).toThrow(message);
    expect(leaves().every((leaf, i) => leaf === before[i])).toBe(true);
    expect([...w.value.dataSync()]).toEqual([1, 2]);
  });

  it("takes gradients as a GraphState, a State, a module and plain tensors", () => {
    const model = new Weights();
    const optimizer = new Optimizer(model, sgd(1));
    class Gradients extends Module {
      readonly w = new Param(tf.ones([2]));
    }
    for (const grads of [
      new Gradients(),
      state(new Gradients()),
      unpack(new Gradients()),
      { w: tf.ones([2]) },
    ])
      optimizer.update(model, grads);
    expect([...model.w.value.dataSync()]).toEqual([-3, -2]);
  });

  it("trains what a GraphState was merged to, with gradients of one", () => {
    const graphState = unpack(new Weights());
    const model = merge(graphState);
    new Optimizer(model, sgd(1)).update(model, graphState);
    expect([...model.w.value.dataSync()]).toEqual([0, 0]);
  });

  it("updates what wrt selects and nothing else, though there are gradients of all", () => {
    class Two extends Module {
      readonly kernel = new Param(tf.ones([1]));
      readonly bias = new Param(tf.ones([1]));
    }
    const [model, grads] = [new Two(), new Two()];
    const optimizer = new Optimizer(model, sgd(1, { momentum: 0.9 }), { wrt: pathContains("bias") });
    optimizer.update(model, grads);
    expect([...model.kernel.value.dataSync(), ...model.bias.value.dataSync()]).toEqual([1, 0]);
    expect(Object.keys(state(optimizer).optState as object)).toEqual(["0"]);
    optimizer.update(model, state(grads, pathContains("bias")));
    expect(model.bias.value.dataSync()[0]).toBeCloseTo(-1.9, 6);
  });
});

describe("chain", () => {
  it("refuses what is no transformation", () => {
    expect(() => chain(clip(1), adam as unknown as GradientTransformation)).toThrow(
      "chain: expected gradient transformations, got the function or class adam as argument 1.",
    );
  });

  it("refuses the state of another chain", () => {
    const params = { w: tf.ones([2]) };
    const tx = chain(clip(1), sgd(0.1));
    expect(() => tx.update(params, chain(clip(1)).init(params), params)).toThrow(
      "chain: expected a list of 2 states, got an array of length 1.",
    );
  });
});

it("refuses restored values of another kind", () => {
  const model = new Weights();
  const optimizer = new Optimizer(model, adam(0.1));
  const grads = gradsOf(model);
  const [{ count }] = optimizer.optState as unknown as readonly [{ count: Variable }];
  count.value = tf.scalar(1);
  expect(() => optimizer.update(model, grads)).toThrow(
    "Optimizer.update at optState.0.count: expected a plain number, got a float32[].",
  );
  count.value = Number.NaN;
  expect(() => optimizer.update(model, grads)).toThrow(
    "Optimizer.update at optState.0.count: expected a plain number, got NaN.",
  );
  count.value = 0;
  for (const step of [tf.scalar(1), Number.NaN]) {
    (optimizer.step as Variable).value = step;
    expect(() => optimizer.update(model, grads)).toThrow("Optimizer.update at step: expected a plain number");
  }
  expect(count.value).toBe(0);
  expect([...model.w.value.dataSync()]).toEqual([1, 2]);
  expect(optimizer).toBeInstanceOf(GraphNode);
});

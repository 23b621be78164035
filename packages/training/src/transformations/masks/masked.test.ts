/** @file Transformations for parts of the parameters: by flags, labels and filters. */
import {
  allOf,
  anyOf,
  BatchStat,
  flattenState,
  grad,
  Module,
  not,
  ofType,
  Param,
  pathContains,
  state,
  StructureError,
  withTag,
} from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  adam,
  chain,
  freeze,
  type GradientTransformation,
  mapTree,
  type Mask,
  masked,
  Optimizer,
  partition,
  polyakSgd,
  scale,
  selectiveTransform,
  setToZero,
  sgd,
  type Tree,
} from "../../index.ts";

class Low extends Param<tf.Tensor> {
  static override readonly typeName: string = "Low";
}
class Layer extends Module {
  readonly kernel = new Param<tf.Tensor>(tf.ones([2]));
  readonly low = new Low(tf.ones([2]), { tag: "low" });
}
class Net extends Module {
  readonly layers = [new Layer(), new Layer()];
  readonly bias = new Param<tf.Tensor>(tf.ones([1]));
}
const gradsOf = grad((m: Net) =>
  tf.addN([m.bias, ...m.layers.flatMap(({ kernel, low }) => [kernel, low])].map((x) => tf.sum(x.value))),
);
const number = (x: Param<tf.Tensor>): number => x.value.dataSync()[0] as number;
/** What is left of 1 after one step, by path. */
function after(tx: GradientTransformation, model = new Net()): Record<string, number> {
  new Optimizer(model, tx).update(model, gradsOf(model));
  return {
    bias: number(model.bias),
    ...Object.fromEntries(
      model.layers.flatMap((layer, i) => [
        [`kernel${i}`, number(layer.kernel)],
        [`low${i}`, number(layer.low)],
      ]),
    ),
  };
}
const still = { bias: 1, kernel0: 1, low0: 1, kernel1: 1, low1: 1 };
const paths = (optimizer: Optimizer): string[] =>
  flattenState(state(optimizer)).map(([path]) => path.join("."));

describe("a mask", () => {
  it.each<[string, Mask, Partial<typeof still>]>([
    ["one flag", true, { bias: 0, kernel0: 0, low0: 0, kernel1: 0, low1: 0 }],
    ["no flag", false, {}],
    [
      "flags by path, for all below too",
      { bias: false, layers: { 0: true, 1: { kernel: true, low: false } } },
      { kernel0: 0, low0: 0, kernel1: 0 },
    ],
    ["a function", (params: Tree) => mapTree((p) => p.size === 1, params), { bias: 0 }],
    ["a filter of paths", pathContains("low"), { low0: 0, low1: 0 }],
    ["a filter with an index", allOf(pathContains(1), not(pathContains("low"))), { kernel1: 0 }],
    ["a filter of types", ofType(Low), { low0: 0, low1: 0 }],
    ["a filter of tags", anyOf("low"), { low0: 0, low1: 0 }],
    [
      "a predicate",
      anyOf((path, x) => path.at(-1) === "bias" || x instanceof Low),
      { bias: 0, low0: 0, low1: 0 },
    ],
  ])("is %s", (_what, mask, changed) => {
    // What is not masked passes as it is, and is added.
    const others = Object.fromEntries(Object.keys(still).map((name) => [name, 2]));
    expect(after(masked(scale(-1), mask))).toEqual({ ...others, ...changed });
  });

  it("keeps the state of what it selects alone", () => {
    const optimizer = new Optimizer(new Net(), masked(sgd(1, { momentum: 0.5 }), withTag("low")));
    expect(paths(optimizer)).toEqual([
      "optState.innerState.0.trace.layers.0.low",
      "optState.innerState.0.trace.layers.1.low",
      "step",
    ]);
  });

  it.each<[string, Mask, string | RegExp]>([
    [
      "a path is missing",
      { layers: true },
      "masked at bias: expected true or false in the mask for each parameter, or for all below a path, got nothing.",
    ],
    [
      "there is one more",
      { layers: true, bias: true, head: true } as never,
      "masked at head: expected true or false in the mask",
    ],
    [
      "it goes too deep",
      { layers: true, bias: { x: true } },
      "masked at bias: expected true or false in the mask",
    ],
    [
      "a flag is none",
      { layers: 1, bias: true } as never,
      "masked at layers: expected mask to be made of booleans, got 1.",
    ],
    [
      "a function is a predicate",
      ((path: readonly string[]) => path[0] === "bias") as never,
      /masked: expected the mask to return booleans by path, got false\. .*anyOf\(predicate\)/,
    ],
  ])("is refused when %s, by the constructor", (_what, mask, message) => {
    expect(() => new Optimizer(new Net(), masked(adam(1), mask))).toThrow(StructureError);
    expect(() => new Optimizer(new Net(), masked(adam(1), mask))).toThrow(message);
  });

  it("of types is refused where tensors come alone, one of paths is not", () => {
    const params = { a: tf.ones([1]), b: { c: tf.ones([2]) } };
    expect(() => masked(adam(1), ofType(Param)).init(params)).toThrow(
      "masked: expected parameters of a model, whose Variables ofType(Param) asks for, got tensors alone.",
    );
    const [updates] = masked(scale(2), pathContains("c")).update(params, { innerState: [] }, params);
    expect(mapTree((u) => [...u.dataSync()], updates)).toEqual({ a: [1], b: { c: [2, 2] } });
  });

  it("refuses what is no transformation, and inner updates of other paths", () => {
    expect(() => masked(3 as never, true)).toThrow("masked: expected gradient transformations, got 3.");
    expect(() => masked(adam as never, true)).toThrow(/masked: expected gradient transformations/);
    const forgetful: GradientTransformation = { init: () => [], update: (_, s) => [{}, s] };
    const model = new Net();
    const optimizer = new Optimizer(model, masked(forgetful, pathContains("low")));
    expect(() => optimizer.update(model, gradsOf(model))).toThrow(
      /masked at bias|masked at layers.*: expected inner updates with the paths of the updates, got nothing/,
    );
    expect(number(model.bias)).toBe(1);
  });

  it("reaches extra arguments of the parameters' paths, where that is asked for", () => {
    const seen: unknown[] = [];
    const spy: GradientTransformation = {
      init: () => [],
      update: (updates, s, _params, extra) => {
        seen.push(Object.keys(extra?.tags as object), Object.keys(extra?.grad as object));
        return [updates, s];
      },
    };
    const params = { a: tf.ones([1]), b: tf.ones([1]) };
    const extra = { tags: { a: tf.ones([1]), b: tf.ones([1]) }, grad: params, other: { c: 1 } };
    for (const maskCompatibleExtraArgs of [true, false])
      masked(spy, { a: true, b: false }, { maskCompatibleExtraArgs }).update(
        params,
        { innerState: [] },
        params,
        extra,
      );
    expect(seen).toEqual([["a"], ["a"], ["a", "b"], ["a", "b"]]);
  });
});

describe("a partition", () => {
  it("goes by label, for all below a path too, and by a function", () => {
    const moved = { ...still, bias: 0, kernel1: -1, low1: -1 };
    const transforms = { one: sgd(1), two: sgd(2), none: setToZero() };
    expect(after(partition(transforms, { bias: "one", layers: { 0: "none", 1: "two" } }))).toEqual(moved);
    const labels = (params: Tree) => mapTree((p) => (p.size === 1 ? "one" : "two"), params);
    expect(after(partition(transforms, labels))).toEqual({
      bias: 0,
      kernel0: -1,
      low0: -1,
      kernel1: -1,
      low1: -1,
    });
  });

  it("goes by the first filter that matches", () => {
    const tx = partition([
      [Low, sgd(2)],
      [pathContains(0), setToZero()],
      [(path) => path.length === 1, sgd(3)],
      [true, sgd(1)],
    ]);
    expect(after(tx)).toEqual({ bias: -2, kernel0: 1, low0: -1, kernel1: 0, low1: -1 });
    const optimizer = new Optimizer(
      new Net(),
      partition([
        [Low, adam(1)],
        [true, sgd(1, { momentum: 0.5 })],
      ]),
    );
    expect(paths(optimizer).filter((path) => /low|bias/.test(path))).toEqual([
      "optState.innerStates.0.innerState.0.mu.layers.0.low",
      "optState.innerStates.0.innerState.0.mu.layers.1.low",
      "optState.innerStates.0.innerState.0.nu.layers.0.low",
      "optState.innerStates.0.innerState.0.nu.layers.1.low",
      "optState.innerStates.1.innerState.0.trace.bias",
    ]);
  });

  it("goes by types inside masks, chains and other partitions", () => {
    const inner = partition([
      [Low, sgd(2)],
      [true, setToZero()],
    ]);
    const tx = chain(masked(chain(inner), pathContains(1)), freeze(not(pathContains(1))));
    expect(after(tx)).toEqual({ ...still, low1: -1 });
  });

  it.each<[string, () => GradientTransformation, string | RegExp]>([
    [
      "an unknown label",
      () => partition({ a: sgd(1) }, { bias: "a", layers: "b" }),
      'partition at layers.0.kernel: expected a label among {a} for each parameter, or for all below a path, got "b".',
    ],
    [
      "a label of no transformation but of all objects",
      () => partition({ a: sgd(1) }, { bias: "a", layers: "toString" }),
      /expected a label among \{a\}/,
    ],
    [
      "a parameter that no filter matches",
      () =>
        partition([
          [Low, sgd(1)],
          [BatchStat, sgd(1)],
        ]),
      "partition at bias: expected a filter that matches each parameter, got none.",
    ],
    [
      "something else than transformations",
      () => partition({ a: 3 as never }, "a" as never),
      'partition: expected gradient transformations, got 3 for "a".',
    ],
    [
      "no labels",
      () => partition({ a: sgd(1) } as never),
      /partition: expected transformations by label and the labels of parameters/,
    ],
    [
      "no pairs",
      () => partition([Low, sgd(1)] as never),
      /partition: expected pairs of a filter and a transformation/,
    ],
    [
      "a misspelt option",
      () => partition({ a: sgd(1) }, { bias: "a" }, { mask: true } as never),
      /expected options among \{maskCompatibleExtraArgs\}/,
    ],
  ])("refuses %s", (_what, make, message) => {
    expect(() => new Optimizer(new Net(), make())).toThrow(message);
  });

  it("refuses the state of another partition, and leaves the model as it was", () => {
    const model = new Net();
    const tx = partition({ a: sgd(1), b: adam(1) }, { bias: "a", layers: "b" });
    expect(() => tx.update({}, { innerStates: { a: { innerState: [[], []] } } }, {})).toThrow(
      /partition: expected a state for "b"|partition at/,
    );
    const optimizer = new Optimizer(model, tx);
    expect(() => optimizer.update(model, {})).toThrow(StructureError);
    expect(number(model.bias)).toBe(1);
  });

  it("gives its parts the extra arguments", () => {
    const model = new Net();
    const optimizer = new Optimizer(
      model,
      partition([
        [Low, polyakSgd({ maxLearningRate: 0.5 })],
        [true, setToZero()],
      ]),
    );
    optimizer.update(model, gradsOf(model), { value: 2 });
    expect(number(model.layers[0]!.low)).toBe(0.5);
  });
});

it("selectiveTransform trains what is not frozen, by a filter", () => {
  const tx = selectiveTransform(sgd(1), { freezeMask: not(pathContains("bias")) });
  expect(after(tx)).toEqual({ ...still, bias: 0 });
  expect(() => selectiveTransform(sgd(1), { mask: true } as never)).toThrow(
    /expected options among \{freezeMask\}/,
  );
});

it("parameters with odd names are masked like others", () => {
  const names = ["__proto__", "constructor", "type", "value", "metadata", "0", "a.b", ""];
  const model = Object.fromEntries(names.map((name) => [name, new Param<tf.Tensor>(tf.ones([1]))]));
  const grads = Object.fromEntries(names.map((name) => [name, tf.ones([1])]));
  const optimizer = new Optimizer(model, masked(setToZero(), not(pathContains("constructor"))));
  optimizer.update(model, grads);
  expect(Object.keys(model).map((name) => number(model[name]!))).toEqual(
    Object.keys(model).map((name) => (name === "constructor" ? 2 : 1)),
  );
});

/** @file Running means of parameters, held against Flax's, and models that use them. */
import {
  BatchStat,
  dispose,
  flattenState,
  graphdef,
  graphDefFromJson,
  graphDefToJson,
  leafValue,
  merge,
  Module,
  Param,
  split,
  state,
  StructureError,
  Variable,
} from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import {
  flaxCase,
  type GoldenArray,
  numbersOf,
  readGolden,
  relativeError,
} from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { adam, EMA, Optimizer, type Tree } from "../index.ts";

type ByPath = Readonly<Record<string, readonly number[]>>;
interface Golden {
  readonly params: Readonly<Record<string, { readonly shape: number[]; readonly values: number[] }>>;
  readonly tameGradients: readonly ByPath[];
  readonly ema: readonly ByPath[];
}
const golden = readGolden<Golden>("optimizers-wrappers");
const tensor = (values: readonly number[], path: string): tf.Tensor =>
  tf.tensor([...values], golden.params[path]!.shape, "float32");
const initial = (path: string): tf.Tensor => tensor(golden.params[path]!.values, path);

class Net extends Module {
  readonly a = { bias: new Param(initial("a.bias")), kernel: new Param(initial("a.kernel")) };
  readonly b = new Param(initial("b"));
  readonly empty = new BatchStat(initial("empty"));
  readonly tied = [this.b];
  sum(): number {
    return tf
      .addN([this.a.bias.value, this.a.kernel.value, this.b.value].map((x) => tf.sum(x)))
      .dataSync()[0] as number;
  }
}
const numbers = (x: tf.Tensor): number[] => [...x.dataSync()];
const valuesOf = (x: object): Map<string, number[]> => {
  using values = state(x);
  return new Map(
    flattenState(values).map(([path, leaf]) => [path.join("."), numbers(leafValue<tf.Tensor>(leaf))]),
  );
};

onEachBackend("EMA", () => {
  it("follows an optimizer as Flax's does, and leaves nothing behind", () => {
    const model = new Net();
    const optimizer = new Optimizer(model, adam(0.1));
    const ema = new EMA(model, 0.8);
    let before = 0;
    golden.tameGradients.forEach((step, i) => {
      tf.tidy(() => {
        const grad = (path: string) => tensor(step[path]!, path);
        const grads = { a: { bias: grad("a.bias"), kernel: grad("a.kernel") }, b: grad("b") };
        optimizer.update(model, grads as Tree);
      });
      ema.update(model);
      const found = valuesOf(ema.params as object);
      for (const [path, wanted] of Object.entries(golden.ema[i]!))
        expect(relativeError(found.get(path)!, wanted), `${path} after ${i}`).toBeLessThan(1e-5);
      // Until the first update the means are the model's own tensors.
      if (i === 0) before = tf.memory().numTensors;
    });
    expect(tf.memory().numTensors).toBe(before);
    dispose([model, optimizer, ema]);
  });

  it("takes Flax's one step", () => {
    const { initial: first, after_update } = flaxCase<Record<"initial" | "after_update", GoldenArray>>("ema");
    const start = tf.tensor(numbersOf(first), [...first.shape]);
    const variable = new Param(start);
    const ema = new EMA(variable, 0.9);
    variable.value = tf.mul(start, 2);
    ema.update(variable);
    expect(
      relativeError([...valuesOf(ema.params as object).values()].flat(), numbersOf(after_update)),
    ).toBeLessThan(1e-6);
    expect(numbers((ema.applyTo(variable) as Param<tf.Tensor>).value)).toEqual(
      [...valuesOf(ema).values()].flat(),
    );
  });
});

it("makes Variables of the same types and metadata, that share nothing with the model's", () => {
  const model = { w: new Param(tf.ones([2]), { tag: "w" }), stat: new BatchStat(tf.zeros([1])) };
  const ema = new EMA(model, 0.5);
  const params = ema.params as unknown as typeof model;
  expect(params.w).toBeInstanceOf(Param);
  expect(params.w).not.toBe(model.w);
  expect(params.w.getMetadata("tag")).toBe("w");
  expect(params.stat).toBeInstanceOf(BatchStat);
});

it("gives a model that follows the means, with the other Variables of the model itself", () => {
  const model = new Net();
  const ema = new EMA(model, 0.5, { only: Param });
  const smooth = ema.applyTo(model);
  expect(smooth).toBeInstanceOf(Net);
  expect(smooth.b).toBe((ema.params as { b: unknown }).b);
  expect(smooth.tied[0]).toBe(smooth.b);
  expect(smooth.empty).toBe(model.empty);
  const sum = model.sum();
  expect(smooth.sum()).toBeCloseTo(sum);
  model.b.value = tf.add(model.b.value, 2);
  expect(smooth.sum()).toBeCloseTo(sum);
  ema.update(model);
  expect(smooth.sum()).toBeCloseTo(sum + 3);
  expect(model.sum()).toBeCloseTo(sum + 6);
  dispose(smooth);
  expect(ema.applyTo(model).sum()).toBeCloseTo(sum + 3);
});

it("is updated with a State, and made of one", () => {
  const model = { w: new Param(tf.tensor([1])) };
  const ema = new EMA(state(model), 0.5);
  model.w.value = tf.tensor([3]);
  ema.update(state(model));
  expect([...valuesOf(ema).values()]).toEqual([[2]]);
});

it("is split, merged and written as JSON like a model", () => {
  const model = new Net();
  const ema = new EMA(model, 0.75, { only: [Param] });
  const [, values] = split(ema);
  const again = merge(
    graphDefFromJson<EMA>(JSON.parse(JSON.stringify(graphDefToJson(graphdef(ema))))),
    values,
  );
  expect(again).toBeInstanceOf(EMA);
  expect(again.decay).toBe(0.75);
  model.b.value = tf.zeros([3]);
  again.update(model);
  ema.update(model);
  expect(valuesOf(again)).toEqual(valuesOf(ema));
});

it("can be made and used in a scope", () => {
  const model = new Net();
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const ema = new EMA(model, 0.5);
    ema.update(model);
    ema.applyTo(model);
  });
  expect(tf.memory().numTensors).toBe(before);
});

it.each<[string, () => unknown, string | RegExp]>([
  [
    "a count",
    () => new EMA({ c: new Variable(3), w: new Param(tf.ones([1])) }, 0.5),
    "EMA at c: expected float32 tensors to optimize, got 3. Leave it out with { only }.",
  ],
  [
    "integers",
    () => new EMA({ c: new Variable(tf.tensor([3], [1], "int32")) }, 0.5),
    /^EMA at c: expected float32 tensors .*Leave it out with \{ only \}/,
  ],
  [
    "a tensor without a Variable",
    () => new EMA({ t: tf.ones([2]) }, 0.5),
    "EMA at t: expected Variables, got a float32[2] without one.",
  ],
  [
    "nothing",
    () => new EMA({ w: new Param(tf.ones([1])) }, 0.5, { only: BatchStat }),
    /EMA: expected \{ only \} to select/,
  ],
  [
    "a decay of 1",
    () => new EMA({ w: new Param(tf.ones([1])) }, 1),
    /EMA: expected decay in \[0, 1\), got 1/,
  ],
  [
    "a misspelt option",
    () => new EMA({ w: new Param(tf.ones([1])) }, 0.5, { onyl: Param } as never),
    /Did you mean only\?/,
  ],
])("refuses %s", (_what, make, message) => {
  const before = tf.memory().numTensors;
  let made = 0;
  try {
    made = 1;
    make();
    made = 2;
  } catch (error) {
    expect(String((error as Error).message)).toMatch(message);
  }
  expect(made).toBe(1);
  expect(tf.memory().numTensors).toBeGreaterThanOrEqual(before);
});

it("refuses other models in update and applyTo, and stays as it was", () => {
  const model = new Net();
  const ema = new EMA(model, 0.5, { only: Param });
  const before = valuesOf(ema);
  const others: readonly (readonly [object, string])[] = [
    [{ a: model.a }, "at b: expected the parameter that the mean is of, got nothing"],
    [
      { a: model.a, b: model.b, c: new Param(tf.ones([1])) },
      "at c: expected the parameter that the mean is of, got",
    ],
  ];
  for (const [other, message] of others) {
    expect(() => ema.update(other)).toThrow(message);
    expect(() => ema.applyTo(other)).toThrow(message);
  }
  const reshaped = { a: model.a, b: new Param(tf.ones([4])) };
  expect(() => ema.update(reshaped)).toThrow("EMA.update at b: expected a float32[3], got a float32[4].");
  expect(() => ema.update({})).toThrow(StructureError);
  expect(valuesOf(ema)).toEqual(before);
});

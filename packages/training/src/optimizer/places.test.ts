/**
 * @file Which places of a model an Optimizer trains: odd names, attributes without a Variable,
 * lists of models, deep models.
 */
import {
  clone,
  dispose,
  flattenState,
  grad,
  isVariableState,
  map,
  Module,
  Param,
  state,
  unflattenState,
  valueAndGrad,
} from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { adam, adamw, chain, clipByGlobalNorm, lion, Optimizer, rmsprop, sgd } from "../index.ts";

const scalar = (model: object, ...path: readonly string[]): number => {
  const leaf = path.reduce<unknown>((node, part) => Reflect.get(node as object, part), state(model));
  const value = isVariableState(leaf) ? leaf.value : leaf;
  return (value as tf.Tensor).dataSync()[0] as number;
};

describe("parameters by path", () => {
  it("keeps apart what prints alike", () => {
    class Net extends Module {
      readonly a = { b: new Param(tf.scalar(0)) };
      readonly "a.b" = new Param(tf.scalar(0));
    }
    const model = new Net();
    const loss = (m: Net) => tf.add(tf.mul(10, m.a.b.value), m["a.b"].value);
    // The gradients by hand: 10 for a → b, 1 for a.b.
    const grads = map(
      (path, leaf) => (isVariableState(leaf) ? tf.scalar(path.length === 2 ? 10 : 1) : leaf),
      model,
    );
    new Optimizer(model, sgd(1)).update(model, grads);
    expect([scalar(model, "a", "b"), scalar(model, "a.b")]).toEqual([-10, -1]);
    expect(loss(model).dataSync()[0]).toBe(-101);
  });

  const odd = [
    "constructor",
    "toString",
    "__proto__",
    "hasOwnProperty",
    "a.b",
    "",
    "0",
    "1234567890",
    "value",
    "type",
  ];

  it.each(["adam", "adamw", "sgd", "rmsprop", "lion"] as const)(
    "gives %s the same numbers under any name",
    (name) => {
      const make = {
        adam: () => adam(0.1),
        adamw: () => adamw(0.1, { nesterov: true }),
        sgd: () => chain(clipByGlobalNorm(1), sgd(0.1, { momentum: 0.9 })),
        rmsprop: () => rmsprop(0.1, { centered: true, momentum: 0.5 }),
        lion: () => lion(0.1),
      }[name];
      const before = [Object, Object.prototype, Function.prototype].map((x) => Reflect.ownKeys(x));
      const after = (key: string): number[] => {
        class Net extends Module {
          readonly parts: Readonly<Record<string, { kernel: Param<tf.Tensor> }>> = Object.fromEntries([
            [key, { kernel: new Param(tf.tensor1d([1, -2])) }],
          ]);
        }
        const model = new Net();
        const optimizer = new Optimizer(model, make());
        const kernel = () => (Object.values(model.parts)[0] as { kernel: Param<tf.Tensor> }).kernel;
        for (let step = 1; step <= 3; step++)
          optimizer.update(
            model,
            map(() => tf.tensor1d([step, 0.5]), model),
          );
        const moments = flattenState(state(optimizer)).filter(([path]) => path.at(-1) === "kernel");
        const { length } = moments;
        expect(length).toBe({ adam: 2, adamw: 2, sgd: 1, rmsprop: 3, lion: 1 }[name]);
        expect(moments.every(([path]) => String(path.at(-2)) === key)).toBe(true);
        return [...kernel().value.dataSync()];
      };
      const wanted = after("plain");
      for (const key of odd) expect(after(key), key).toEqual(wanted);
      expect([Object, Object.prototype, Function.prototype].map((x) => Reflect.ownKeys(x))).toEqual(before);
    },
  );

  it("goes through Maps, with keys that are numbers too", () => {
    class Net extends Module {
      readonly parts = new Map<string | number, Param<tf.Tensor>>([
        [7, new Param(tf.scalar(1))],
        ["seven", new Param(tf.scalar(2))],
      ]);
    }
    const model = new Net();
    new Optimizer(model, sgd(1)).update(model, state(model));
    expect([...model.parts.values()].map((each) => each.value.dataSync()[0])).toEqual([0, 0]);
  });

  it("updates what is shared once", () => {
    class Net extends Module {
      readonly a: Param<tf.Tensor> = new Param(tf.scalar(1));
      readonly b: Param<tf.Tensor> = this.a;
    }
    const model = new Net();
    new Optimizer(model, sgd(1)).update(model, { a: tf.scalar(0.25) });
    expect(model.b.value.dataSync()[0]).toBe(0.75);
  });

  it("trains a lone Variable", () => {
    const weight = new Param(tf.scalar(3));
    const optimizer = new Optimizer(weight, sgd(1, { momentum: 0.9 }));
    optimizer.update(weight, grad((w: Param<tf.Scalar>) => tf.square(w.value))(weight));
    expect(weight.value.dataSync()[0]).toBe(-3);
  });
});

class Bare extends Module {
  w: tf.Tensor = tf.tensor1d([1, 1]);
  readonly list: tf.Tensor[] = [tf.scalar(2)];
  readonly p: Param<tf.Tensor> = new Param(tf.scalar(1));
}
const gradients = () =>
  unflattenState([
    [["w"], tf.tensor1d([1, 2])],
    [["list", 0], tf.scalar(4)],
    [["p"], tf.scalar(8)],
  ]);

onEachBackend("attributes without a Variable", () => {
  it("do not pile up, and live on where others have them", () => {
    const model = new Bare();
    const optimizer = new Optimizer(model, sgd(0.5), { wrt: () => true });
    const step = () => tf.tidy(() => optimizer.update(model, gradients()));
    step();
    const { numTensors } = tf.memory();
    for (let i = 0; i < 20; i++) step();
    expect(tf.memory().numTensors).toBe(numTensors);

    const taken = state(model);
    const copy = clone(model);
    const values = [...copy.w.dataSync()];
    step();
    step();
    expect([...copy.w.dataSync()]).toEqual(values);
    expect([...taken.w.dataSync()]).toEqual(values);
    dispose(taken);
    expect([...copy.w.dataSync()]).toEqual(values);
  });
});

describe("attributes without a Variable", () => {
  it("are trained in place where a predicate selects them", () => {
    const model = new Bare();
    const optimizer = new Optimizer(model, sgd(0.5, { momentum: 0.5 }), { wrt: (path) => path[0] !== "p" });
    expect(flattenState(state(optimizer)).map(([path]) => path.join("."))).toEqual([
      "optState.0.trace.list.0",
      "optState.0.trace.w",
      "step",
    ]);
    const { list } = model;
    tf.tidy(() => optimizer.update(model, gradients()));
    optimizer.update(model, gradients());
    // trace: g, then 1.5 g; so w - 0.5 (2.5 g)
    expect([...model.w.dataSync()]).toEqual([-0.25, -1.5]);
    expect(list[0]?.dataSync()[0]).toBe(-3);
    expect(model.p.value.dataSync()[0]).toBe(1);
  });

  it("are trained beside Variables", () => {
    const model = new Bare();
    new Optimizer(model, adam(0.5), { wrt: true }).update(model, gradients());
    expect([model.w, model.list[0], model.p.value].map((x) => x?.dataSync()[0])).toEqual([
      expect.closeTo(0.5, 5),
      expect.closeTo(1.5, 5),
      expect.closeTo(0.5, 5),
    ]);
  });

  it("are not trained otherwise", () => {
    const model = new Bare();
    const { w } = model;
    new Optimizer(model, sgd(1)).update(model, gradients());
    expect(model.w).toBe(w);
  });

  it("are as before when one cannot be written", () => {
    class Half extends Module {
      readonly frozen = Object.freeze([tf.scalar(1)]);
      w: tf.Tensor = tf.scalar(1);
      readonly p: Param<tf.Tensor> = new Param(tf.scalar(1));
    }
    const model = new Half();
    const optimizer = new Optimizer(model, adam(1), { wrt: true });
    const before = [model.w, model.p.value, model.frozen[0], state(optimizer)] as const;
    const grads = { frozen: [tf.scalar(1)], w: tf.scalar(1), p: tf.scalar(1) };
    const { numTensors } = tf.memory();
    expect(() => tf.tidy(() => optimizer.update(model, grads))).toThrow(
      "Optimizer.update at frozen.0: expected an attribute that can be written",
    );
    expect([model.w, model.p.value, model.frozen[0]]).toEqual(before.slice(0, 3));
    expect(model.w).toBe(before[0]);
    expect(optimizer.step.value).toBe(0);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe("lists of models", () => {
  class Linear extends Module {
    readonly w: Param<tf.Tensor> = new Param(tf.scalar(1));
    forward(x: tf.Tensor): tf.Tensor {
      return tf.mul(this.w.value, x);
    }
  }
  const loss = (models: readonly Linear[], x: tf.Tensor): tf.Scalar =>
    tf.sum(models.reduce((y, each) => each.forward(y), x));

  it("are updated together", () => {
    const [a, b] = [new Linear(), new Linear()];
    const models: [Linear, Linear] = [a, b];
    const optimizer = new Optimizer(models, sgd(0.5, { momentum: 0.9 }));
    const [, grads] = valueAndGrad(loss)(models, tf.scalar(1));
    optimizer.update(models, grads);
    optimizer.update([a, b], grad(loss)([a, b], tf.scalar(1)));
    // w: 1, 0.5, then 0.5 - 0.5 (0.5 + 0.9) = -0.2 for each
    expect([a, b].map(({ w }) => w.value.dataSync()[0])).toEqual([
      expect.closeTo(-0.2, 6),
      expect.closeTo(-0.2, 6),
    ]);
    expect(flattenState(state(optimizer)).map(([path]) => path.join("."))).toEqual([
      "optState.0.trace.0.w",
      "optState.0.trace.1.w",
      "step",
    ]);
  });

  it("may be records and Maps", () => {
    const record = { a: new Linear(), b: new Linear() };
    const sum = (m: { a: Linear; b: Linear }) => loss([m.a, m.b], tf.scalar(1));
    new Optimizer(record, sgd(0.5)).update(record, grad(sum)(record));
    const models = new Map([[3, new Linear()]]);
    const lossOf = (m: Map<number, Linear>) => loss([...m.values()], tf.scalar(1));
    new Optimizer(models, sgd(0.5)).update(models, grad(lossOf)(models));
    expect([record.a, record.b, ...models.values()].map(({ w }) => w.value.dataSync()[0])).toEqual([
      0.5, 0.5, 0.5,
    ]);
  });

  it("have what they share once", () => {
    const a = new Linear();
    const optimizer = new Optimizer([a, a], sgd(0.5));
    optimizer.update([a, a], grad(loss)([a, a], tf.scalar(1)));
    // The gradient of w² at 1 is 2.
    expect(a.w.value.dataSync()[0]).toBe(0);
  });
});

onEachBackend("parameters of many axes", () => {
  it("get the numbers of those with few", () => {
    const shape = [1, 1, 1, 1, 1, 2, 2];
    class Weights extends Module {
      readonly deep = new Param(tf.tensor([1, -2, 3, 4], shape));
      readonly flat = new Param(tf.tensor([1, -2, 3, 4]));
    }
    for (const make of [
      () => adam(0.1, { nesterov: true }),
      () => adamw(0.1),
      () => rmsprop(0.1, { centered: true, momentum: 0.9 }),
      () => lion(0.1),
      () => chain(clipByGlobalNorm(1), sgd(0.1, { momentum: 0.9, nesterov: true })),
    ]) {
      const model = new Weights();
      const optimizer = new Optimizer(model, make());
      for (let i = 0; i < 2; i++) optimizer.update(model, new Weights());
      expect([...model.deep.value.dataSync()]).toEqual([...model.flat.value.dataSync()]);
      expect(model.deep.value.shape).toEqual(shape);
    }
  });
});

describe("a chain of 10,000 modules", () => {
  class Link extends Module {
    readonly w: Param<tf.Tensor> = new Param(tf.scalar(1));
    next: Link | null = null;
  }
  const chainOf = (length: number): Link => {
    const first = new Link();
    for (let i = 1, last = first; i < length; i++) {
      last.next = new Link();
      last = last.next;
    }
    return first;
  };
  it("is trained", () => {
    const model = chainOf(10_000);
    const optimizer = new Optimizer(model, sgd(0.5, { momentum: 0.9 }));
    optimizer.update(model, chainOf(10_000));
    let last = model;
    while (last.next) last = last.next;
    expect([model.w, last.w].map((w) => w.value.dataSync()[0])).toEqual([
      expect.closeTo(0.5, 5),
      expect.closeTo(0.5, 5),
    ]);
  });
});

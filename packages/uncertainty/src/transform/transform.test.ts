import {
  allOf,
  clone,
  dispose,
  flattenState,
  merge,
  Module,
  Param,
  pathContains,
  split,
  type State,
  state,
  update,
} from "@nnxjs/nnx-core";
import { DropConnectLinear, Dropout, Linear, relu, type StochasticCallOptions } from "@nnxjs/layers";
import { random, Rngs, RngStream } from "@nnxjs/rnglib";
import { keyData } from "@nnxjs/rnglib/keys";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { dropconnect, dropout, DropoutLinear } from "../index.ts";

const dense = (din = 4, dout = 4): Linear => new Linear(din, dout, { rngs: new Rngs(0) });
const rngs = () => new Rngs(1);

/** The input layer is defined first and sorts last, so the two orders differ. */
class Mlp extends Module {
  readonly z: Linear;
  readonly hidden: readonly Linear[];
  readonly a: Linear;
  constructor() {
    super();
    const streams = new Rngs(0);
    this.z = new Linear(4, 8, { rngs: streams });
    this.hidden = [8, 8].map((n) => new Linear(n, 8, { rngs: streams }));
    this.a = new Linear(8, 3, { rngs: streams });
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.a.forward(this.hidden.reduce((h, layer) => relu(layer.forward(h)), relu(this.z.forward(x))));
  }
}
class Special extends Mlp {
  readonly note: string = "mine";
}
class Tied extends Module {
  readonly one: Linear;
  readonly two: Linear;
  readonly byName: Readonly<Record<"again" | "third", Linear>>;
  readonly byKey: ReadonlyMap<string, Linear>;
  readonly self: Tied;
  constructor() {
    super();
    this.one = dense();
    this.two = dense();
    this.byName = { again: this.two, third: dense() };
    this.byKey = new Map([["again", this.two]]);
    this.self = this;
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.two.forward(this.byKey.get("again")!.forward(this.one.forward(x)));
  }
}
class MyLinear extends Linear {}

const kinds = (model: object): Record<string, string> =>
  Object.fromEntries(
    [...(model as Module).iterModules()].map(([path, m]) => [path.join("."), m.constructor.name]),
  );

describe.each([
  ["dropconnect", dropconnect, DropConnectLinear],
  ["dropout", dropout, DropoutLinear],
] as const)("%s", (name, transform, Layer) => {
  it("replaces all Linear layers but the first by definition, and keeps class, statics and Params' paths", () => {
    const model = new Special();
    const copy = transform(model, 0.5, { rngs: rngs() });
    expect(copy).toBeInstanceOf(Special);
    expect(copy.note).toBe("mine");
    expect(kinds(copy)).toMatchObject({
      "": "Special",
      z: "Linear",
      "hidden.0": Layer.name,
      "hidden.1": Layer.name,
      a: Layer.name,
    });
    const paths = (m: Module) => flattenState(state(m, Param)).map(([path]) => path.join("."));
    expect(paths(copy)).toEqual(paths(model));
  });

  it.each([
    [{}, ["hidden.0", "hidden.1", "a"]],
    [{ order: "graph" }, ["hidden.0", "hidden.1", "z"]],
    [{ skipLast: true }, ["hidden.0", "hidden.1"]],
    [{ skipLast: true, order: "graph" }, ["hidden.0", "hidden.1"]],
    [{ skipFirst: false }, ["z", "hidden.0", "hidden.1", "a"]],
    [{ skipFirst: false, skipLast: true, order: "graph" }, ["a", "hidden.0", "hidden.1"]],
    [{ filter: pathContains("hidden") }, ["hidden.0", "hidden.1"]],
    [{ filter: allOf(Linear, pathContains("z")), skipFirst: false }, ["z"]],
  ] as const)("with %j replaces %j", (options, replaced) => {
    const copy = transform(new Mlp(), 0.5, { rngs: rngs(), ...options });
    const found = Object.entries(kinds(copy)).filter(([, kind]) => kind === Layer.name);
    expect(found.map(([path]) => path).sort()).toEqual([...replaced].sort());
  });

  it("shares nothing with the original, which it leaves as it was", () => {
    const model = new Mlp();
    const before = kinds(model);
    const x = random.normal(random.key(2), [3, 4]);
    const y = [...model.forward(x).dataSync()];
    const copy = transform(model, 0.5, { rngs: rngs() });
    expect(kinds(model)).toEqual(before);
    copy.eval();
    expect([...copy.forward(x).dataSync()]).toEqual(y);
    copy.z.kernel.value = tf.zeros([4, 8]);
    copy.a.kernel.value = tf.zeros([8, 3]);
    expect([...model.forward(x).dataSync()]).toEqual(y);
    dispose(copy);
    expect([...model.forward(x).dataSync()]).toEqual(y);
  });

  it("keeps shared layers shared, in records and Maps and cycles too", () => {
    const copy = transform(new Tied(), 0.5, { rngs: rngs() });
    expect(copy.two).toBeInstanceOf(Layer);
    expect(copy.byName.again).toBe(copy.two);
    expect(copy.byKey.get("again")).toBe(copy.two);
    expect(copy.byName.third).toBeInstanceOf(Layer);
    expect(copy.self).toBe(copy);
    const again = merge(...split(copy));
    expect(again.byKey.get("again")).toBe(again.two);
  });

  it("gives each layer a stream of its own, and advances the caller's", () => {
    const streams = rngs();
    const copy = transform(new Mlp(), 0.5, { rngs: streams });
    const keys = flattenState(state(copy))
      .filter(([path]) => path.at(-1) === "key")
      .map(([, leaf]) => String(keyData((leaf as { value: ReturnType<typeof random.key> }).value)));
    expect(new Set(keys).size).toBe(3);
    expect(streams.stream().count.value).toBe(3);
    const stream = new RngStream(1, { tag: "mine" });
    transform(new Mlp(), 0.5, { rngs: stream });
    expect(stream.count.value).toBe(3);
  });

  it("takes a seed or a key for a stream, and keeps the order of definition for the next transformation", () => {
    const x = random.normal(random.key(2), [3, 4]);
    const run = (source: Parameters<typeof transform>[2]["rngs"]) => [
      ...transform(new Mlp(), 0.5, { rngs: source }).forward(x).dataSync(),
    ];
    expect(run(1)).toEqual(run(rngs()));
    expect(run(random.key(1))).toEqual(run(rngs()));
    const once = transform(new Mlp(), 0.5, { rngs: rngs(), filter: pathContains("hidden") });
    expect(kinds(transform(once, 0.5, { rngs: rngs() }))).toMatchObject({ z: "Linear", a: Layer.name });
  });

  it("takes weights of the original by their paths", () => {
    const trained = new Mlp();
    const copy = transform(new Mlp(), 0.5, { rngs: rngs() });
    trained.a.bias!.value = tf.tensor1d([1, 2, 3]);
    update(copy, state(trained, Param));
    expect([...copy.a.bias!.value.dataSync()]).toEqual([1, 2, 3]);
  });

  it("leaves subclasses of Linear and stochastic layers that are there alone", () => {
    const present = new DropConnectLinear(dense(), 0.1, { rngs: rngs() });
    const model = [dense(), new MyLinear(4, 4, { rngs: rngs() }), present, new Dropout(0.3), dense()];
    const copy = transform(model, 0.5, { rngs: rngs() });
    expect(copy.map((layer) => layer.constructor.name)).toEqual([
      "Linear",
      "MyLinear",
      "DropConnectLinear",
      "Dropout",
      Layer.name,
    ]);
    expect(copy[2]).toMatchObject({ rate: 0.1 });
  });

  it("replaces a model that is a Linear layer itself when told to", () => {
    expect(transform(dense(), 0.5, { rngs: rngs(), skipFirst: false })).toBeInstanceOf(Layer);
  });

  it("does not change the number of tensors held, once disposed", () => {
    const model = new Mlp();
    const before = tf.memory().numTensors;
    dispose(transform(model, 0.5, { rngs: rngs() }));
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ["a rate above 1", () => transform(new Mlp(), 2, { rngs: 0 }), /expected a rate between 0 and 1, got 2/],
    ["a rate that is no number", () => transform(new Mlp(), Number.NaN, { rngs: 0 }), /got NaN/],
    [
      "a model without Linear layers",
      () => transform([new Dropout(0.5)], 0.5, { rngs: 0 }),
      /at least one Linear layer to transform, got an array of length 1 with none/,
    ],
    [
      "a lone first layer",
      () => transform(dense(), 0.5, { rngs: 0 }),
      /with 1, all excluded by filter.*skipFirst: false/,
    ],
    [
      "something that is no model",
      () => transform("model" as unknown as object, 0.5, { rngs: 0 }),
      /expected a model, got "model"/,
    ],
    [
      "rngs that give no keys",
      () => transform(new Mlp(), 0.5, { rngs: "a" as unknown as Rngs }),
      /expected rngs to be Rngs, an RngStream, a key or a seed, got "a"/,
    ],
    [
      "Rngs without the stream",
      () => transform(new Mlp(), 0.5, { rngs: new Rngs({ params: 0 }) }),
      /expected one of \{params\}/,
    ],
    [
      "an unknown order",
      () => transform(new Mlp(), 0.5, { rngs: 0, order: "call" as "graph" }),
      /order to be "definition" or "graph", got "call"/,
    ],
  ])(`${name} refuses %s`, (_what, run, message) => {
    expect(run).toThrow(message);
    expect(run).toThrow(new RegExp(`^(${name}|Rngs\\.stream):`));
  });

  it("advances no stream when it refuses", () => {
    const streams = rngs();
    expect(() => transform(dense(), 0.5, { rngs: streams })).toThrow();
    expect(streams.stream().count.value).toBe(0);
  });
});

describe("dropconnect", () => {
  it("goes through thousands of levels", () => {
    class Level extends Module {
      readonly below: Module;
      constructor(below: Module) {
        super();
        this.below = below;
      }
    }
    let model: Module = dense();
    for (let i = 0; i < 5000; i++) model = new Level(model);
    let copy = dropconnect(model, 0.5, { rngs: 0, skipFirst: false });
    while (copy instanceof Level) copy = copy.below;
    expect(copy).toBeInstanceOf(DropConnectLinear);
  });

  it("equals a model built with DropConnectLinear by hand", () => {
    class ByHand extends Module {
      readonly first: Linear = dense();
      readonly second: Linear = new DropConnectLinear(dense(), 0.5, {
        rngs: new Rngs(1),
        scaling: "inference",
      });
      forward(x: tf.Tensor): tf.Tensor {
        return this.second.forward(this.first.forward(x));
      }
    }
    const plain = [dense(), dense()] as const;
    const [first, second] = dropconnect(plain, 0.5, { rngs: new Rngs(1), scaling: "inference" });
    const x = random.normal(random.key(2), [3, 4]);
    expect([...second.forward(first.forward(x)).dataSync()]).toEqual([...new ByHand().forward(x).dataSync()]);
  });

  it("hands its options to the layers", () => {
    const [, layer] = dropconnect([dense(), dense()] as const, 0.5, {
      rngs: 0,
      scaling: "inference",
      masks: "example",
      rngCollection: "noise",
    });
    expect(layer).toMatchObject({
      rate: 0.5,
      scaling: "inference",
      masks: "example",
      rngCollection: "noise",
    });
  });

  it("loses the order of definition where clone does", () => {
    const copy = dropconnect(clone(new Mlp()), 0.5, { rngs: 0 });
    expect(kinds(copy)).toMatchObject({ a: "Linear", z: "DropConnectLinear" });
  });
});

describe("DropoutLinear", () => {
  it("is Linear on dropped inputs", () => {
    const base = dense();
    const layer = new DropoutLinear(base, 0.5);
    const key = random.key(3);
    const x = random.normal(random.key(2), [3, 4]);
    const options: StochasticCallOptions = { rngs: key };
    const byHand = base.forward(new Dropout(0.5).forward(x, options));
    expect([...layer.forward(x, options).dataSync()]).toEqual([...byHand.dataSync()]);
    expect([...layer.forward(x, { deterministic: true }).dataSync()]).toEqual([
      ...base.forward(x).dataSync(),
    ]);
    expect(layer.kernel).toBe(base.kernel);
    expect(() => layer.forward(x)).toThrow(/Dropout\.forward: expected an RNG stream/);
  });
});

describe("a transformed copy is a model of its own", () => {
  class Kept extends Module {
    readonly layers: readonly Linear[] = [dense(), dense()];
    readonly average: State = state(this.layers, Param);
  }

  it("with the States that it keeps, and goes with the scope that it was made in", () => {
    const before = tf.memory().numTensors;
    const model = new Kept();
    const copy = dropconnect(model, 0.5, { rngs: rngs() });
    expect(copy.average).not.toBe(model.average);
    dispose(model);
    expect(flattenState(copy.average)).toHaveLength(4);
    tf.tidy(() => void dropconnect(copy, 0.5, { rngs: rngs(), skipFirst: false }));
    dispose(copy);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("or is refused, where it would go on to run the original", () => {
    class Tied extends Module {
      readonly layers: readonly Linear[] = [dense(), dense()];
      readonly forward = (x: tf.Tensor): tf.Tensor => this.layers[1]!.forward(x as tf.Tensor2D);
    }
    expect(() => dropconnect(new Tied(), 0.5, { rngs: rngs() })).toThrow(
      "merge at forward: expected attributes that are not tied to one object, got an arrow function with `this`",
    );
  });
});

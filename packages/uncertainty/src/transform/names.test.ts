import { DropConnectLinear, Linear } from "@nnxjs/layers";
import { flattenState, Module, Param, pathKey, state } from "@nnxjs/nnx-core";
import { random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { batchEnsemble, dropconnect, dropout, ensemble, sample } from "../index.ts";

const NAMES = ["__proto__", "constructor", "toString", "a.b", "a"] as const;

/** A record with an own property for each name. An assignment would not create all of these. */
const recordOf = (make: (name: string) => unknown): Record<string, Linear> =>
  Object.fromEntries(NAMES.map((name) => [name, make(name)])) as Record<string, Linear>;

const own = (holder: object, name: string): unknown => Object.getOwnPropertyDescriptor(holder, name)?.value;

class Net extends Module {
  readonly layers: Record<string, Linear>;
  constructor(rngs: Rngs) {
    super();
    this.layers = recordOf(() => new Linear(3, 3, { rngs }));
  }
  forward(x: tf.Tensor): tf.Tensor {
    return NAMES.reduce((y, name) => (own(this.layers, name) as Linear).forward(y), x);
  }
}

const net = (): Net => new Net(new Rngs(0));
const x = tf.ones([2, 3]);
const paths = (model: object): string[] => flattenState(state(model, Param)).map(([path]) => pathKey(path));

describe("layers under names that every object has, and under names with dots", () => {
  it.each([
    ["dropconnect", dropconnect],
    ["dropout", dropout],
  ] as const)("%s replaces them where they are", (_name, transform) => {
    const model = net();
    const copy = transform(model, 0.5, { rngs: new Rngs(1), skipFirst: false });
    expect(Object.keys(copy.layers).sort()).toEqual([...NAMES].sort());
    for (const name of NAMES) {
      expect(own(copy.layers, name), name).not.toBeInstanceOf(Linear);
      expect(own(model.layers, name), name).toBeInstanceOf(Linear);
    }
    expect(Object.getPrototypeOf(copy.layers)).toBe(Object.prototype);
    expect(paths(copy)).toEqual(paths(model));
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it("ensemble and batchEnsemble draw each of them anew", () => {
    const model = net();
    const [first, second] = ensemble(model, 2, { rngs: new Rngs(1) }).members;
    for (const name of NAMES) {
      const kernels = [model, first, second].map((m) =>
        String((own(m?.layers ?? {}, name) as Linear).kernel.value.dataSync()),
      );
      expect(new Set(kernels).size, name).toBe(3);
    }
    const members = batchEnsemble(model, 2, { rngs: new Rngs(1) });
    expect(members.forward(x).shape).toEqual([2, 2, 3]);
  });

  it("sample draws from each of them", () => {
    const model = dropconnect(net(), 0.5, { rngs: new Rngs(1), skipFirst: false });
    const { data } = sample(model, x, 2, { key: random.key(0) });
    expect(String(data.slice(0, 6))).not.toBe(String(data.slice(6)));
  });

  it("a layer is found as an own attribute __proto__ of a module, too", () => {
    class Odd extends Module {
      constructor() {
        super();
        Object.defineProperty(this, "__proto__", {
          value: new Linear(3, 3, { rngs: new Rngs(0) }),
          enumerable: true,
          writable: true,
          configurable: true,
        });
      }
    }
    const odd = new Odd();
    const copy = dropconnect(odd, 0.5, { rngs: new Rngs(1), skipFirst: false });
    expect(own(copy, "__proto__")).toBeInstanceOf(DropConnectLinear);
    expect(Object.getPrototypeOf(copy)).toBe(Odd.prototype);
  });
});

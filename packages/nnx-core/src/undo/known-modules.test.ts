import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { afterAll, expect, it } from "vitest";
import { dispose, Module, Param, type Tensor } from "../index.ts";
import { type Below, belowOf } from "./known-modules.ts";

class Layer extends Module {
  kernel: Param<Tensor> = new Param(tf.zeros([2]));
  activation: unknown = Math.abs;
}
class Net extends Module {
  layers: Layer[] = [new Layer(), new Layer()];
  sizes: readonly number[] = Object.freeze([2, 2]);
  note: unknown = null;
}

const made: Module[] = [];
const net = (): Net => {
  const module = new Net();
  made.push(module);
  return module;
};
afterAll(() => dispose(made));

const pathsIn = ({ variables }: Below): string[] | undefined =>
  variables?.map(({ place }) => {
    const parts: unknown[] = [];
    for (let at = place; at.parent; at = at.parent) parts.unshift(at.part);
    return parts.join(".");
  });

it("knows a module that is as it was, and the Variables in it", () => {
  const module = net();
  const first = belowOf([module, 3, tf.scalar(1)]);
  expect(first.module).toBe(module);
  expect(pathsIn(first)).toEqual(["layers.0.kernel", "layers.1.kernel"]);
  expect(belowOf([module])).toBe(first);
  module.layers[0]!.kernel.value = tf.ones([2]);
  expect(belowOf([module])).toBe(first);
});

it.each<[what: string, change: (module: Net) => unknown, paths: string[] | undefined]>([
  ["an attribute", (module) => (module.note = "new"), ["layers.0.kernel", "layers.1.kernel"]],
  ["an item", (module) => module.layers.pop()!.kernel.dispose(), ["layers.0.kernel"]],
  [
    "an attribute of a part",
    (module) => Object.assign(module.layers[1]!, { more: new Param(tf.zeros([1])) }),
    ["layers.0.kernel", "layers.1.kernel", "layers.1.more"],
  ],
  ["a tensor without a Variable", (module) => (module.note = tf.zeros([3])), undefined],
])("looks again where the module has another: %s", (_, change, paths) => {
  const module = net();
  const first = belowOf([module]);
  change(module);
  const second = belowOf([module]);
  expect(second).not.toBe(first);
  expect(pathsIn(second)).toEqual(paths);
  expect([first.structure.isSame(), second.structure.isSame()]).toEqual([false, true]);
});

it("looks again each time at what may hold large things, and at several modules", () => {
  const module = net();
  module.note = new Float32Array(8);
  expect(belowOf([module])).not.toBe(belowOf([module]));
  const two = belowOf([module, [net()]]);
  expect([two.module, two.variables]).toEqual([undefined, undefined]);
  expect(two.structure.isSame()).toBe(true);
  module.note = 1;
  expect(two.structure.isSame()).toBe(false);
});

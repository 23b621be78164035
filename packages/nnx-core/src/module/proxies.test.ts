/**
 * @file Models in the reactive state of user interfaces: deep proxies must not come between a model
 * and its tensors.
 */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { isReactive, reactive } from "@vue/reactivity";
import { expect, it } from "vitest";
import { clone, dispose, grad, Module, Param, split, state, update } from "../index.ts";

class Layer extends Module {
  readonly kernel: Param<tf.Tensor> = new Param<tf.Tensor>(tf.tensor1d([1, 2]));
  readonly list: readonly Param<tf.Tensor>[] = [new Param<tf.Tensor>(tf.scalar(3))];
  forward(x: tf.Tensor): tf.Tensor {
    return tf.mul(tf.mul(x, this.kernel.value), (this.list[0] as Param<tf.Tensor>).value);
  }
}

/**
 * As Vue does it: every object that is read out is wrapped, unless it says otherwise or is frozen.
 */
function deepProxy<T extends object>(target: T): T {
  if (Reflect.get(target, "__v_skip") === true || !Object.isExtensible(target)) return target;
  return new Proxy(target, {
    get(object, key, receiver) {
      const value: unknown = Reflect.get(object, key, receiver);
      return typeof value === "object" && value !== null ? deepProxy(value) : value;
    },
  });
}

it.each([
  ["a hand-made deep proxy", deepProxy],
  ["Vue's reactive", <T extends object>(target: T): T => reactive(target) as T],
])("a model inside %s is itself, and works", (_, wrap) => {
  const model = new Layer();
  const store = wrap({ models: [model], best: state(model), variable: model.kernel });
  expect(store.models[0]).toBe(model);
  expect(store.variable).toBe(model.kernel);
  expect([...(store.models[0] as Layer).forward(tf.ones([2])).dataSync()]).toEqual([3, 6]);
  const [, params] = split(store.models[0] as Layer, Param, true);
  update(model, store.best);
  const gradients = grad((m: Layer) => tf.sum(m.forward(tf.ones([2]))))(store.models[0] as Layer);
  expect([...gradients.kernel.value.dataSync()]).toEqual([3, 3]);
  expect(isReactive(model)).toBe(false);
  dispose([params, gradients, clone(model)]);
});

it("the mark is nobody's attribute", () => {
  const model = new Layer();
  expect(Object.keys(model)).toEqual(["kernel", "list"]);
  const seen: string[] = [];
  for (const key in model.kernel) seen.push(key);
  expect(seen).toEqual(["leaf"]);
  expect(JSON.stringify(Object.keys(state(model)))).toBe('["kernel","list"]');
});

/** @file The one copier of models, in both orders, and what cannot be copied. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import * as nnx from "../index.ts";
import { copyGraph } from "./copy.ts";

class Layer extends nnx.Module {
  readonly weight: nnx.Param<tf.Tensor> = new nnx.Param(tf.ones([2]));
  readonly act: (x: number) => number = Math.tanh;
  #calls = 0;
  static count(layer: object): number {
    return #calls in layer ? layer.#calls : -1;
  }
}
class Net extends nnx.Module {
  readonly z: nnx.Param<tf.Tensor> = new nnx.Param(tf.zeros([2]));
  readonly parts: Map<string, unknown> = new Map<string, unknown>([
    ["y", this.z],
    ["x", tf.ones([3])],
  ]);
  readonly again: nnx.Param<tf.Tensor> = this.z;
  readonly me: Net = this;
  readonly sizes: readonly number[] = [3, 1];
  kept: nnx.State = nnx.state({ a: this.z });
}

describe("a copy", () => {
  it.each(["sorted", "defined"] as const)("has the attributes in the order asked for: %s", (order) => {
    const before = tf.memory().numTensors;
    const net = new Net();
    const { copy, copyOf } = copyGraph(net, { order });
    const names = ["z", "parts", "again", "me", "sizes", "kept"];
    expect(Object.keys(copy)).toEqual(order === "sorted" ? names.sort() : names);
    expect([...copy.parts.keys()]).toEqual(order === "sorted" ? ["x", "y"] : ["y", "x"]);
    expect(copy.me).toBe(copy);
    expect(copy.sizes).toBe(net.sizes);
    expect(copy.z).not.toBe(net.z);
    expect([copy.again, copy.parts.get("y")]).toEqual([copy.z, copy.z]);
    expect([...copyOf]).toEqual([
      [net, copy],
      [net.z, copy.z],
    ]);
    expect(nnx.equalGraphDefs(nnx.graphdef(copy), nnx.graphdef(net))).toBe(true);
    const bare = net.parts.get("x") as tf.Tensor;
    expect(copy.parts.get("x")).toBe(bare);
    nnx.dispose(net);
    expect([...copy.z.value.dataSync()]).toEqual([0, 0]);
    expect([...nnx.leafValue<tf.Tensor>(copy.kept.a as nnx.StateLeaf).dataSync()]).toEqual([0, 0]);
    nnx.dispose(copy);
    bare.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("is a leaf where the whole is one", () => {
    const param = new nnx.Param(2);
    expect(copyGraph(param).copy.value).toBe(2);
    expect(copyGraph(param, { isView: true }).copy).toBe(param);
    const tensor = tf.ones([1]);
    expect(copyGraph(tensor).copy).toBe(tensor);
    expect(copyGraph("text").copy).toBe("text");
    tensor.dispose();
  });

  it("holds nothing when it is refused", () => {
    const net = { first: new nnx.Param(tf.ones([1])), second: new nnx.Param(tf.ones([1])) };
    net.second.value.dispose();
    for (const isView of [false, true]) {
      expect(() => copyGraph(net, { isView })).toThrow("State at second: expected a value of live tensors");
    }
    nnx.dispose(net.first);
    expect(net.first.isDisposed).toBe(true);
    expect(() => copyGraph({ layer: new Layer() })).toThrow("got Layer with #calls");
  });
});

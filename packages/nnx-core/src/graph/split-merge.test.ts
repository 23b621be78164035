import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  clone,
  dispose,
  flattenState,
  Intermediate,
  merge,
  Module,
  Param,
  split,
  state,
  update,
  type VariableState,
  Variable,
} from "../index.ts";

class Leaf extends Module {
  readonly kernel: Param<tf.Tensor>;
  readonly size: number;
  constructor(size: number) {
    super();
    this.size = size;
    this.kernel = new Param(tf.fill([size], size));
  }
  forward(x: tf.Tensor): tf.Tensor {
    return tf.mul(x, this.kernel.value);
  }
}

class Tree extends Module {
  readonly z: Leaf;
  readonly a: Leaf;
  readonly tied: Leaf;
  readonly layers: Leaf[];
  readonly named: Map<string, Leaf>;
  readonly steps: Variable<number>;
  readonly me: Tree;
  constructor() {
    super();
    this.z = new Leaf(2);
    this.a = new Leaf(3);
    this.tied = this.a;
    this.layers = [new Leaf(4), this.z, new Leaf(5)];
    this.named = new Map([["x", new Leaf(6)]]);
    this.steps = new Variable(7, { tag: "count" });
    this.me = this;
  }
}

const paths = (s: Parameters<typeof flattenState>[0]) => flattenState(s).map(([path]) => path.join("."));

describe("split and merge", () => {
  it("gives each shared object one leaf, at its first path in sorted order", () => {
    const [, all] = split(new Tree());
    expect(paths(all)).toEqual([
      "a.kernel",
      "layers.0.kernel",
      "layers.1.kernel",
      "layers.2.kernel",
      "named.x.kernel",
      "steps",
    ]);
  });

  it("brings back classes, methods, sharing, cycles, containers and statics without constructors", () => {
    const tree = new Tree();
    const again = merge(...split(tree));
    expect(again).toBeInstanceOf(Tree);
    expect(again).not.toBe(tree);
    expect(again.tied).toBe(again.a);
    expect(again.layers[1]).toBe(again.z);
    expect(again.me).toBe(again);
    expect(again.named.get("x")?.size).toBe(6);
    expect(again.steps.value).toBe(7);
    expect(again.a.kernel).not.toBe(tree.a.kernel);
    expect([...again.a.forward(tf.ones([3])).dataSync()]).toEqual([3, 3, 3]);
  });

  it("puts each leaf into the first State whose filter matches", () => {
    const [graphdef, params, rest] = split(new Tree(), Param, true);
    expect(paths(rest)).toEqual(["steps"]);
    expect(paths(params)).toHaveLength(5);
    expect(merge(graphdef, rest, params).steps.value).toBe(7);
  });

  it("says which leaves no filter covers", () => {
    expect(() => split(new Tree(), Param)).toThrow(/cover every leaf, got none for steps/);
    expect(() => split(new Tree(), true, Param)).toThrow(/`true` as the last filter/);
  });

  it("names the paths of a State that does not fit", () => {
    const [graphdef, params, rest] = split(new Tree(), Param, true);
    expect(() => merge(graphdef, params)).toThrow(/nothing at steps/);
    const other = state(new Leaf(1));
    expect(() => merge(graphdef, params, rest, other)).toThrow(/kernel, which the model does not have/);
  });

  it("leaves a State valid after the model was updated", () => {
    const leaf = new Leaf(2);
    const before = state(leaf);
    leaf.kernel.value = tf.zeros([2]);
    expect([...(flattenState(before)[0]![1] as VariableState<tf.Tensor>).value.dataSync()]).toEqual([2, 2]);
    update(leaf, before);
    expect([...leaf.kernel.value.dataSync()]).toEqual([2, 2]);
  });

  it("keeps the count of tensors flat over split, update, merge and dispose", () => {
    const tree = new Tree();
    const before = tf.memory().numTensors;
    for (let i = 0; i < 50; i++) {
      const [graphdef, params, rest] = split(tree, Param, true);
      tree.a.kernel.value = tf.fill([3], i);
      const again = merge(graphdef, params, rest);
      update(tree, params);
      dispose([again, params, rest]);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it("lets a clone and its original go their own ways", () => {
    const leaf = new Leaf(2);
    const copy = clone(leaf);
    copy.kernel.value = tf.zeros([2]);
    expect([...leaf.kernel.value.dataSync()]).toEqual([2, 2]);
    leaf.dispose();
    expect([...copy.kernel.value.dataSync()]).toEqual([0, 0]);
    expect(() => leaf.kernel.value).toThrow(/disposed/);
  });

  it("does not let anybody write into a Variable through its data", () => {
    const leaf = new Leaf(2);
    leaf.kernel.value.dataSync()[0] = 99;
    expect([...leaf.kernel.value.dataSync()]).toEqual([2, 2]);
  });

  it("refuses a leaf where the model has a module, and writes nothing", () => {
    const tree = new Tree();
    const bad = state({ a: new Intermediate(1), steps: new Variable(8) });
    expect(() => update(tree, bad)).toThrow(/update at a: expected a State/);
    expect(tree.steps.value).toBe(7);
  });
});

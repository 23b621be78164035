import { BatchStat, flattenState, isVariableState, Module, Param, state } from "@nnxjs/nnx-core";
import { DropConnectLinear, Dropout, Linear, relu } from "@nnxjs/layers";
import { type Initializer, initializers, random, Rngs } from "@nnxjs/rnglib";
import { keyData } from "@nnxjs/rnglib/keys";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { Ensemble, ensemble, entropyDecomposition, sampleMembers } from "../index.ts";

const heNormal: Initializer = initializers.heNormal();

class Net extends Module {
  readonly z: Linear;
  readonly a: DropConnectLinear;
  readonly drop: Dropout;
  readonly mean: BatchStat<tf.Tensor> = new BatchStat<tf.Tensor>(tf.zeros([3]));
  readonly var: BatchStat<tf.Tensor> = new BatchStat<tf.Tensor>(tf.ones([3]));
  constructor({ rngs }: { rngs: Rngs }) {
    super();
    this.z = new Linear(2, 8, { rngs, kernelInit: heNormal, biasInit: initializers.ones });
    this.a = new DropConnectLinear(new Linear(8, 3, { rngs }), 0.25, { rngs });
    this.drop = new Dropout(0.5, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.a.forward(this.drop.forward(relu(this.z.forward(x))));
  }
}
const values = (model: Module): unknown =>
  flattenState(state(model)).map(([path, leaf]) => {
    const value = isVariableState(leaf) ? leaf.value : leaf;
    return [path.join("."), value instanceof tf.Tensor ? [...value.dataSync()] : String(value)];
  });
const x = random.normal(random.key(4), [5, 2]);

describe("ensemble", () => {
  it("draws each member as the constructor would, from a fork of its own", () => {
    const trained = new Net({ rngs: new Rngs(9) });
    trained.mean.value = tf.fill([3], 7);
    trained.var.value = tf.fill([3], 7);
    trained.drop.rngs!.nextKey();
    const before = values(trained);
    const drawn = ensemble(trained, 3, { rngs: new Rngs(0) });
    const built = ensemble((rngs) => new Net({ rngs }), 3, { rngs: new Rngs(0) });
    expect(drawn.members.map(values)).toEqual(built.members.map(values));
    expect(values(trained)).toEqual(before);
    const kernels = drawn.members.map((m) => String(m.z.kernel.value.dataSync()));
    expect(new Set(kernels).size).toBe(3);
    const streams = drawn.members.map((m) => String(keyData(m.drop.rngs!.key.value)));
    expect(new Set(streams).size).toBe(3);
    expect(drawn.members[0]).toBeInstanceOf(Net);
  });

  it("takes streams by name, and params for those it was given no name for", () => {
    const model = new Net({ rngs: new Rngs(9) });
    const run = () => ensemble(model, 2, { rngs: new Rngs({ params: 0, dropout: 1 }) }).members.map(values);
    expect(run()).toEqual(run());
  });

  it("stacks its members' outputs", () => {
    const all = ensemble(new Net({ rngs: new Rngs(9) }), 3, { rngs: new Rngs(0) });
    all.eval();
    const y = all.forward(x);
    expect(y.shape).toEqual([3, 5, 3]);
    all.members.forEach((member, i) => {
      expect([...tf.gather(y, i).dataSync()]).toEqual([...member.forward(x).dataSync()]);
    });
  });

  it("asks how a Param without an initializer is drawn", () => {
    class Bare extends Module {
      readonly scale: Param<tf.Tensor> = new Param<tf.Tensor>(tf.ones([2]));
      forward(rows: tf.Tensor): tf.Tensor {
        return tf.mul(rows, this.scale.value);
      }
    }
    expect(() => ensemble(new Bare(), 2, { rngs: new Rngs(0) })).toThrow(
      /ensemble at scale: expected an initializer scaleInit beside the Param, got none on an instance of Bare/,
    );
    const { members } = ensemble(new Bare(), 2, {
      rngs: new Rngs(0),
      init: (_path, param, key) => random.normal(key, param.value.shape),
    });
    expect(members[0]!.scale.value.dataSync()).not.toEqual(members[1]!.scale.value.dataSync());
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "no members",
      () => ensemble(new Net({ rngs: new Rngs(0) }), 0, { rngs: new Rngs(0) }),
      /positive number of members, got 0/,
    ],
    [
      "no rngs",
      () => ensemble(new Net({ rngs: new Rngs(0) }), 1, {} as { rngs: Rngs }),
      /expected rngs to be Rngs, got undefined/,
    ],
    ["an empty list", () => new Ensemble([]), /at least one member/],
  ])("refuses %s", (_what, run, message) => {
    expect(run).toThrow(message);
  });
});

/** A mean and a variance for each row. */
class Regression extends Module {
  readonly out: Linear;
  constructor({ rngs }: { rngs: Rngs }) {
    super();
    this.out = new Linear(2, 2, { rngs });
  }
  forward(x: tf.Tensor2D): readonly [mean: tf.Tensor, variance: tf.Tensor] {
    const [mean, raw] = tf.unstack(this.out.forward(x), -1) as [tf.Tensor, tf.Tensor];
    return [mean, tf.exp(raw)];
  }
}

describe("sampleMembers", () => {
  it("takes one tensor out of what members return, by call", () => {
    const members = ensemble((rngs) => new Regression({ rngs }), 3, { rngs: new Rngs(0) });
    const x = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const means = sampleMembers(members, x, { call: (m, rows) => m.forward(rows)[0] });
    const variances = sampleMembers(members, x, { call: (m, rows) => m.forward(rows)[1] });
    members.members.forEach((member, i) => {
      const [mean, variance] = member.forward(x);
      expect([...means.data.slice(2 * i, 2 * i + 2)]).toEqual([...mean.dataSync()]);
      expect([...variances.data.slice(2 * i, 2 * i + 2)]).toEqual([...variance.dataSync()]);
    });
    expect(() => members.forward(x)).toThrow(
      "Ensemble.forward: expected members that return a tensor, got an array of length 2.",
    );
    // @ts-expect-error Without call there is no tensor.
    expect(() => sampleMembers(members, x, {})).toThrow("Pass { call } to take one tensor out of the result");
  });

  it("is one deterministic prediction of each member, whatever mode they are in", () => {
    const all = ensemble(new Net({ rngs: new Rngs(9) }), 3, { rngs: new Rngs(0) });
    all.eval();
    const wanted = tf.softmax(all.forward(x)).dataSync();
    all.train();
    const before = JSON.stringify(all.members.map(values));
    const samples = sampleMembers(all, x, { outputs: "logits", batchSize: 2 });
    expect(samples.shape).toEqual([3, 5, 3]);
    for (const [i, value] of samples.data.entries()) expect(value).toBeCloseTo(wanted[i]!, 6);
    expect(JSON.stringify(all.members.map(values))).toBe(before);
    expect(all.members[0]!.drop.deterministic).toBe(false);
    const moments = sampleMembers(all, x, { outputs: "logits", keep: "moments" });
    const [a, b] = [entropyDecomposition(samples).epistemic, entropyDecomposition(moments).epistemic];
    for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i]!, 6);
    expect(Math.min(...a)).toBeGreaterThan(0);
  });
});

/** @file Looking inside a model leaves it as it is, and says what it was that it looked at. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  BatchStat,
  capture,
  captureGradients,
  dispose,
  findNonFinite,
  flattenState,
  Intermediate,
  Module,
  NotFoundError,
  Param,
  summarize,
  summarizeAsync,
  valuesAt,
  Variable,
} from "../index.ts";

class Normed extends Module {
  readonly w = new Param<tf.Tensor>(tf.scalar(2));
  readonly mean = new BatchStat<tf.Tensor>(tf.scalar(0));
  readonly draws = new Variable(0);
  steps = 0;
  forward(x: tf.Tensor): tf.Tensor {
    this.draws.value++;
    this.steps++;
    this.mean.value = tf.add(this.mean.value, 1);
    this.sow(Intermediate, "mean", this.mean.value);
    const y = this.perturb("y", tf.mul(x, this.w.value));
    return tf.div(y, this.mean.value) as tf.Tensor;
  }
}
const changes = (m: Normed): unknown[] => [m.mean.value.dataSync()[0], m.draws.value, m.steps];
const loss = (m: Normed, x: tf.Tensor): tf.Tensor => tf.sum(m.forward(x));
const x = tf.tensor1d([1, 2]);

describe("looking", () => {
  it("moves no statistics, counts or attributes, so that the same step can be looked at again", () => {
    const model = new Normed();
    const leaves = () => flattenState(valuesOf(model)).map(([, leaf]) => leaf);
    const before = leaves();
    const tensors = tf.memory().numTensors;
    const [first, second] = [captureGradients(loss)(model, x), captureGradients(loss)(model, x)];
    expect(changes(model)).toEqual([0, 0, 0]);
    expect(first.loss.dataSync()[0]).toBe(second.loss.dataSync()[0]);
    expect(valuesAt(first.sown, ["mean"])[0]!.value.dataSync()[0]).toBe(1);
    expect(findNonFinite(model, (m: Normed) => tf.log(tf.sub(loss(m, x), 1e3)) as tf.Tensor)()?.op).toBe(
      "Log",
    );
    expect(findNonFinite(model, loss)(x)).toBeUndefined();
    expect(changes(model)).toEqual([0, 0, 0]);
    leaves().forEach((leaf, i) => {
      expect(leaf).toBe(before[i]);
    });
    dispose([first, second]);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it("moves them where that is asked for", () => {
    const model = new Normed();
    dispose(captureGradients(loss, { keepUpdates: true })(model, x));
    expect(changes(model)).toEqual([1, 1, 1]);
    findNonFinite(model, loss, { keepUpdates: true })(x);
    expect(changes(model)).toEqual([2, 2, 2]);
  });

  it("keeps what a loss returns besides, though the model lets it go", () => {
    const model = new Normed();
    const seen = captureGradients(
      (m: Normed) => {
        const y = loss(m, x);
        return [y, { mean: m.mean.value, inMap: new Map([["mean", m.mean.value]]) }] as const;
      },
      { hasAux: true },
    )(model);
    expect(seen.aux.mean.dataSync()[0]).toBe(1);
    expect(seen.aux.inMap.get("mean")!.dataSync()[0]).toBe(1);
    expect(changes(model)).toEqual([0, 0, 0]);
  });

  const valuesOf = (m: Normed) => ({ w: m.w.toState(), mean: m.mean.toState(), draws: m.draws.toState() });
});

describe("what is not there", () => {
  it("is found among the other parts of what was captured", () => {
    const seen = captureGradients(loss, { methodOutputs: true })(new Normed(), x);
    expect(() => valuesAt(seen.sown, ["y"])).toThrow(NotFoundError);
    expect(() => valuesAt(seen.sown, ["y"])).toThrow(
      "valuesAt: expected the path of a leaf (mean), got y. It is among what was captured as perturbed: write valuesAt(captured.perturbed, ...).",
    );
    expect(() => valuesAt(seen.perturbed, ["forward"])).toThrow(/captured as outputs/);
    expect(() => valuesAt(seen.sown, ["z"])).toThrow(/flattenState lists paths/);
  });

  it("is a reason where a summary is empty", async () => {
    const [, seen] = capture((_m: Normed) => 1, Intermediate)(new Normed());
    expect(String(summarize(seen))).toMatch(/^Nothing was recorded\. sow and perturb record only while/);
    expect(String(await summarizeAsync(seen))).toMatch(/^Nothing was recorded\./);
    expect(summarize(seen).rows).toEqual([]);
  });

  it.each([
    ["a tensor", tf.ones([2]), /got a float32\[2\]/],
    ["the array that a capture returns", [1, {}], /got an array of length 2\. A capture returns an array/],
    ["nothing", undefined, /got undefined/],
  ])("is refused by summarize: %s", async (_name, given, message) => {
    expect(() => summarize(given as never)).toThrow(message);
    await expect(summarizeAsync(given as never)).rejects.toThrow(message);
    expect(() => summarize({}, { bin: 3 } as never)).toThrow(/Did you mean bins/);
  });
});

describe("methods that are recorded", () => {
  class Helped extends Module {
    static readonly helpers = ["collect"];
    forward(a: tf.Tensor): tf.Tensor {
      return this.scaled(this.collect(this._half(a)));
    }
    scaled(a: tf.Tensor): tf.Tensor {
      return tf.mul(a, 3);
    }
    private collect(a: tf.Tensor): tf.Tensor {
      return tf.add(a, 1);
    }
    private _half(a: tf.Tensor): tf.Tensor {
      return tf.div(a, 2);
    }
  }

  it("are public ones: not helpers, which are named with an underscore or listed by their class", () => {
    const [, seen] = capture(new Helped(), Intermediate, { methodOutputs: Intermediate })(x);
    expect(Object.keys(seen).sort()).toEqual(["forward", "scaled"]);
    const { outputs } = captureGradients((m: Helped) => tf.sum(m.forward(x)) as tf.Tensor, {
      methodOutputs: true,
    })(new Helped());
    expect(Object.keys(outputs).sort()).toEqual(["forward", "scaled"]);
  });

  it("still count as run by their module", () => {
    class Sowing extends Helped {
      static override readonly helpers = ["inner"];
      override forward(a: tf.Tensor): tf.Tensor {
        return this.inner(a);
      }
      private inner(a: tf.Tensor): tf.Tensor {
        this.sow(Intermediate, "inside", a);
        return a;
      }
    }
    const [, seen] = capture(new Sowing(), Intermediate, { methodOutputs: Intermediate })(x);
    expect(Object.keys(seen).sort()).toEqual(["forward", "inside"]);
  });
});

describe("options", () => {
  it.each<[string, () => unknown, string]>([
    ["captureGradients", () => captureGradients(loss, { methodOutput: true } as never), "methodOutputs"],
    ["findNonFinite", () => findNonFinite(new Normed(), loss, { hasAuxx: false } as never), "hasAux"],
    ["sow", () => sowing({ reducefn: () => 1 }), "reduceFn"],
    ["perturb", () => perturbing({ typ: Param }), "type"],
  ])("of %s are known by name", (where, run, meant) => {
    expect(run).toThrow(new RegExp(`^${where}: expected options among .* Did you mean ${meant}\\?`));
  });
  const sowing = (options: object) =>
    capture((m: Normed) => m.sow(Intermediate, "z", x, options as never), Intermediate)(new Normed());
  const perturbing = (options: object) =>
    capture((m: Normed) => m.perturb("z", x, options as never), Intermediate)(new Normed());
});

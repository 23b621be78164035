import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  BatchStat,
  capture,
  DiffState,
  dispose,
  flattenState,
  grad,
  Intermediate,
  merge,
  mergeState,
  Module,
  Param,
  Perturbation,
  split,
  type State,
  valueAndGrad,
  type VariableState,
  state,
  type Variable,
} from "../index.ts";

class Scale extends Module {
  readonly w: Param<tf.Tensor>;
  readonly calls: BatchStat<tf.Tensor>;
  constructor(values: number[]) {
    super();
    this.w = new Param<tf.Tensor>(tf.tensor1d(values));
    this.calls = new BatchStat<tf.Tensor>(tf.scalar(0));
  }
  forward(x: tf.Tensor): tf.Tensor {
    this.calls.value = tf.add(this.calls.value, 1);
    const y = this.perturb("y", tf.mul(x, this.w.value));
    this.sow(Intermediate, "y", y);
    return y;
  }
}

const values = (gradient: State, ...path: string[]): number[] => {
  const leaf = flattenState(gradient).find(
    ([p]) => p.join(".") === path.join("."),
  )![1] as VariableState<tf.Tensor>;
  return [...leaf.value.dataSync()];
};
const sumOfSquares = (m: Scale, x: tf.Tensor): tf.Tensor => tf.sum(tf.square(m.forward(x)));

describe("grad", () => {
  it("gives a State of the Params, keeps what the function changed, and leaves no tensor behind", () => {
    const model = new Scale([1, 2]);
    const x = tf.tensor1d([3, 4]);
    const before = tf.memory().numTensors;
    const [loss, grads] = valueAndGrad(sumOfSquares)(model, x);
    expect(loss.dataSync()[0]).toBe(9 + 64);
    expect(values(grads, "w")).toEqual([18, 64]);
    expect(flattenState(grads)).toHaveLength(1);
    expect(model.calls.value.dataSync()[0]).toBe(1);
    expect([...model.w.value.dataSync()]).toEqual([1, 2]);
    dispose([loss, grads]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("differentiates several arguments, tensors and containers, with zeros for what is unconnected", () => {
    const model = new Scale([1, 2]);
    const f = (m: Scale, data: { x: tf.Tensor; unused: tf.Tensor[] }) => sumOfSquares(m, data.x);
    const [ofModel, ofData] = grad(f, { argnums: [0, 1] })(model, {
      x: tf.tensor1d([3, 4]),
      unused: [tf.ones([2])],
    });
    expect(values(ofModel, "w")).toEqual([18, 64]);
    expect([...ofData.x.dataSync()]).toEqual([6, 32]);
    expect([...ofData.unused[0]!.dataSync()]).toEqual([0, 0]);
  });

  it("differentiates with respect to a State that is merged inside", () => {
    const [graphdef, params, rest] = split(new Scale([1, 2]), Param, true);
    const x = tf.tensor1d([3, 4]);
    const grads = grad((p: State) => sumOfSquares(merge(graphdef, p, rest), x))(params);
    expect(values(grads, "w")).toEqual([18, 64]);
  });

  it("counts uses through the argument only, although clones share tensors", () => {
    const x = tf.tensor1d([3, 4]);
    const ofArgument = grad((a: tf.Tensor) => tf.sum(tf.mul(a, x)))(x);
    expect([...ofArgument.dataSync()]).toEqual([3, 4]);
  });

  it("selects Variables by wrt and by DiffState", () => {
    const model = new Scale([1, 2]);
    const f = (m: Scale) => tf.add(tf.sum(m.w.value), tf.square(m.calls.value)) as tf.Tensor;
    expect(flattenState(grad(f, { wrt: BatchStat })(model)).map(([path]) => path.join("."))).toEqual([
      "calls",
    ]);
    const [only] = grad(f, { argnums: [DiffState(0, true)] })(model);
    expect(flattenState(only)).toHaveLength(2);
  });

  it("is differentiable itself", () => {
    const cube = (x: tf.Tensor): tf.Tensor => tf.mul(x, tf.mul(x, x));
    const second = grad((x: tf.Tensor) => grad(cube)(x));
    expect(second(tf.scalar(2)).dataSync()[0]).toBeCloseTo(12, 5);
  });

  it("passes aux through, States of captures too", () => {
    const model = new Scale([1, 2]);
    const x = tf.tensor1d([3, 4]);
    const [, perturbations] = capture(model, Perturbation)(x);
    const lossFn = (m: Scale, p: State, input: tf.Tensor) => {
      const [y, seen] = capture(m, Intermediate, { init: p })(input);
      return [tf.sum(tf.square(y)), seen] as const;
    };
    const [[ofModel, ofPerturbations], seen] = grad(lossFn, { argnums: [0, 1], hasAux: true })(
      model,
      perturbations,
      x,
    );
    expect(values(ofModel, "w")).toEqual([18, 64]);
    expect(values(ofPerturbations, "y")).toEqual([6, 16]);
    const merged = mergeState(seen, ofPerturbations);
    expect(flattenState(merged)).toHaveLength(1);
  });

  it.each([
    [
      "a loss that is no scalar",
      () => grad((x: tf.Tensor) => x)(tf.ones([2])),
      /loss to be a float32 scalar, got a float32\[2\]/,
    ],
    [
      "an integer input",
      () => grad((x: tf.Tensor) => tf.sum(tf.cast(x, "float32")))(tf.ones([2], "int32")),
      /float32 tensors in argument 0, got an int32/,
    ],
    [
      "a position that is not there",
      () => grad((x: tf.Tensor) => tf.sum(x), { argnums: 1 })(tf.ones([2])),
      /argnums between 0 and 0, got 1/,
    ],
    [
      "the same position twice",
      () => grad((x: tf.Tensor) => tf.sum(x), { argnums: [0, 0] })(tf.ones([2])),
      /got 0 twice/,
    ],
    ["a number", () => grad((x: number) => tf.scalar(x))(1), /argument 0 to be a tensor, .* got 1/],
  ])("refuses %s", (_name, run, message) => {
    expect(run).toThrow(message);
  });

  it("leaves model and memory as they were when the function throws", () => {
    const model = new Scale([1, 2]);
    const x = tf.tensor1d([3, 4]);
    const kernel = model.w.value;
    const before = tf.memory().numTensors;
    const failing = (m: Scale): tf.Tensor => {
      tf.sum(tf.square(tf.mul(m.w.value, x)));
      throw new Error("in the middle");
    };
    expect(() => grad(failing)(model)).toThrow("in the middle");
    expect(model.w.value).toBe(kernel);
    expect(tf.memory().numTensors).toBe(before);
    expect(values(grad(sumOfSquares)(model, x), "w")).toEqual([18, 64]);
  });

  it("keeps apart what a record mixes: States, modules, Variables, arrays, Maps and what is not there", () => {
    const model = new Scale([1, 2]);
    const params = state(new Scale([5, 6]), Param);
    const standalone = new Param<tf.Tensor>(tf.tensor1d([7, 8]));
    const x = tf.tensor1d([3, 4]);
    const given = { p: params as State, k: model, l: [x], m: new Map([["t", x]]), v: standalone, none: null };
    const f = (a: typeof given) => {
      const w = (a.p.w as VariableState<tf.Tensor>).value;
      const parts = [a.k.forward(a.l[0]!), tf.mul(w, a.m.get("t")!), a.v.value].map((t) => tf.sum(t));
      return tf.addN(parts) as tf.Tensor;
    };
    const grads = grad(f)(given);
    expect(values(grads.p, "w")).toEqual([3, 4]);
    expect(values(grads.k as State, "w")).toEqual([3, 4]);
    expect([...grads.l[0]!.dataSync()]).toEqual([1, 2]);
    expect([...grads.m.get("t")!.dataSync()]).toEqual([5, 6]);
    expect([...(grads.v as Param<tf.Tensor>).value.dataSync()]).toEqual([1, 1]);
    expect(grads.none).toBeUndefined();
  });

  it("gives a Variable that comes twice one gradient, at its first place", () => {
    const v = new Param<tf.Tensor>(tf.tensor1d([1, 2]));
    const before = v.value;
    const [first, second] = grad(
      (a: Param<tf.Tensor>[]) => tf.sum(tf.add(a[0]!.value, a[1]!.value)) as tf.Tensor,
    )([v, v]);
    expect([...first!.value.dataSync()]).toEqual([2, 2]);
    expect(second).toEqual({});
    expect(v.value).toBe(before);
    const model = new Scale([1, 2]);
    const x = tf.tensor1d([3, 4]);
    const [ofModel, ofW] = grad(
      (m: Scale, w: Param<tf.Tensor>) => tf.sum(tf.mul(m.forward(x), w.value)) as tf.Tensor,
      { argnums: [0, 1] },
    )(model, model.w);
    expect(values(ofModel as State, "w")).toEqual([6, 16]);
    expect(ofW).toEqual({});
    expect(() =>
      grad((_m: Scale, list: Scale[]) => tf.sum(list[0]!.forward(x)) as tf.Tensor)(model, [model]),
    ).toThrow(/argument 1, whose 0\.w is differentiated in another/);
  });

  it("never disposes a loss: it may be somebody's", () => {
    const model = new Scale([1, 2]);
    const x = tf.tensor1d([3, 4]);
    const [, aux] = grad(
      (m: Scale) => {
        const loss = sumOfSquares(m, x);
        return [loss, { loss }] as const;
      },
      { hasAux: true },
    )(model);
    expect(aux.loss.dataSync()[0]).toBe(73);
    const other = new BatchStat<tf.Tensor>(tf.scalar(4));
    grad((_m: Scale) => other.value)(model);
    expect(other.value.dataSync()[0]).toBe(4);
    const before = tf.memory().numTensors;
    dispose(grad((m: Scale) => tf.sum(m.w.value) as tf.Tensor)(model));
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ["a number in a Param", new Param(3), /argument 0: .*got 3|in argument 0, got 3/],
    [
      "integers that wrt selects",
      new BatchStat(tf.ones([2], "int32")),
      /float32 tensors in argument 0, got an int32/,
    ],
  ])("refuses %s", (_name, variable, message) => {
    expect(() => grad((_v: Variable<unknown>) => tf.scalar(1) as tf.Tensor)(variable)).toThrow(message);
  });

  it("names an op without a rule and the module that called it, and leaves model and memory as they were", () => {
    class Rounded extends Module {
      readonly inner: Scale;
      constructor(inner: Scale) {
        super();
        this.inner = inner;
      }
      forward(x: tf.Tensor): tf.Tensor {
        return this.inner.forward(x);
      }
    }
    class Odd extends Scale {
      override forward(x: tf.Tensor): tf.Tensor {
        return tf.sum(
          tf
            .engine()
            .runKernel(
              "Bincount",
              { x: tf.cast(super.forward(x), "int32"), weights: this.w.value },
              { size: 2 },
            ) as tf.Tensor,
        );
      }
    }
    const model = new Rounded(new Odd([1, 2]));
    const x = tf.tensor1d([1, 0]);
    const before = tf.memory().numTensors;
    const failing = () => grad((m: Rounded) => m.forward(x))(model);
    expect(failing).toThrow(/got none for Bincount, called in inner\. Register one/);
    expect(tf.memory().numTensors).toBe(before);
    expect(model.inner.calls.value.dataSync()[0]).toBe(0);
    x.dispose();
  });

  it("gives a value that a Variable lets go back to the scope it was made in", () => {
    tf.tidy(() => {
      const made = tf.tensor1d([1, 2]); // made in an outer scope
      const variable = new Param<tf.Tensor>(made);
      tf.tidy(() => {
        variable.value = tf.zeros([2]);
      });
      expect([...made.dataSync()]).toEqual([1, 2]);
      variable.dispose();
    });
  });

  it("keeps the count of tensors flat inside a scope", () => {
    const model = new Scale([1, 2]);
    const x = tf.tensor1d([3, 4]);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 20; i++) {
      tf.tidy(() => {
        const grads = grad(sumOfSquares)(model, x);
        model.w.value = tf.sub(model.w.value, (flattenState(grads)[0]![1] as VariableState<tf.Tensor>).value);
        capture(model, [Intermediate, Perturbation])(x);
      });
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

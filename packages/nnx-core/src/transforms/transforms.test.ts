import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  customVjp,
  dispose,
  flattenState,
  grad,
  jvp,
  Module,
  Param,
  remat,
  state,
  stopGradient,
  type State,
  Variable,
  type VariableState,
  vjp,
} from "../index.ts";

class Scale extends Module {
  readonly w: Param<tf.Tensor>;
  readonly calls: Variable<number>;
  constructor(values: number[]) {
    super();
    this.w = new Param<tf.Tensor>(tf.tensor1d(values));
    this.calls = new Variable(0);
  }
  forward(x: tf.Tensor): tf.Tensor {
    this.calls.value++;
    return tf.square(tf.mul(x, this.w.value));
  }
}
const numbers = (t: tf.Tensor): number[] => [...t.dataSync()];
const ofW = (s: State): number[] => numbers((s.w as VariableState<tf.Tensor>).value);
const leftBehind = (f: () => unknown): number => {
  const before = tf.memory().numTensors;
  dispose(f());
  return tf.memory().numTensors - before;
};

describe("stopGradient", () => {
  it("is the value without its past, in any structure", () => {
    const f = (x: tf.Tensor) => tf.sum(tf.mul(x, stopGradient({ a: [x] }).a[0] as tf.Tensor)) as tf.Tensor;
    expect(numbers(grad(f)(tf.tensor1d([2, 3])))).toEqual([2, 3]);
  });
});

describe("vjp and jvp", () => {
  it("pull cotangents back through several outputs, as often as wanted", () => {
    const x = tf.tensor1d([1, 2]);
    const [value, pullBack] = vjp(
      (a: tf.Tensor) => ({ square: tf.square(a), twice: tf.mul(a, 2) as tf.Tensor }),
      [x],
    );
    expect(numbers(value.square)).toEqual([1, 4]);
    const [once] = pullBack({ square: tf.tensor1d([1, 1]), twice: tf.zeros([2]) });
    expect(numbers(once)).toEqual([2, 4]);
    const [again] = pullBack({ square: tf.zeros([2]), twice: tf.tensor1d([1, 10]) });
    expect(numbers(again)).toEqual([2, 20]);
    pullBack.dispose();
    expect(() => pullBack(value)).toThrow(/disposed one/);
  });

  it("give States for modules, and leave nothing behind when disposed", () => {
    const model = new Scale([1, 2]);
    const x = tf.tensor1d([3, 4]);
    const run = () => {
      const [y, pullBack] = vjp((m: Scale, a: tf.Tensor) => m.forward(a), [model, x]);
      const ct = tf.ones([2]);
      const [ofModel, ofX] = pullBack(ct);
      pullBack.dispose();
      return [y, ct, ofModel, ofX] as const;
    };
    const [, , ofModel, ofX] = run();
    expect(ofW(ofModel)).toEqual([18, 64]);
    expect(numbers(ofX)).toEqual([6, 32]);
    expect(leftBehind(run)).toBe(0);
  });

  it("push tangents forward", () => {
    const [value, tangent] = jvp(
      (a: tf.Tensor, b: tf.Tensor) => tf.mul(tf.square(a), b) as tf.Tensor,
      [tf.scalar(3), tf.scalar(2)],
      [tf.scalar(1), tf.scalar(10)],
    );
    expect(numbers(value)).toEqual([18]);
    expect(numbers(tangent)).toEqual([12 + 90]);
  });

  it("refuse cotangents that do not fit", () => {
    const [, pullBack] = vjp((a: tf.Tensor) => tf.square(a), [tf.ones([2])]);
    expect(() => pullBack(tf.ones([3]))).toThrow(
      /cotangent like the value \(a float32\[2\]\), got a float32\[3\]/,
    );
    pullBack.dispose();
  });
});

describe("customVjp", () => {
  const make = () => {
    const f = customVjp((m: Scale, x: tf.Tensor) => m.forward(x));
    f.defvjp(
      (m, x) => [m.forward(x), { w: m.w.value, x }] as const,
      ({ w, x }, g) => [
        { w: { type: Param, value: tf.mul(g, 100), metadata: {} } } as unknown as State,
        tf.add(tf.mul(0, x), w),
      ],
    );
    return f;
  };

  it("uses the gradient that it was given, and the changes of the forward pass", () => {
    const model = new Scale([1, 2]);
    const f = make();
    const [ofModel, ofX] = grad((m: Scale, x: tf.Tensor) => tf.sum(f(m, x)), { argnums: [0, 1] })(
      model,
      tf.tensor1d([3, 4]),
    );
    expect(ofW(ofModel)).toEqual([100, 100]);
    expect(numbers(ofX)).toEqual([1, 2]);
    expect(model.calls.value).toBe(1);
    expect(numbers(f(model, tf.tensor1d([1, 1])))).toEqual([1, 4]);
  });

  it("is differentiable twice where its rule is", () => {
    const cube = customVjp((x: tf.Tensor) => tf.mul(x, tf.mul(x, x)) as tf.Tensor);
    cube.defvjp(
      (x) => [tf.mul(x, tf.mul(x, x)), x] as const,
      (x, g) => [tf.mul(g, tf.mul(3, tf.square(x)))],
    );
    expect(numbers(grad((x: tf.Tensor) => grad(cube)(x))(tf.scalar(2)))).toEqual([12]);
  });

  it("leaves nothing behind", () => {
    const model = new Scale([1, 2]);
    const x = tf.tensor1d([3, 4]);
    const f = make();
    expect(leftBehind(() => grad((m: Scale) => tf.sum(f(m, x)))(model))).toBe(0);
  });

  it("refuses a call without rules, and gradients that do not fit", () => {
    const bare = customVjp((x: tf.Tensor) => x);
    expect(() => bare(tf.ones([1]))).toThrow(/a rule before the first call/);
    bare.defvjp(
      (x) => [x, null] as const,
      () => [tf.ones([7])],
    );
    expect(() => grad((x: tf.Tensor) => tf.sum(bare(x)))(tf.ones([2]))).toThrow(
      /gradients like .*float32\[2\].*got a float32\[7\]/,
    );
  });
});

describe("remat", () => {
  it("has the same values and gradients, and changes the model once", () => {
    const model = new Scale([1, 2]);
    const x = tf.tensor1d([3, 4]);
    const plain = grad((m: Scale, a: tf.Tensor) => tf.sum(m.forward(a)), { argnums: [0, 1] })(model, x);
    model.calls.value = 0;
    const block = remat((m: Scale, a: tf.Tensor) => m.forward(a));
    const [ofModel, ofX] = grad((m: Scale, a: tf.Tensor) => tf.sum(block(m, tf.mul(a, 1))), {
      argnums: [0, 1],
    })(model, x);
    expect(ofW(ofModel)).toEqual(ofW(plain[0]));
    expect(numbers(ofX)).toEqual(numbers(plain[1]));
    expect(model.calls.value).toBe(1);
    expect(flattenState(state(model))).toHaveLength(2);
  });

  it("takes blocks that end in an op whose rule saves its output", () => {
    for (const last of [tf.relu, tf.sigmoid, tf.tanh, tf.softmax, tf.exp]) {
      const model = new Scale([1, 2]);
      const f = (m: Scale, a: tf.Tensor): tf.Tensor => last(m.forward(a));
      const x = tf.tensor1d([3, 4]);
      const loss = (block: typeof f) => (m: Scale, a: tf.Tensor) => tf.sum(tf.square(block(m, a)));
      expect(ofW(grad(loss(remat(f)))(model, x))).toEqual(ofW(grad(loss(f))(model, x)));
    }
  });

  it("differentiates parameters that it closes over", () => {
    const model = new Scale([1, 2]);
    const block = remat((a: tf.Tensor) => tf.square(tf.mul(a, model.w.value)));
    const grads = grad((m: Scale, a: tf.Tensor) => tf.sum(tf.add(block(a), tf.mul(0, m.w.value))))(
      model,
      tf.tensor1d([3, 4]),
    );
    expect(ofW(grads)).toEqual([18, 64]);
  });

  it("is differentiable twice", () => {
    const cube = remat((x: tf.Tensor) => tf.mul(x, tf.mul(x, x)) as tf.Tensor);
    expect(numbers(grad((x: tf.Tensor) => grad(cube)(x))(tf.scalar(2)))).toEqual([12]);
  });

  it("saves less, and leaves nothing behind", () => {
    const deep = (x: tf.Tensor): tf.Tensor => {
      let y = x;
      for (let i = 0; i < 10; i++) y = tf.sin(tf.mul(y, 1.1));
      return y;
    };
    const x = tf.ones([100]);
    let plain = 0;
    let less = 0;
    const measure = (f: (a: tf.Tensor) => tf.Tensor, note: (bytes: number) => void) =>
      grad((a: tf.Tensor) => {
        const y = f(a);
        note(tf.memory().numTensors);
        return tf.sum(y);
      })(x);
    const before = tf.memory().numTensors;
    measure(
      (a) => tf.tidy(() => deep(a)),
      (n) => (plain = n),
    ).dispose();
    measure(remat(deep), (n) => (less = n)).dispose();
    expect(less).toBeLessThan(plain);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("what transforms must not get wrong", () => {
  class Own extends Variable<tf.Tensor> {
    static override readonly typeName = "Own";
  }
  class Square extends Module {
    readonly v = new Own(tf.scalar(3));
    forward(x: tf.Tensor): tf.Tensor {
      return tf.mul(x, tf.square(this.v.value));
    }
  }
  class Noise extends Module {
    readonly draws = new Variable(0);
    forward(x: tf.Tensor): tf.Tensor {
      return tf.mul(x, ++this.draws.value);
    }
  }
  const x = () => tf.tensor1d([2, 4]);
  const sum = (t: tf.Tensor) => tf.sum(t) as tf.Tensor;

  it("remat ends with an op that saves its own result, more than once", () => {
    const block = remat((a: tf.Tensor): tf.Tensor => tf.tanh(tf.mul(a, 2)));
    const plain = (a: tf.Tensor): tf.Tensor => tf.tanh(tf.mul(a, 2));
    const twice = (f: typeof plain) => grad((a: tf.Tensor) => sum(f(f(a))))(x());
    expect(twice(block).dataSync()).toEqual(twice(plain).dataSync());
  });

  it("remat differentiates Variables of every type", () => {
    const grads = grad(
      (m: Square, a: tf.Tensor) => sum(remat((n: Square, b: tf.Tensor) => n.forward(b))(m, a)),
      { wrt: Own },
    )(new Square(), x());
    expect(numbers((flattenState(grads)[0]![1] as VariableState<tf.Tensor>).value)).toEqual([36]);
  });

  it("remat takes batches with labels, numbers, Maps and modules in containers, and changes those once", () => {
    const noise = new Noise();
    const block = remat(
      (given: { m: Noise[]; batch: Map<string, tf.Tensor>; k: number }) =>
        tf.mul(
          given.m[0]!.forward(tf.mul(given.batch.get("x")!, tf.cast(given.batch.get("y")!, "float32"))),
          given.k,
        ) as tf.Tensor,
    );
    const f = (a: tf.Tensor) =>
      sum(
        tf.square(
          block({
            m: [noise],
            batch: new Map([
              ["x", a],
              ["y", tf.tensor1d([1, 2], "int32")],
            ]),
            k: 2,
          }),
        ),
      );
    expect(numbers(grad(f)(x()))).toEqual([2 * 2 * 4, 2 * 4 * 16]);
    expect(noise.draws.value).toBe(1);
  });

  it("remat refuses to change what it closes over, and to use what will be gone", () => {
    const noise = new Noise();
    expect(() => grad((a: tf.Tensor) => sum(remat((b: tf.Tensor) => noise.forward(b))(a)))(x())).toThrow(
      /remat: .* writes to a Variable it closes over/,
    );
    expect(noise.draws.value).toBe(0);
    const closing = (a: tf.Tensor) => {
      const h = tf.square(a);
      return sum(remat((b: tf.Tensor) => tf.mul(b, h) as tf.Tensor)(a));
    };
    expect(() => grad(closing)(x())).toThrow(/remat: .* closes over a float32\[2\]/);
  });

  it("remat leaves nothing behind when its function throws", () => {
    const input = x();
    const before = tf.memory().numTensors;
    const failing = remat((a: tf.Tensor): tf.Tensor => {
      tf.square(a);
      throw new Error("in the middle");
    });
    expect(() => grad((a: tf.Tensor) => sum(failing(tf.mul(a, 2))))(input)).toThrow("in the middle");
    expect(tf.memory().numTensors).toBe(before);
  });

  it("jvp runs its function once", () => {
    const noise = new Noise();
    const [value, tangent] = jvp((a: tf.Tensor) => noise.forward(a), [x()], [tf.ones([2])]);
    expect([numbers(value), numbers(tangent)]).toEqual([
      [2, 4],
      [1, 1],
    ]);
    expect(noise.draws.value).toBe(1);
  });

  it("jvp pushes States of modules forward", () => {
    const model = new Scale([1, 2]);
    const [, tangent] = jvp(
      (m: Scale, a: tf.Tensor) => m.forward(a),
      [model, x()],
      [state(model, Param), tf.zeros([2])],
    );
    expect(numbers(tangent)).toEqual([8, 128]);
    const before = tf.memory().numTensors;
    expect(() => jvp((a: tf.Tensor) => tf.square(a), [x()], [tf.ones([3])])).toThrow(
      /cotangent like the value/,
    );
    expect(tf.memory().numTensors - before).toBe(2);
  });

  it("grad goes through vjp and jvp, and jvp through jvp", () => {
    const square = (a: tf.Tensor): tf.Tensor => tf.square(a);
    expect(numbers(grad((a: tf.Tensor) => sum(vjp(square, [a])[0]))(x()))).toEqual([4, 8]);
    const slope = (a: tf.Tensor): tf.Tensor => {
      const [, pullBack] = vjp(square, [a]);
      return pullBack(tf.onesLike(a))[0];
    };
    expect(numbers(grad((a: tf.Tensor) => sum(slope(a)))(x()))).toEqual([2, 2]);
    const along = (a: tf.Tensor): tf.Tensor => jvp(square, [a], [tf.onesLike(a)])[1];
    expect(numbers(grad((a: tf.Tensor) => sum(along(a)))(x()))).toEqual([2, 2]);
    expect(numbers(jvp(along, [x()], [tf.ones([2])])[1])).toEqual([2, 2]);
  });

  it("vjp passes integers and numbers on", () => {
    const [, pullBack] = vjp(
      (a: tf.Tensor, n: number, ids: tf.Tensor) => tf.mul(tf.gather(a, ids), n) as tf.Tensor,
      [x(), 3, tf.tensor1d([1], "int32")],
    );
    expect(numbers(pullBack(tf.ones([1]))[0])).toEqual([0, 3]);
    pullBack.dispose();
  });

  it("customVjp fits gradients by path, and refuses what it would forget", () => {
    class Two extends Module {
      readonly a = new Param<tf.Tensor>(tf.scalar(1));
      readonly b = new Param<tf.Tensor>(tf.scalar(2));
    }
    const wrongPaths = customVjp((m: Two) => tf.add(m.a.value, m.b.value) as tf.Tensor);
    const leaf = { type: Param, value: tf.scalar(1), metadata: {} };
    wrongPaths.defvjp(
      (m) => [tf.add(m.a.value, m.b.value) as tf.Tensor, null] as const,
      () => [{ x: leaf, y: leaf }],
    );
    expect(() => grad((m: Two) => wrongPaths(m))(new Two())).toThrow(
      /customVjp at a: expected a gradient like a float32/,
    );
    const forgetting = customVjp((m: Square, a: tf.Tensor) => m.forward(a));
    forgetting.defvjp(
      (m, a) => [m.forward(a), null] as const,
      () => [{}, tf.ones([2])],
    );
    expect(() =>
      grad((m: Square, a: tf.Tensor) => sum(forgetting(m, a)), { wrt: Own })(new Square(), x()),
    ).toThrow(/customVjp: expected everything that is differentiated/);
  });
});

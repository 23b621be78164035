/** @file User code runs once: whatever is known about a failure was noted on the only run. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  capture,
  captureGradients,
  customVjp,
  findNonFinite,
  grad,
  Intermediate,
  jvp,
  Module,
  NnxError,
  Param,
  remat,
  valueAndGrad,
  vjp,
} from "../index.ts";

class Leaf extends Module {
  readonly w = new Param<tf.Tensor>(tf.scalar(2));
  refuses = false;
  forward(x: tf.Tensor): tf.Tensor {
    if (this.refuses) throw new NnxError("Leaf.forward: expected nothing, got something.");
    return tf.mul(x, this.w.value);
  }
}
class Tree extends Module {
  readonly leaves = [new Leaf(), new Leaf(), new Leaf()];
  forward(x: tf.Tensor): tf.Tensor {
    return this.leaves.reduce((y, leaf) => leaf.forward(y), x);
  }
}

const withoutRule = (x: tf.Tensor): tf.Tensor =>
  tf.engine().runKernel("Bincount", { x: tf.cast(x, "int32"), weights: x }, { size: 2 }) as tf.Tensor;

class Odd extends Leaf {
  override forward(x: tf.Tensor): tf.Tensor {
    return tf.sum(withoutRule(tf.mul(x, this.w.value)));
  }
}

const x = tf.tensor1d([1, 0]);

describe("a loss that fails", () => {
  const counted = (fails: (m: Tree) => void) => {
    const state = { runs: 0 };
    const loss = (m: Tree, a: tf.Tensor): tf.Tensor => {
      state.runs++;
      fails(m);
      return tf.sum(m.forward(a));
    };
    return { loss, state };
  };

  it.each<[string, (loss: (m: Tree, a: tf.Tensor) => tf.Tensor, m: Tree) => unknown]>([
    ["grad", (loss, m) => grad(loss)(m, x)],
    ["valueAndGrad", (loss, m) => valueAndGrad(loss)(m, x)],
    ["vjp", (loss, m) => vjp(loss, [m, x])],
    ["jvp", (loss, m) => jvp(loss, [m, x], [{} as never, tf.ones([2])])],
    ["capture", (loss, m) => capture(loss, Intermediate)(m, x)],
    ["captureGradients", (loss, m) => captureGradients(loss)(m, x)],
    ["findNonFinite", (loss, m) => findNonFinite(m, loss)(x)],
    ["remat", (loss, m) => grad((n: Tree, a: tf.Tensor) => remat(loss)(n, a))(m, x)],
  ])("runs once under %s, and its error names the module", (_name, run) => {
    const { loss, state } = counted((m) => {
      m.leaves[1]!.refuses = true;
    });
    const model = new Tree();
    expect(() => run(loss, model)).toThrow(/^Leaf\.forward: .* The module is at leaves\.1\.$/);
    expect(state.runs).toBe(1);
    expect(model.leaves[1]!.refuses).toBe(false);
  });

  it("runs once where an op has no rule, and the error names the module that called it", () => {
    let runs = 0;
    const model = new Tree();
    model.leaves[2] = new Odd();
    const loss = (m: Tree): tf.Tensor => {
      runs++;
      return m.forward(x);
    };
    expect(() => grad(loss)(model)).toThrow(/got none for Bincount, called in leaves\.2\. Register one/);
    expect(() => vjp(loss, [model])[1](tf.scalar(1))).toThrow(/got none for Bincount/);
    expect(runs).toBe(2);
  });

  it("has no module where the loss itself called the op", () => {
    expect(() => grad((m: Tree) => tf.sum(withoutRule(m.forward(x))) as tf.Tensor)(new Tree())).toThrow(
      /got none for Bincount\. Register one/,
    );
  });

  it("leaves no trace of the watching on the modules", () => {
    const model = new Tree();
    const keys = () => [model, ...model.leaves].map((m) => Object.getOwnPropertyNames(m));
    const before = keys();
    grad((m: Tree) => tf.sum(m.forward(x)) as tf.Tensor)(model);
    expect(keys()).toEqual(before);
  });

  it("may put a method of its own on a module", () => {
    const model = new Tree();
    const own = (a: tf.Tensor): tf.Tensor => tf.mul(a, 5);
    grad((m: Tree) => {
      m.leaves[0]!.forward = own;
      return tf.sum(m.forward(x)) as tf.Tensor;
    })(model);
    expect(Object.getOwnPropertyDescriptor(model.leaves[0], "forward")?.value).toBe(own);
    expect(Object.keys(model.leaves[0]!)).toContain("forward");
  });
});

describe("customVjp", () => {
  const numbers = (t: tf.Tensor): number[] => [...t.dataSync()];

  /**
   * Of the cube, with a forward rule that computes it, or calls the function itself as JAX's
   * examples do.
   */
  const cubeWith = (callsItself: boolean) => {
    const runs = { f: 0, forward: 0, backward: 0 };
    const cube = customVjp((a: tf.Tensor): tf.Tensor => {
      runs.f++;
      return tf.mul(a, tf.square(a));
    });
    cube.defvjp(
      (a) => {
        runs.forward++;
        return [callsItself ? cube(a) : tf.mul(a, tf.square(a)), a] as const;
      },
      (a, g) => {
        runs.backward++;
        return [tf.mul(g, tf.mul(3, tf.square(a)))];
      },
    );
    return { cube, runs };
  };

  it("runs its forward rule once under one gradient, and under two", () => {
    const { cube, runs } = cubeWith(false);
    expect(numbers(grad(cube)(tf.scalar(2)))).toEqual([12]);
    expect(runs).toEqual({ f: 0, forward: 1, backward: 1 });
    expect(numbers(grad((a: tf.Tensor) => grad(cube)(a))(tf.scalar(2)))).toEqual([12]);
    expect(runs).toMatchObject({ f: 0, forward: 2 });
    const third = grad((c: tf.Tensor) => grad((b: tf.Tensor) => grad(cube)(b))(c));
    expect(numbers(third(tf.scalar(2)))).toEqual([6]);
    expect(runs).toMatchObject({ f: 0, forward: 3 });
  });

  // jax.grad(f)(2.), jax.grad(jax.grad(f))(2.), jax.grad(jax.grad(jax.grad(f)))(2.) are 12, 12 and
  // 6 with such a rule.
  it("may call itself in its forward rule: that is the function as it is", () => {
    const { cube, runs } = cubeWith(true);
    expect(numbers(cube(tf.scalar(2)))).toEqual([8]);
    expect(runs).toEqual({ f: 1, forward: 0, backward: 0 });
    expect(numbers(grad(cube)(tf.scalar(2)))).toEqual([12]);
    expect(runs).toEqual({ f: 2, forward: 1, backward: 1 });
    const second = grad((b: tf.Tensor) => grad(cube)(b));
    expect(numbers(second(tf.scalar(2)))).toEqual([12]);
    expect(numbers(grad((c: tf.Tensor) => second(c))(tf.scalar(2)))).toEqual([6]);
    expect(numbers(grad((a: tf.Tensor) => remat(cube)(a))(tf.scalar(2)))).toEqual([12]);
  });

  it("may call another one that calls it back", () => {
    const g = customVjp((a: tf.Tensor): tf.Tensor => tf.square(a));
    const f = customVjp((a: tf.Tensor): tf.Tensor => tf.square(a));
    f.defvjp(
      (a) => [g(a), a] as const,
      (a, dy) => [tf.mul(dy, tf.mul(2, a))],
    );
    g.defvjp(
      (a) => [f(a), a] as const,
      (a, dy) => [tf.mul(dy, tf.mul(20, a))],
    );
    expect(numbers(grad(f)(tf.scalar(3)))).toEqual([6]);
    expect(numbers(grad(g)(tf.scalar(3)))).toEqual([60]);
  });

  it("may take the gradient of another function in its rules", () => {
    const f = customVjp((a: tf.Tensor): tf.Tensor => tf.square(a));
    f.defvjp(
      (a) => [f(a), grad((b: tf.Tensor) => tf.sum(tf.square(b)) as tf.Tensor)(a)] as const,
      (slope, dy) => [tf.mul(dy, slope)],
    );
    expect(numbers(grad(f)(tf.scalar(3)))).toEqual([6]);
  });
});

describe("customVjp inside remat", () => {
  class Scaled extends Module {
    readonly w = new Param<tf.Tensor>(tf.scalar(3));
    readonly scale: tf.Tensor = tf.scalar(2);
    readonly mean = new Other(tf.scalar(1));
    draws = 0;
    forward(a: tf.Tensor): tf.Tensor {
      this.draws++;
      this.mean.value = tf.add(this.mean.value, 1);
      return tf.mul(tf.add(a, tf.mul(0, this.mean.value)), tf.mul(this.w.value, this.scale)) as tf.Tensor;
    }
  }
  class Other extends Param<tf.Tensor> {
    static override readonly typeName = "Other";
  }

  const rule = (wrt?: typeof Param) => {
    let forwards = 0;
    const f = customVjp((m: Scaled, a: tf.Tensor) => m.forward(a), wrt ? { wrt } : {});
    f.defvjp(
      (m, a) => {
        forwards++;
        return [m.forward(a), { a, w: m.w.value }] as const;
      },
      ({ a, w }, g) => [
        { w: { type: Param, value: tf.sum(tf.mul(g, a)), metadata: {} } } as never,
        tf.mul(g, w),
      ],
    );
    return { f, forwards: () => forwards };
  };
  // Only `w`: the mean is float state that nobody differentiates.
  const onlyW = ((path: readonly (string | number)[]) => path.at(-1) === "w") as never;

  it("takes modules with other float state, as outside of it", () => {
    const { f, forwards } = rule(onlyW);
    const [plain, through] = [new Scaled(), new Scaled()];
    const a = tf.tensor1d([1, 2]);
    const leafOf = (s: unknown) => (s as { w: { value: tf.Tensor } }).w.value.dataSync()[0];
    const loss = (call: typeof f) => (m: Scaled, b: tf.Tensor) => tf.sum(call(m, b)) as tf.Tensor;
    const direct = grad(loss(f), { argnums: [0, 1], wrt: onlyW })(plain, a);
    const block = remat((m: Scaled, b: tf.Tensor) => f(m, b));
    const indirect = grad((m: Scaled, b: tf.Tensor) => tf.sum(block(m, b)) as tf.Tensor, {
      argnums: [0, 1],
      wrt: onlyW,
    })(through, a);
    expect(leafOf(indirect[0])).toBe(leafOf(direct[0]));
    expect([...indirect[1].dataSync()]).toEqual([...direct[1].dataSync()]);
    expect(forwards()).toBe(2);
    expect([through.draws, through.mean.value.dataSync()[0]]).toEqual([1, 2]);
  });

  it("still refuses to forget what is differentiated", () => {
    const { f } = rule(onlyW);
    const block = remat((m: Scaled, b: tf.Tensor) => f(m, b));
    expect(() =>
      grad((m: Scaled, b: tf.Tensor) => tf.sum(block(m, b)) as tf.Tensor, { wrt: Param })(
        new Scaled(),
        tf.tensor1d([1, 2]),
      ),
    ).toThrow(/customVjp: expected everything that is differentiated/);
  });
});

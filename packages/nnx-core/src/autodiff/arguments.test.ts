/** @file What may be differentiated, and in which structure gradients come back. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  anyOf,
  call,
  capture,
  customVjp,
  DiffState,
  DisposedError,
  dispose,
  flattenState,
  grad,
  type GraphState,
  Intermediate,
  jvp,
  merge,
  Module,
  NnxError,
  Param,
  pathKey,
  Perturbation,
  remat,
  stopGradient,
  type State,
  unpack,
  update,
  valueAndGrad,
  Variable,
  type VariableState,
  vjp,
  vmap,
} from "../index.ts";

const numbers = (t: tf.Tensor): number[] => [...t.dataSync()];
const byKey = (s: State): Record<string, unknown> =>
  Object.fromEntries(flattenState(s).map(([path, leaf]) => [pathKey(path), leaf]));
const sum = (t: tf.Tensor) => tf.sum(t) as tf.Tensor;

describe("names with dots in them", () => {
  class Dotted extends Module {
    readonly a = { b: new Param<tf.Tensor>(tf.scalar(0)) };
    readonly "a.b" = new Param<tf.Tensor>(tf.scalar(0));
  }
  const loss = (m: Dotted) => tf.add(tf.mul(10, m.a.b.value), m["a.b"].value) as tf.Tensor;

  it("have gradients of their own", () => {
    const grads = byKey(grad(loss)(new Dotted()) as State) as Record<string, VariableState<tf.Tensor>>;
    expect(numbers(grads[pathKey(["a", "b"])]!.value)).toEqual([10]);
    expect(numbers(grads[pathKey(["a.b"])]!.value)).toEqual([1]);
  });

  it("have the gradients that a custom rule gives them, in whatever order", () => {
    const f = customVjp(loss);
    const leaf = (n: number) => ({ type: Param, value: tf.scalar(n), metadata: {} });
    f.defvjp(
      (m) => [loss(m), null] as const,
      () => [{ "a.b": leaf(2), a: { b: leaf(3) } }],
    );
    const grads = byKey(grad((m: Dotted) => f(m))(new Dotted()) as State);
    const values = [["a", "b"], ["a.b"]].map((p) =>
      numbers((grads[pathKey(p)] as VariableState<tf.Tensor>).value),
    );
    expect(values).toEqual([[3], [2]]);
  });

  it("start from their own values in a capture", () => {
    class Sowing extends Module {
      forward(x: tf.Tensor): tf.Tensor {
        return this.perturb("c", x);
      }
    }
    class Two extends Module {
      readonly a = { b: new Sowing() };
      readonly "a.b" = new Sowing();
      forward(x: tf.Tensor): tf.Tensor {
        return tf.sub(this.a.b.forward(x), this["a.b"].forward(x));
      }
    }
    const leaf = (n: number) => ({ type: Perturbation, value: tf.scalar(n), metadata: {} });
    const init = { a: { b: { c: leaf(1) } }, "a.b": { c: leaf(10) } } as unknown as State;
    const [y, seen] = capture(new Two(), Perturbation, { init })(tf.scalar(5));
    expect(numbers(y)).toEqual([-9]);
    expect(Object.keys(byKey(seen)).sort()).toEqual([pathKey(["a", "b", "c"]), pathKey(["a.b", "c"])].sort());
  });
});

describe("tensors that stand in a module without a Variable", () => {
  class Bare extends Module {
    w: tf.Tensor = tf.tensor1d([1, 1]);
    readonly list: tf.Tensor[] = [tf.scalar(2)];
    readonly steps = tf.scalar(3, "int32");
    readonly p = new Param<tf.Tensor>(tf.scalar(4));
  }
  const loss = (m: Bare) => sum(tf.mul(tf.mul(m.w, m.p.value), m.list[0]!));
  const isW = (path: readonly (string | number)[]): boolean => path.at(-1) === "w";

  // nnx.grad(lambda m: (m.w * m.p[...]).sum(), argnums=nnx.DiffState(0, lambda path, x: path[-1] ==
  // "w"))(model) is State({"w": Array([4., 4.])}): an array, not a Variable.
  it("have gradients where the filter selects them: leaves without anything around them", () => {
    const model = new Bare();
    const { w } = model;
    const before = tf.memory().numTensors;
    const grads = grad(loss, { argnums: new DiffState(0, isW) })(model) as State;
    expect(Object.keys(grads)).toEqual(["w"]);
    expect(grads.w).toBeInstanceOf(tf.Tensor);
    expect(numbers(grads.w as unknown as tf.Tensor)).toEqual([8, 8]);
    expect(model.w).toBe(w);
    dispose(grads);
    expect(tf.memory().numTensors).toBe(before);
    const several = grad(loss, { wrt: anyOf(Param, isW, (path) => path[0] === "list") })(model);
    expect(Object.keys(several as State)).toEqual(["list", "p", "w"]);
  });

  it("are constants to a class filter, and refused with everything else where everything is selected", () => {
    const model = new Bare();
    expect(Object.keys(grad(loss)(model) as State)).toEqual(["p"]);
    // nnx.DiffState(0, ...) raises a TypeError for the integers, as here.
    expect(() => grad(loss, { wrt: true })(model)).toThrow(
      /float32 tensors in argument 0 at steps, got an int32\[\]/,
    );
  });

  it("work in every transformation, and what is assigned in the loss stays", () => {
    const model = new Bare();
    const [, pullBack] = vjp(loss, [model], { wrt: isW });
    const one = tf.scalar(1);
    expect(numbers((pullBack(one)[0] as State).w as unknown as tf.Tensor)).toEqual([8, 8]);
    pullBack.dispose();
    const through = grad((m: Bare) => remat(loss)(m), { wrt: isW })(model) as State;
    expect(numbers(through.w as unknown as tf.Tensor)).toEqual([8, 8]);
    // nnx.grad of a loss that does `m.w = m.w + 1` leaves [2., 2.] in the model.
    const moving = grad(
      (m: Bare) => {
        m.w = tf.add(m.w, 1);
        return loss(m);
      },
      { wrt: isW },
    )(model) as State;
    expect(numbers(model.w)).toEqual([2, 2]);
    expect(numbers(moving.w as unknown as tf.Tensor)).toEqual([8, 8]);
  });

  it("in a list that is shared have one gradient, at the first path", () => {
    class Shared extends Module {
      readonly a: tf.Tensor[];
      readonly b: tf.Tensor[];
      constructor() {
        super();
        this.a = [tf.scalar(2)];
        this.b = this.a;
      }
    }
    const model = new Shared();
    const [w] = model.a;
    const grads = grad((m: Shared) => tf.mul(m.a[0]!, m.b[0]!) as tf.Tensor, { wrt: true })(model) as State;
    expect(byKey(grads)).toHaveProperty([pathKey(["a", 0])]);
    expect(Object.keys(grads)).toEqual(["a"]);
    expect(model.b[0]).toBe(w);
  });

  it("of a frozen module are refused", () => {
    const model = new Bare();
    Object.freeze(model);
    expect(() => grad(loss, { wrt: isW })(model)).toThrow(
      /argument 0 at w to be an attribute that can be written, got one of a frozen object/,
    );
  });
});

describe("what unpack returns", () => {
  class Affine extends Module {
    readonly w = new Param<tf.Tensor>(tf.tensor1d([1, 2]));
    readonly calls = new Variable(0);
    forward(x: tf.Tensor): tf.Tensor {
      this.calls.value++;
      return tf.mul(x, this.w.value) as tf.Tensor;
    }
  }
  const x = tf.tensor1d([3, 4]);
  const parts = () => unpack(new Affine(), Param, true);
  const ofW = (g: GraphState<unknown>): number[] =>
    numbers(((g.state as State).w as VariableState<tf.Tensor>).value);

  // nnx.grad(f)(*nnx.unpack(model, nnx.Param, ...)) is a GraphState.
  it("has a gradient of its own kind, which update takes", () => {
    const [params, rest] = parts();
    const f = (p: GraphState<Affine>, r: GraphState<Affine>) => sum(merge(p, r).forward(x));
    const grads = grad(f)(params, rest);
    expect(ofW(grads)).toEqual([3, 4]);
    expect(grads.graphdef).toBe(params.graphdef);
    const model = merge(params, rest);
    update(model, grads);
    expect(numbers(model.w.value)).toEqual([3, 4]);
    const [loss, again] = valueAndGrad(f)(params, rest);
    expect([numbers(loss), ofW(again)]).toEqual([[11], [3, 4]]);
  });

  it("goes through vjp, jvp, remat and containers", () => {
    const [params, rest] = parts();
    const f = (p: GraphState<Affine>) => sum(merge(p, rest).forward(x));
    const [, pullBack] = vjp(f, [params]);
    expect(ofW(pullBack(tf.scalar(2))[0])).toEqual([6, 8]);
    pullBack.dispose();
    expect(numbers(jvp(f, [params], [params])[1])).toEqual([11]);
    expect(ofW(grad((p: GraphState<Affine>) => remat(f)(p))(params))).toEqual([3, 4]);
    const { of } = grad((all: { of: GraphState<Affine> }) => f(all.of))({ of: params });
    expect(ofW(of)).toEqual([3, 4]);
  });

  it("can be called", () => {
    const whole = unpack(new Affine());
    const [y, [, after]] = call(whole).forward(x);
    expect(numbers(y)).toEqual([3, 8]);
    expect((after as State).calls).toMatchObject({ value: 1 });
    expect((whole.state as State).calls).toMatchObject({ value: 0 });
  });
});

describe("hasAux", () => {
  const f = (a: tf.Tensor) =>
    [tf.mul(a, 2) as tf.Tensor, { a, seen: new Map([["twice", tf.mul(a, 4)]]) }] as const;

  // jax.vjp(f, x, has_aux=True) is (out, vjp_fn, aux); jax.jvp(f, (x,), (t,), has_aux=True) is
  // (out, tangent, aux).
  it("of vjp and jvp passes the second result through", () => {
    const x = tf.tensor1d([1, 2]);
    const [y, pullBack, aux] = vjp(f, [x], { hasAux: true });
    expect([numbers(y), numbers(aux.a), numbers(aux.seen.get("twice")!)]).toEqual([
      [2, 4],
      [1, 2],
      [4, 8],
    ]);
    expect(numbers(pullBack(tf.tensor1d([1, 10]))[0])).toEqual([2, 20]);
    pullBack.dispose();
    const [z, tangent, rest] = jvp(f, [x], [tf.tensor1d([1, 10])], { hasAux: true });
    expect([numbers(z), numbers(tangent), numbers(rest.seen.get("twice")!)]).toEqual([
      [2, 4],
      [2, 20],
      [4, 8],
    ]);
    const [[, inMap]] = valueAndGrad((a: tf.Tensor) => [sum(a), new Map([["a", tf.mul(a, 3)]])] as const, {
      hasAux: true,
    })(x);
    expect(numbers(inMap.get("a")!)).toEqual([3, 6]);
  });

  it("needs a pair", () => {
    const single = (a: tf.Tensor) => a as unknown as readonly [tf.Tensor, null];
    expect(() => vjp(single, [tf.ones([1])], { hasAux: true })).toThrow(
      /vjp: expected the function to return \[value, aux\].*got a float32\[1\]/,
    );
    expect(() => jvp(single, [tf.ones([1])], [tf.ones([1])], { hasAux: true })).toThrow(/jvp: expected/);
  });
});

describe("options and calls that are not meant", () => {
  const f = (a: tf.Tensor) => sum(a);
  const odd = { hasAxu: true } as { readonly hasAux?: false };
  const model = new (class extends Module {
    forward(a: tf.Tensor): tf.Tensor {
      return a;
    }
  })();

  it.each([
    ["grad", () => grad(f, odd), "hasAux"],
    ["valueAndGrad", () => valueAndGrad(f, odd), "hasAux"],
    ["vjp", () => vjp(f, [tf.ones([1])], odd), "hasAux"],
    ["jvp", () => jvp(f, [tf.ones([1])], [tf.ones([1])], odd), "hasAux"],
    ["customVjp", () => customVjp(f, { wtr: Param } as never), "wrt"],
    ["vmap", () => vmap(f, { in_axes: 0 } as never), "inAxes"],
    ["capture", () => capture(model, Intermediate, { inti: {} } as never), "init"],
  ])("%s refuses a name that it does not know, and offers the nearest", (where, run, meant) => {
    expect(run).toThrow(NnxError);
    expect(run).toThrow(new RegExp(`^${where}: expected options among .* Did you mean ${meant}\\?$`));
  });

  it("remat has no options", () => {
    expect(() => remat(f, { policy: 1 } as never)).toThrow(
      /^remat: expected options among \{\}, got "policy"/,
    );
  });

  it.each<[string, () => unknown]>([
    ["grad", () => grad(f)],
    ["valueAndGrad", () => valueAndGrad(f)],
    ["remat", () => remat(f)],
    ["vmap", () => vmap(f)],
    ["capture", () => capture(model, Intermediate)],
  ])("%s says that its result was not called, where it is taken apart", (where, make) => {
    expect(() => {
      const [first] = make() as unknown[];
      return first;
    }).toThrow(new RegExp(`^${where}: expected its result to be called before it is taken apart`));
  });

  it("names the argument that a disposed tensor is in", () => {
    const gone = tf.ones([2]);
    gone.dispose();
    const cases: (readonly [() => unknown, RegExp])[] = [
      [
        () => grad(f)(gone),
        /^grad: expected live tensors in argument 0, got a float32\[2\] that was disposed/,
      ],
      [() => grad((a: tf.Tensor, _b: unknown) => f(a))(tf.ones([1]), { x: [gone] }), /^grad: .* argument 1/],
      [() => vjp(f, [gone]), /^vjp: .* argument 0/],
      [() => capture(model, Intermediate)(gone), /^capture: .* argument 0/],
      [() => vmap(f)(gone), /^vmap: .* argument 0/],
    ];
    for (const [run, message] of cases) {
      expect(run).toThrow(DisposedError);
      expect(run).toThrow(message);
    }
    const bare = new (class extends Module {
      readonly w = gone;
    })();
    expect(() => grad((m: typeof bare) => sum(m.w), { wrt: true })(bare)).toThrow(
      /live tensors in argument 0 at w/,
    );
  });

  it("DiffState is made with new, and without", () => {
    expect(new DiffState(1, Param)).toEqual(DiffState(1, Param));
  });
});

describe("what is called, and with what", () => {
  const inside: unknown[] = [];
  inside.push(inside);
  it.each<[string, () => unknown, string]>([
    [
      "grad of a module",
      () => grad({} as never),
      "grad: expected a function as the first argument, got an object",
    ],
    [
      "valueAndGrad of a class",
      () => valueAndGrad(Param as never),
      "got the function or class Param. Call valueAndGrad(f).",
    ],
    [
      "remat of nothing",
      () => remat(undefined as never),
      "remat: expected a function as the first argument, got undefined",
    ],
    ["vmap of a number", () => vmap(3 as never), "vmap: expected a function as the first argument, got 3"],
    ["vjp with swapped arguments", () => vjp([1] as never, sum as never), "Call vjp(f, primals)."],
    ["vjp of a tensor alone", () => vjp(sum, tf.ones([2]) as never), "vjp: expected primals to be a list"],
    [
      "jvp of a tensor alone",
      () => jvp(sum, tf.ones([2]) as never, [tf.ones([2])]),
      "jvp: expected primals to be a list",
    ],
    [
      "jvp along a tensor alone",
      () => jvp(sum, [tf.ones([2])], tf.ones([2]) as never),
      "jvp: expected tangents to be a list",
    ],
    [
      "half a rule",
      () => customVjp(sum).defvjp(sum as never, undefined as never),
      "defvjp: expected a function as the second argument, got undefined. Call defvjp(forward, backward).",
    ],
    [
      "a call without arguments",
      () => grad((() => tf.scalar(0)) as never)(),
      "grad: expected a call with the model, or what else the gradient is for, got one without arguments. Make it an argument of the loss",
    ],
    [
      "argnums that are none",
      () => grad(sum, { argnums: null as never })(tf.ones([2])),
      "grad: expected argnums between 0 and 0, got null",
    ],
    [
      "a value that contains itself",
      () => stopGradient(inside),
      "that does not contain itself, got an array",
    ],
  ])("%s is refused", (_what, run, message) => {
    const before = tf.memory().numTensors;
    expect(() => tf.tidy(() => void run())).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });
});

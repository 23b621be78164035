/** @file Losses that throw in the middle of anything leave everything as it was. */
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../../scripts/use-backend.ts";
import {
  BatchStat,
  capture,
  captureGradients,
  customVjp,
  dispose,
  findNonFinite,
  grad,
  Intermediate,
  jvp,
  Module,
  Param,
  remat,
  state,
  update,
  valueAndGrad,
  Variable,
  vjp,
  vmap,
  Carry,
  cond,
  evalShape,
  foriLoop,
  scan,
  StateAxes,
} from "../index.ts";

class Count extends Variable<number> {
  static override readonly typeName = "Count";
}
class Part extends Module {
  w = new Param<tf.Tensor>(tf.tensor1d([1, 2]));
  readonly mean = new BatchStat<tf.Tensor>(tf.scalar(0));
  forward(x: tf.Tensor): tf.Tensor {
    this.mean.value = tf.add(this.mean.value, 1);
    return tf.mul(x, this.w.value) as tf.Tensor;
  }
}
class Model extends Module {
  readonly count = new Count(0);
  parts = [new Part(), new Part()];
  readonly byName = new Map<string, Part>([["a", new Part()]]);
  bare: tf.Tensor = tf.tensor1d([3, 4]);
  steps = 0;
  readonly log: { calls: number[] } = { calls: [] };
  extra?: unknown;
  deterministic = false;
  forward(x: tf.Tensor): tf.Tensor {
    this.count.value++;
    let y = tf.mul(x, this.bare) as tf.Tensor;
    for (const part of [...this.parts, ...this.byName.values()]) y = part.forward(y);
    return y;
  }
}

/** Everything about a model, by identity: two of these are equal only if nothing changed at all. */
function everything(root: object): unknown[] {
  const found: unknown[] = [];
  const open: unknown[] = [root];
  const seen = new Set<unknown>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    if (next instanceof Variable) {
      found.push(next, next.isDisposed ? "disposed" : next.toState());
      const value: unknown = next.isDisposed ? undefined : next.value;
      if (value instanceof tf.Tensor) found.push(value, value.isDisposed, [...value.dataSync()].join());
    } else if (next instanceof tf.Tensor) found.push(next, next.isDisposed);
    else {
      const entries = next instanceof Map ? [...next] : Object.entries(next);
      for (const [key, value] of entries) found.push(next, key, value);
      open.push(...entries.map(([, value]) => value as unknown).reverse());
    }
  }
  return found;
}

const closedOver = new Part();
const helper = new Model();

/** What a loss may do to the model, to another argument, and to what it closes over. */
const deeds: Record<string, (m: Model, other: Model, x: tf.Tensor) => unknown> = {
  forward: (m, _, x) => m.forward(x),
  write: (m) => (m.parts[0]!.w.value = tf.tensor1d([7, 8])),
  writeTwice: (m) => [1, 2].map((n) => (m.parts[1]!.mean.value = tf.scalar(n))),
  raw: (m) => m.count.setRawValue(9),
  update: (m) => {
    const values = state(helper, Param);
    update(m, values);
    dispose(values);
  },
  metadata: (m) => m.parts[0]!.w.setMetadata({ tag: "head" }),
  dispose: (m) => m.parts[0]!.w.dispose(),
  disposeAll: (_, other) => dispose(other),
  static: (m) => m.steps++,
  insideStatic: (m) => m.log.calls.push(m.steps),
  modes: (m) => m.eval(),
  bare: (m) => (m.bare = tf.tensor1d([5, 5])),
  addVariable: (m) => (m.extra = new Param(tf.ones([3]))),
  addContainer: (m) => (m.extra = { of: [new Part()] }),
  remove: (m) => Reflect.deleteProperty(m, "steps"),
  replace: (m) => (m.parts[0] = new Part()),
  push: (m) => m.parts.push(new Part()),
  shrink: (m) => (m.parts.length = 1),
  swap: (m) => m.parts.reverse(),
  newList: (m) => (m.parts = []),
  map: (m) => m.byName.set("b", new Part()),
  mapDelete: (m) => m.byName.delete("a"),
  other: (_, other, x) => other.forward(x),
  otherStructure: (_, other) => (other.parts = [new Part()]),
  closedOver: (_m, _o, x) => closedOver.forward(x),
  grad: (m, _, x) => dispose(grad((n: Model) => tf.sum(n.forward(x)) as tf.Tensor)(m)),
  vjp: (m, _, x) => vjp((n: Model) => n.forward(x), [m])[1].dispose(),
  capture: (m, _, x) => dispose(capture(m, Intermediate, { methodOutputs: Intermediate })(x)),
  remat: (m, _, x) => remat((n: Model, a: tf.Tensor) => n.forward(a))(m, x),
  looking: (m, _, x) => findNonFinite(m, (n: Model) => tf.sum(n.forward(x)) as tf.Tensor)(),
};

class Thrown extends Error {}

type Loss = (m: Model, other: Model, x: tf.Tensor) => tf.Tensor;

/** Every way to run a loss. */
const ways: Record<string, (loss: Loss, m: Model, other: Model, x: tf.Tensor) => unknown> = {
  grad: (loss, ...args) => grad(loss)(...args),
  "grad of both, with bare tensors": (loss, m, other, x) =>
    grad((l: Model[], a: tf.Tensor) => loss(l[0]!, l[1]!, a), {
      argnums: [0, 1],
      wrt: (path) => path.includes("w") || path.includes("bare"),
    })([m, other], x),
  valueAndGrad: (loss, ...args) => valueAndGrad(loss)(...args),
  "grad in grad": (loss, m, other, x) =>
    grad((n: Model) => {
      n.forward(x);
      return valueAndGrad(loss)(n, other, x)[0];
    })(m),
  vjp: (loss, ...args) => vjp(loss, args),
  jvp: (loss, m, other, x) => jvp(loss, [m, other, x], [state(m, Param), state(other, Param), x] as never),
  "remat in grad": (loss, m, other, x) =>
    grad((n: Model, o: Model, a: tf.Tensor) => remat(loss)(n, o, a))(m, other, x),
  remat: (loss, m, other, x) => remat(loss)(m, other, x),
  "customVjp in grad": (loss, m, other, x) => {
    const f = customVjp(loss, { wrt: true });
    f.defvjp(
      (n, o, a) => [loss(n, o, a), null] as const,
      () => [{}, {}, a0],
    );
    return grad((n: Model, o: Model, a: tf.Tensor) => f(n, o, a))(m, other, x);
  },
  capture: (loss, ...args) => capture(loss, Intermediate)(...args),
  captureGradients: (loss, ...args) => captureGradients(loss)(...args),
  findNonFinite: (loss, m, ...args) => findNonFinite(m, loss)(...args),
  vmap: (loss, m, other) => vmap(loss, { inAxes: [null, null, 0] })(m, other, tf.ones([2, 2])),
  "vmap of slices": (loss, m, other) =>
    vmap(loss, {
      inAxes: [
        new StateAxes([
          [Intermediate, 0],
          [true, null],
        ]),
        null,
        0,
      ],
    })(m, other, tf.ones([2, 2])),
  scan: (loss, m, other) =>
    scan((c: Model, o: Model, x: tf.Tensor) => [c, loss(c, o, x)] as const, { inAxes: [Carry, null, 0] })(
      m,
      other,
      tf.ones([2, 2]),
    ),
  cond: (loss, m, other, x) => cond(true, loss, loss, m, other, x),
  foriLoop: (loss, m, other, x) =>
    foriLoop(0, 2, (_, all) => [loss(...all), all][1] as typeof all, [m, other, x] as [
      Model,
      Model,
      tf.Tensor,
    ]),
  evalShape: (loss, m, other, x) => evalShape(loss, m, other, x),
};
const a0 = tf.zeros([2]);

describe.each(Object.entries(ways))("a loss that throws under %s", (_name, way) => {
  it("leaves arguments, and Variables wherever they are, as they were", () => {
    const names = fc.array(fc.constantFrom(...Object.keys(deeds)), { maxLength: 5 });
    fc.assert(
      fc.property(names, fc.nat({ max: 5 }), (chosen, when) => {
        const [model, other, x] = [new Model(), new Model(), tf.tensor1d([1, 2])];
        const all = () => [...everything(model), ...everything(other), ...everything(closedOver)];
        const before = all();
        let done = 0;
        const loss: Loss = (m, o, a) => {
          for (const name of chosen) {
            if (done++ === when) throw new Thrown();
            try {
              deeds[name]!(m, o, a);
            } catch (error) {
              // Such as a forward pass through what was disposed: the loss goes on to throw.
              if (error instanceof Thrown) throw error;
            }
          }
          throw new Thrown();
        };
        expect(() => way(loss, model, other, x)).toThrow();
        const after = all();
        expect(after.length).toBe(before.length);
        after.forEach((each, i) => {
          if (!Object.is(each, before[i])) expect(each).toBe(before[i]);
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe.each(["cpu", "wasm"] as const)("what a failing loss leaves behind on %s", (backend) => {
  beforeAll(() => useBackend(backend));
  afterAll(() => useBackend("cpu"));

  it.each(Object.keys(deeds).filter((name) => !["closedOver"].includes(name)))(
    "is no tensor after %s",
    (name) => {
      const [model, other, x] = [new Model(), new Model(), tf.tensor1d([1, 2])];
      const before = tf.memory().numTensors;
      const failing: Loss = (m, o, a) => {
        deeds[name]!(m, o, a);
        throw new Thrown();
      };
      expect(() => grad(failing)(model, other, x)).toThrow(Thrown);
      expect(tf.memory().numTensors).toBe(before);
      expect([...model.forward(x).dataSync()]).toEqual([3, 64]);
      dispose([model, other]);
    },
  );

  it("does not keep an error in the backward pass from undoing the forward pass", () => {
    const [model, x] = [new Model(), tf.tensor1d([1, 2])];
    const f = customVjp((a: tf.Tensor) => a);
    f.defvjp(
      (a) => [a, null] as const,
      () => {
        model.steps = 5;
        throw new Thrown();
      },
    );
    const loss = (m: Model) => tf.sum(f(m.forward(x))) as tf.Tensor;
    expect(() => grad(loss)(model)).toThrow(Thrown);
    expect([model.count.value, model.steps]).toEqual([0, 0]);
    const [, pullBack] = vjp(loss, [model]);
    expect(model.count.value).toBe(1);
    expect(() => pullBack(tf.scalar(1))).toThrow(Thrown);
    pullBack.dispose();
  });

  it("is what it was also where the loss catches the error itself", () => {
    const [model, x] = [new Model(), tf.tensor1d([1, 2])];
    const failing = (m: Model): tf.Tensor => {
      m.forward(x);
      throw new Thrown();
    };
    const grads = grad((m: Model) => {
      expect(() => remat(failing)(m)).toThrow(Thrown);
      expect(() => grad(failing)(m)).toThrow(Thrown);
      expect(m.count.value).toBe(0);
      return tf.sum(m.forward(x)) as tf.Tensor;
    })(model);
    expect(model.count.value).toBe(1);
    dispose(grads);
  });
});

describe("what a run that succeeds changes", () => {
  it("stays changed, tensors without a Variable too, and old values are freed", () => {
    const [model, x] = [new Model(), tf.tensor1d([1, 2])];
    const run = () =>
      dispose(
        grad((m: Model) => {
          m.bare = tf.add(m.bare, 1);
          m.steps++;
          return tf.sum(m.forward(x)) as tf.Tensor;
        })(model),
      );
    run();
    expect([...model.bare.dataSync()]).toEqual([4, 5]);
    expect([model.count.value, model.steps]).toEqual([1, 1]);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) {
      const { bare } = model;
      run();
      bare.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
    const moving = (m: Model): tf.Tensor => {
      m.bare = tf.add(m.bare, 1);
      return tf.sum(m.bare);
    };
    capture(moving, Intermediate)(model);
    expect([...model.bare.dataSync()]).toEqual([10, 11]);
    grad((m: Model, a: tf.Tensor) => tf.mul(remat(moving)(m), tf.sum(a)) as tf.Tensor, { argnums: 1 })(
      model,
      x,
    );
    expect([...model.bare.dataSync()]).toEqual([11, 12]);
    const f = customVjp((m: Model, _a: tf.Tensor) => moving(m), { wrt: false });
    f.defvjp(
      (m) => [moving(m), null] as const,
      () => [{}, a0],
    );
    grad((m: Model, a: tf.Tensor) => tf.add(tf.sum(f(m, a)), tf.sum(a)) as tf.Tensor, { argnums: 1 })(
      model,
      x,
    );
    expect([...model.bare.dataSync()]).toEqual([12, 13]);
    const tensors = tf.memory().numTensors;
    findNonFinite(model, moving)();
    dispose(captureGradients(moving)(model));
    expect(tf.memory().numTensors).toBe(tensors);
    expect([...model.bare.dataSync()]).toEqual([12, 13]);
  });
});

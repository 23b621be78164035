/** @file `vmap` in a recorded function is one run, too, where tensors alone are cut. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../../scripts/use-backend.ts";
import * as nnx from "../index.ts";

const MEMBERS = 5;

class Mlp extends nnx.Module {
  readonly a: nnx.Linear;
  readonly b: nnx.Linear;
  constructor(key: nnx.PRNGKey) {
    super();
    const rngs = new nnx.Rngs(key);
    this.a = new nnx.Linear(3, 4, { rngs });
    this.b = new nnx.Linear(4, 2, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.b.forward(tf.relu(this.a.forward(x)));
  }
}

const ensemble = (members = MEMBERS): Mlp =>
  nnx.vmap((key: nnx.PRNGKey) => new Mlp(key))(nnx.random.split(nnx.random.key(0), members));
const normal = (seed: number, shape: number[]): tf.Tensor => nnx.random.normal(nnx.random.key(seed), shape);
/** All numbers in tensors; the leaves of States have a type beside the value. */
function numbersIn(value: unknown): number[] {
  if (value instanceof tf.Tensor) return Array.from(value.dataSync());
  if (typeof value !== "object" || value === null) return [];
  return "type" in value && "value" in value
    ? numbersIn(value.value)
    : Object.values(value).flatMap(numbersIn);
}

describe.each(["cpu", "wasm"] as const)("vmap in jit on %s", (backend) => {
  beforeAll(() => useBackend(backend));
  afterAll(() => useBackend("cpu"));

  /** Compares calls of `f` with those of the recorded function, bit for bit. */
  function compare<R>(f: (m: Mlp, x: tf.Tensor) => R, calls = 3): nnx.Jitted<[Mlp, tf.Tensor], R> {
    const jitted = nnx.jit(f);
    const [plain, recorded] = [ensemble(), ensemble()];
    for (let i = 0; i < calls; i++) {
      const x = normal(i + 1, [6, 3]);
      const { numTensors } = tf.memory();
      const [wanted, found] = [f(plain, x), jitted(recorded, x)];
      expect(numbersIn(found)).toEqual(numbersIn(wanted));
      const states = [nnx.state(plain), nnx.state(recorded)];
      expect(numbersIn(states[1])).toEqual(numbersIn(states[0]));
      nnx.dispose([wanted, found, states]);
      // The first replay drops constants.
      if (i > 1) expect(tf.memory().numTensors).toBe(numTensors);
    }
    expect(jitted.programs.length).toBe(1);
    expect(jitted.programs[0]?.replays).toBe(calls - 1);
    nnx.dispose([plain, recorded]);
    return jitted;
  }

  it("runs a model once for all members", () => {
    let count = 0;
    const forward = nnx.vmap(
      (m: Mlp, x: tf.Tensor) => {
        count++;
        return m.forward(x);
      },
      { inAxes: [0, null] },
    );
    const jitted = compare(forward);
    expect(count).toBe(3 + 1);
    expect(jitted.programs[0]?.kernels).toBeLessThan(2 * MEMBERS);
    jitted.dispose();
  });

  it("has gradients, new values in Variables, constants, and values of the outer function", () => {
    const shift = tf.tensor1d([0.5, -0.5]);
    const f = (m: Mlp, x: tf.Tensor): unknown => {
      const doubled = tf.mul(x, 2);
      const each = nnx.vmap(
        (own: Mlp, row: tf.Tensor) => {
          const lossOf = (n: Mlp): tf.Tensor =>
            tf.mean(tf.square(tf.sub(n.forward(tf.add(doubled, row)), shift)));
          const [loss, grads] = nnx.valueAndGrad(lossOf)(own);
          own.a.bias?.setRawValue(tf.mul(own.a.bias.value, tf.scalar(0.5)));
          return [loss, grads, tf.tensor1d([1, 2]), doubled] as const;
        },
        { inAxes: [0, 0] },
      );
      const rows = tf.slice(x, [0, 0], [MEMBERS, 3]);
      return each(m, rows);
    };
    const g = (m: Mlp, x: tf.Tensor): unknown => nnx.tidy(() => f(m, x));
    compare(g).dispose();
    shift.dispose();
  });

  it("asks for as many kernels for two members as for nine, in gradients too", () => {
    const lossOf = (m: Mlp, x: tf.Tensor): tf.Tensor => tf.mean(tf.square(m.forward(x)));
    for (const f of [(m: Mlp, x: tf.Tensor) => m.forward(x), nnx.grad(lossOf)]) {
      const kernels = [2, 9].map((members) => {
        const each = nnx.jit(nnx.vmap<[Mlp, tf.Tensor], unknown>(f, { inAxes: [0, null] }));
        const [model, x] = [ensemble(members), normal(1, [6, 3])];
        nnx.dispose([each(model, x), each(model, x), model, x]);
        const { programs } = each;
        each.dispose();
        return programs.map((program) => program.kernels);
      });
      expect(kernels[0]?.length).toBe(1);
      expect(kernels[0]?.[0]).toBeGreaterThan(0);
      expect(kernels[1]).toEqual(kernels[0]);
    }
  });

  it("runs in turn where one run cannot stand for all, and leaves nothing of the attempt", () => {
    // A choice by value, and a key of the outer function.
    const f = (m: Mlp, x: tf.Tensor): tf.Tensor =>
      nnx.vmap(
        (own: Mlp, input: tf.Tensor) => {
          own.b.bias?.setRawValue(tf.add(own.b.bias.value, tf.scalar(1)));
          const y = own.forward(input);
          return nnx.cond(tf.greater(tf.sum(y), 0), (v: tf.Tensor) => tf.mul(v, 2), tf.neg, y) as tf.Tensor;
        },
        { inAxes: [0, null] },
      )(m, x);
    compare((m, x) => nnx.tidy(() => f(m, x))).dispose();
    const drawn = nnx.jit((key: nnx.PRNGKey, x: tf.Tensor) =>
      nnx.vmap((row: tf.Tensor) => tf.add(row, nnx.random.normal(nnx.random.foldIn(key, 1), [3])))(x),
    );
    const x = tf.zeros([2, 3]);
    const [a, b] = [0, 1].map((seed) => drawn(nnx.random.key(seed), x));
    const again = drawn(nnx.random.key(0), x);
    expect(Array.from(a!.dataSync())).toEqual(Array.from(again.dataSync()));
    expect(Array.from(a!.dataSync())).not.toEqual(Array.from(b!.dataSync()));
    nnx.dispose([a, b, again, x]);
    drawn.dispose();
  });
});

/** @file Recorded functions with models, optimizers and randomness. */
import {
  capture,
  clone,
  customVjp,
  dispose,
  grad,
  hostValue,
  Intermediate,
  jit,
  mapValues,
  Module,
  ofType,
  Param,
  printProgram,
  remat,
  state,
  tidy,
  update,
  valueAndGrad,
  Variable,
} from "@nnxjs/nnx-core";
import { hasReachableMemory } from "@nnxjs/kernels/internal";
import { BatchNorm, Dropout, Linear } from "@nnxjs/layers";
import { type PRNGKey, random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { rounds } from "../../../scripts/rounds.ts";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { bitsIn } from "../test/bits-in.ts";
import { adam, adamw, Optimizer, sgd, softmaxCrossEntropyWithIntegerLabels } from "./index.ts";

class Mlp extends Module {
  readonly first: Linear;
  readonly norm: BatchNorm;
  readonly dropout: Dropout;
  readonly last: Linear;

  constructor(seed = 0) {
    super();
    const rngs = new Rngs({ params: seed, dropout: 1 });
    this.first = new Linear(4, 6, { rngs });
    this.norm = new BatchNorm(6, { rngs });
    this.dropout = new Dropout(0.4, { rngs });
    this.last = new Linear(6, 3, { rngs });
  }

  forward(x: tf.Tensor): tf.Tensor {
    return this.last.forward(this.dropout.forward(tf.relu(this.norm.forward(this.first.forward(x)))));
  }
}

const inputs = (): tf.Tensor => random.normal(random.key(3), [5, 4]);
const labels = (): tf.Tensor => tf.tensor1d([0, 1, 2, 1, 0], "int32");
const lossOf = (m: Mlp, x: tf.Tensor, y: tf.Tensor): tf.Tensor =>
  tf.mean(softmaxCrossEntropyWithIntegerLabels(m.forward(x), y));

function train(m: Mlp, optimizer: Optimizer, x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  const [loss, grads] = valueAndGrad(lossOf)(m, x, y);
  optimizer.update(m, grads);
  dispose(grads);
  return loss;
}

const numbersOf = (x: tf.Tensor): number[] => [...x.dataSync()];
const schedule = (count: number): number => 0.1 * 0.9 ** count;
const dataIds = (): number => tf.engine().backend.numDataIds();

const REPLAYS = rounds(150, 10_000);

onEachBackend("a recorded training step", () => {
  it(`takes the steps of the function, and leaks nothing in ${REPLAYS} replays`, () => {
    const [model, twin] = [new Mlp(), new Mlp()];
    const [optimizer, other] = [model, twin].map((m) => new Optimizer(m, adam(schedule))) as [
      Optimizer,
      Optimizer,
    ];
    const [x, y] = [inputs(), labels()];
    const fast = jit(train);
    for (let i = 0; i < 20; i++) {
      const [wanted, got] = [tidy(() => train(model, optimizer, x, y)), fast(twin, other, x, y)];
      expect(numbersOf(got)).toEqual(numbersOf(wanted));
      tf.dispose([wanted, got]);
    }
    expect([bitsIn(twin), bitsIn(other)]).toEqual([bitsIn(model), bitsIn(optimizer)]);
    const before = [tf.memory().numTensors, dataIds()];
    for (let i = 0; i < REPLAYS; i++) fast(twin, other, x, y).dispose();
    expect([tf.memory().numTensors, dataIds()]).toEqual(before);
    expect(fast.programs).toMatchObject([{ reason: "the first call", replays: REPLAYS + 19 }]);
    fast.dispose();
    dispose([model, twin, optimizer, other]);
    tf.dispose([x, y]);
  });

  it("asks masks for the types of Variables", () => {
    const make = () => {
      const model = new Mlp();
      return [model, new Optimizer(model, adamw(0.1, { weightDecay: 0.5, mask: ofType(Param) }))] as const;
    };
    const [[model, optimizer], [twin, other]] = [make(), make()];
    const [x, y] = [inputs(), labels()];
    const fast = jit(train);
    for (let i = 0; i < 4; i++) {
      tidy(() => train(model, optimizer, x, y)).dispose();
      fast(twin, other, x, y).dispose();
    }
    expect(fast.programs.map(({ replays }) => replays)).toEqual([3]);
    expect(bitsIn(twin)).toEqual(bitsIn(model));
  });

  it("goes with other models of the same definition, and records for other shapes", () => {
    const fast = jit(lossOf);
    const [a, b] = [new Mlp(1), new Mlp(2)];
    const [x, y] = [inputs(), labels()];
    for (const m of [a, b, a, b]) {
      const copy = clone(m);
      expect(numbersOf(fast(m, x, y))).toEqual(numbersOf(lossOf(copy, x, y)));
      expect(bitsIn(m)).toEqual(bitsIn(copy));
    }
    expect(fast.programs.map(({ replays }) => replays)).toEqual([3]);
    fast(a, tf.slice(x, [0, 0], [2, 4]), tf.slice(y, [0], [2]));
    expect(fast.programs).toHaveLength(2);
    a.dropout.deterministic = true;
    expect(numbersOf(fast(a, x, y))).toEqual(numbersOf(lossOf(clone(a), x, y)));
    expect(fast.programs).toHaveLength(3);
    fast(b, x, y);
    expect(fast.programs).toHaveLength(3);
  });

  it("refuses labels that name no class in replays, and changes nothing", () => {
    const model = new Mlp();
    const optimizer = new Optimizer(model, sgd(0.1));
    const fast = jit(train);
    const x = inputs();
    // The replay drops constants that nothing needs.
    for (let i = 0; i < 2; i++) fast(model, optimizer, x, labels());
    const before = [bitsIn(model), bitsIn(optimizer), tf.memory().numTensors, dataIds()];
    const bad = tf.tensor1d([0, 1, 7, 1, 0], "int32");
    if (!hasReachableMemory()) {
      // A GPU's values are not read for that.
      expect(numbersOf(fast(model, optimizer, x, bad))).toEqual([Number.NaN]);
      return;
    }
    expect(() => fast(model, optimizer, x, bad)).toThrow("7");
    bad.dispose();
    expect([bitsIn(model), bitsIn(optimizer), tf.memory().numTensors, dataIds()]).toEqual(before);
  });

  it("works inside and around grad, capture and remat, and nested", () => {
    const block = remat((m: Mlp, x: tf.Tensor) => m.forward(x));
    const square = customVjp((x: tf.Tensor) => tf.square(x));
    square.defvjp(
      (x) => [tf.square(x), x] as const,
      (x, dy) => [tf.mul(dy, tf.mul(x, 2))],
    );
    const inner = jit((m: Mlp, x: tf.Tensor) => tf.sum(square(block(m, x))));
    const step = (m: Mlp, x: tf.Tensor): tf.Tensor => {
      const [, seen] = capture(m, [Intermediate])(x);
      dispose(seen);
      const grads = grad((each: Mlp) => inner(each, x))(m);
      const params = state(m, Param);
      update(
        m,
        mapValues((p: tf.Tensor, g: tf.Tensor) => tf.sub(p, tf.mul(g, 0.01)), params, grads),
      );
      return inner(m, x);
    };
    const fast = jit(step);
    const [model, twin] = [new Mlp(), new Mlp()];
    const x = inputs();
    for (let i = 0; i < 5; i++) {
      const wanted = tidy(() => step(model, x));
      expect(numbersOf(tidy(() => fast(twin, x)))).toEqual(numbersOf(wanted));
      expect(bitsIn(twin)).toEqual(bitsIn(model));
    }
    expect(fast.programs.map(({ replays }) => replays)).toEqual([4]);
    // The unrecorded step records it, and the recorded one has it in its own program.
    expect(inner.programs.map(({ replays }) => replays)).toEqual([4]);
    const gradients = grad((m: Mlp) => fast(m, x), { wrt: Param })(twin);
    expect(Object.keys(gradients)).toEqual(["first", "last", "norm"]);
  });

  it("takes closed-over tensors as they were, even those that an argument has", () => {
    const model = new Linear(2, 2, { rngs: new Rngs(0) });
    const start = model.kernel.value;
    const f = (m: Linear, x: tf.Tensor): tf.Tensor => {
      const distance = tf.sum(tf.abs(tf.sub(m.kernel.value, start)));
      m.kernel.value = tf.add(m.kernel.value, x);
      return distance;
    };
    const fast = jit(f);
    const one = tf.scalar(1);
    const kept = tf.keep(tf.clone(start));
    expect([0, 1, 2, 3].map(() => Math.round(numbersOf(fast(model, one))[0]!))).toEqual([0, 4, 8, 12]);
    expect(numbersOf(tf.round(tf.sub(model.kernel.value, kept)))).toEqual([4, 4, 4, 4]);
  });

  it("draws with keys in the arguments, and says which keys are constants", () => {
    const own = random.key(9);
    const f = (key: PRNGKey, scale: tf.Tensor): tf.Tensor[] => {
      const [a, b] = random.split(key);
      return [
        tf.mul(random.normal(a, [3]), scale),
        random.bernoulli(random.foldIn(b, 2), 0.5, [4]),
        random.uniform(own, [2]),
        random.permutation(a, 5) as tf.Tensor,
      ];
    };
    const fast = jit(f);
    const two = tf.scalar(2);
    for (const seed of [0, 1, 2, 3])
      expect(fast(random.key(seed), two).map(numbersOf)).toEqual(f(random.key(seed), two).map(numbersOf));
    expect(fast.programs.map(({ replays }) => replays)).toEqual([3]);
    expect(printProgram(f)(random.key(0), two)).toContain("drawn with a key that no argument has");
    expect(() => jit((key: PRNGKey) => tf.scalar(random.keyData(key)[0]!))(random.key(1))).toThrow(
      "reads the words",
    );
  });

  it("computes numbers of Variables again with hostValue, and raises where they are read", () => {
    class Decayed extends Module {
      readonly count: Variable<number> = new Variable(0);
    }
    const model = new Decayed();
    const x = tf.scalar(8);
    const byHost = jit((m: Decayed, y: tf.Tensor) => {
      const rates = hostValue([m.count], (n) => [n, 1 / (n + 1)]);
      return tf.mul(y, rates);
    });
    for (let n = 0; n < 5; n++) {
      model.count.value = n;
      expect(numbersOf(byHost(model, x))).toEqual([8 * n, Math.fround(8 * Math.fround(1 / (n + 1)))]);
    }
    expect(byHost.programs).toHaveLength(1);
    const byRead = jit((m: Decayed, y: tf.Tensor) => tf.mul(y, m.count.value));
    for (let n = 0; n < 3; n++) {
      model.count.value = n;
      expect(numbersOf(byRead(model, x))).toEqual([8 * n]);
    }
    model.count.value = 3;
    expect(() => byRead(model, x)).toThrow(
      /jit at 0.count: expected a number that stays.*it is 3 now.*hostValue/,
    );
    model.count.value = 1;
    expect(numbersOf(byRead(model, x))).toEqual([8]);
    expect(byRead.programs.map(({ reason }) => reason)).toEqual([
      "the first call",
      "the number at 0.count changed",
      "the number at 0.count changed",
    ]);
  });

  it("says that two Variables with one tensor have two now", () => {
    const online = new Linear(2, 2, { rngs: new Rngs(0) });
    const target = clone(online);
    const distance = jit((a: Linear, b: Linear) => tf.sum(tf.abs(tf.sub(a.kernel.value, b.kernel.value))));
    expect(numbersOf(distance(online, target))).toEqual([0]);
    online.kernel.value = tf.add(target.kernel.value, 1);
    expect(numbersOf(distance(online, target))[0]).toBeCloseTo(4, 5);
    expect(numbersOf(distance(online, target))[0]).toBeCloseTo(4, 5);
    expect(distance.programs).toMatchObject([
      { reason: "the first call", replays: 0 },
      { reason: "two places in the arguments, which had one tensor or key, have two now", replays: 1 },
    ]);
  });

  it("writes a number even where it was the same when it was recorded", () => {
    const count = new Variable(0);
    const reset = jit((v: Variable<number>) => {
      v.value = 0;
    });
    reset(count);
    count.value = 7;
    reset(count);
    expect(count.value).toBe(0);
  });

  it("makes modules, States and containers anew", () => {
    const fast = jit((m: Linear, x: tf.Tensor) => {
      const params = state(m, Param);
      return {
        twice: mapValues((p: tf.Tensor) => tf.mul(p, 2), params),
        copy: clone(m),
        same: m,
        list: [x, 3, "a"],
      };
    });
    const model = new Linear(2, 2, { rngs: new Rngs(0) });
    const x = tf.scalar(1);
    fast(model, x);
    model.bias!.value = tf.tensor1d([1, 2]);
    const { twice, copy, same, list } = fast(model, x);
    expect(fast.programs).toMatchObject([{ replays: 1 }]);
    expect(bitsIn(copy)).toEqual(bitsIn(model));
    expect(copy).not.toBe(model);
    expect(same).toBe(model);
    expect(list).toEqual([x, 3, "a"]);
    expect(list[0]).toBe(x);
    const bias = (twice as unknown as { bias: { value: tf.Tensor } }).bias.value;
    expect(numbersOf(bias)).toEqual([2, 4]);
  });

  it("runs calls that change the structure as they are", () => {
    class Lazy extends Module {
      table: Param<tf.Tensor> | undefined;
      forward(x: tf.Tensor): tf.Tensor {
        this.table ??= new Param(tf.onesLike(x));
        return tf.mul(x, this.table.value);
      }
    }
    const model = new Lazy();
    const fast = jit((m: Lazy, x: tf.Tensor) => m.forward(x));
    const x = tf.tensor1d([2, 3]);
    for (let i = 0; i < 4; i++) expect(numbersOf(fast(model, x))).toEqual([2, 3]);
    expect(fast.programs.map(({ reason, replays }) => [reason.includes("not kept"), replays])).toEqual([
      [true, 0],
      [false, 2],
    ]);
  });
});

onEachBackend("products in recorded functions", () => {
  const odd = [
    0,
    -0,
    1,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1e-45,
    -3e38,
    0.1,
  ];
  const of = (shape: readonly number[], shift: number): tf.Tensor =>
    tf.tensor(
      Array.from({ length: tf.util.sizeFromShape([...shape]) }, (_, i) =>
        i % 7 < 4 ? odd[(i * 3 + shift) % odd.length]! : ((i * 37 + shift) % 19) / 7 - 1,
      ),
      [...shape],
    );
  const bits = (x: tf.Tensor): number[] => [...new Uint32Array(x.dataSync().slice().buffer)];
  const sizes = [
    [1, 1, 1],
    [2, 3, 5],
    [33, 70, 9],
    [13, 600, 17],
    [3, 0, 4],
  ] as const;
  it.each(sizes)("are one kernel with bias and ReLU, to the bit: %i × %i × %i", (rows, inner, columns) => {
    for (const [transposeA, transposeB] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      const f = (a: tf.Tensor, b: tf.Tensor, bias: tf.Tensor): tf.Tensor[] => {
        const y = tf.add(tf.matMul(a, b, transposeA, transposeB), bias);
        const z = tf.add(tf.matMul(a, b, transposeA, transposeB), tf.neg(bias));
        return [tf.relu(y), tf.neg(tf.relu(z)), z];
      };
      const fast = jit(f);
      for (let i = 0; i < 3; i++) {
        const args = [
          of(transposeA ? [inner, rows] : [rows, inner], i),
          of(transposeB ? [columns, inner] : [inner, columns], i + 1),
          of([columns], i + 2),
        ] as const;
        expect(fast(...args).map(bits)).toEqual(f(...args).map(bits));
      }
      expect(fast.programs).toMatchObject([{ replays: 2 }]);
    }
  });
});

onEachBackend("what cannot be recorded", () => {
  class Inner extends Module {
    forward(x: tf.Tensor): tf.Tensor {
      return tf.mean(x).dataSync()[0]! > 0 ? x : tf.neg(x);
    }
  }
  class Reads extends Module {
    readonly inner: Inner = new Inner();
    readonly w: Param<tf.Tensor> = new Param(tf.ones([4]));
    forward(x: tf.Tensor): tf.Tensor {
      this.w.value = tf.add(this.w.value, 1);
      return this.inner.forward(x);
    }
  }
  const outside = new Param(tf.ones([4]));
  const cases: readonly (readonly [string, (m: Reads, x: tf.Tensor) => unknown, RegExp])[] = [
    ["a value is read", (m, x) => m.forward(x), /jit: .*reads the values of a tensor in inner.*dataSync/],
    ["a Variable is reached", (_m, x) => tf.mul(x, outside.value), /reaches a Param .*without getting it/],
    ["a Variable is written", (_m, x) => outside.setValue(x), /reaches a Param/],
    ["it is late", async (_m, x) => tf.neg(x), /Promise/],
    ["a function is returned", (_m, x) => () => x, /jit: expected a result of tensors.*got the function/],
  ];
  it.each(cases)("is refused, and all is as before: %s", (_name, f, message) => {
    const model = new Reads();
    const x = inputs();
    const before = [bitsIn(model), tf.memory().numTensors, dataIds()];
    expect(() => jit(f)(model, x)).toThrow(message);
    expect([bitsIn(model), tf.memory().numTensors, dataIds()]).toEqual(before);
    expect(numbersOf(outside.value)).toEqual([1, 1, 1, 1]);
  });

  it("refuses plain values that are not declared, and takes declared ones as static", () => {
    const scaled = (x: tf.Tensor, by: number, options: { readonly negate: boolean }): tf.Tensor =>
      tf.mul(options.negate ? tf.neg(x) : x, by);
    const x = tf.scalar(2);
    expect(() => jit(scaled)(x, 3, { negate: true })).toThrow(/argument 1 to be data.*staticArgs: \[1\]/);
    const fast = jit(scaled, { staticArgs: [1, 2] });
    expect(numbersOf(fast(x, 3, { negate: true }))).toEqual([-6]);
    expect(numbersOf(fast(x, 3, { negate: false }))).toEqual([6]);
    expect(numbersOf(fast(x, 3, { negate: true }))).toEqual([-6]);
    expect(fast.programs.map(({ replays }) => replays)).toEqual([1, 0]);
    expect(() => jit(scaled, { staticArgs: [-1] })).toThrow(/staticArgs/);
    expect(() => jit(scaled, { staticArgnums: [1] } as never)).toThrow(/staticArgs/);
    expect(() => jit(3 as never)).toThrow("expected a function");
  });

  it("leaves the model as it was when it is printed", () => {
    const model = new Mlp();
    const optimizer = new Optimizer(model, sgd(0.1));
    const [x, y] = [inputs(), labels()];
    const before = [bitsIn(model), bitsIn(optimizer), tf.memory().numTensors, dataIds()];
    const text = printProgram(train)(model, optimizer, x, y);
    expect([bitsIn(model), bitsIn(optimizer), tf.memory().numTensors, dataIds()]).toEqual(before);
    expect(text).toContain("# first");
    expect(text).toContain("0.dropout.rngs.count <- h");
    expect(text).toContain("result <- v");
  });
});

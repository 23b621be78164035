/**
 * @file The kinds of cases in Flax's tests of transforms that the files beside this one do not have:
 * references that stay, are swapped or shared, and what is refused.
 */
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import * as nnx from "../index.ts";

const numbers = (x: tf.Tensor): number[] => [...x.dataSync()];
const linear = (din: number, dout: number, seed = 0): nnx.Linear =>
  new nnx.Linear(din, dout, { rngs: new nnx.Rngs(seed) });

class Counter extends nnx.Module {
  readonly n: nnx.BatchStat<tf.Tensor>;
  constructor(n: tf.Tensor) {
    super();
    this.n = new nnx.BatchStat(n);
  }
  add(by: number): void {
    this.n.value = tf.add(this.n.value, by);
  }
}
const counter = (): Counter => new Counter(tf.scalar(0));

class Pair extends nnx.Module {
  a: nnx.Module;
  b: nnx.Module;
  self: Pair | null = null;
  constructor(a: nnx.Module, b: nnx.Module) {
    super();
    this.a = a;
    this.b = b;
  }
}

class Env extends nnx.Module {
  readonly broadcast: nnx.Param<tf.Tensor> = new nnx.Param(tf.scalar(1) as tf.Tensor);
  readonly index: nnx.BatchStat<tf.Tensor> = new nnx.BatchStat(tf.range(0, 8) as tf.Tensor);
  readonly step: nnx.BatchStat<tf.Tensor> = new nnx.BatchStat(tf.zeros([8]));
}
const isEven = (x: tf.Tensor): tf.Tensor => tf.equal(tf.mod(x, 2), 0);

class Foo extends nnx.Module {
  readonly x: nnx.Param<tf.Tensor> = new nnx.Param(tf.scalar(1) as tf.Tensor);
  readonly y: nnx.Param<tf.Tensor> = new nnx.Param(tf.scalar(2) as tf.Tensor);
  z = 0;
}
const product = (m: Foo): tf.Tensor => tf.mul(tf.sin(m.x.value), m.y.value);

const cases: Readonly<Record<string, () => void>> = {
  "jit: a method": () => {
    let runs = 0;
    class Own extends nnx.Module {
      readonly w = new nnx.Param(tf.ones([2, 3]));
      readonly call = nnx.jit((m: Own, x: tf.Tensor2D) => {
        runs++;
        return tf.matMul(x, m.w.value as tf.Tensor2D);
      });
    }
    const m = new Own();
    for (let i = 0; i < 2; i++) expect(numbers(m.call(m, tf.ones([1, 2])))).toEqual([2, 2, 2]);
    expect(runs).toBe(1);
  },
  "jit: modules of one type and of two, and Variables, that are swapped": () => {
    const swap = nnx.jit((m: Pair) => {
      [m.a, m.b] = [m.b, m.a];
    });
    for (const b of [linear(2, 2, 1), new nnx.BatchNorm(2, { rngs: new nnx.Rngs(0) })]) {
      const a = linear(2, 2);
      const kernel = numbers(a.kernel.value);
      const m = new Pair(a, b);
      swap(m);
      expect([m.a === b, m.b === a]).toEqual([true, true]);
      swap(m);
      expect([m.a === a, m.b === b]).toEqual([true, true]);
      expect(numbers(a.kernel.value)).toEqual(kernel);
    }
    const foo = new Foo() as { x: unknown; y: unknown };
    const [x, y] = [foo.x, foo.y];
    nnx.jit((m: Foo) => {
      const own = m as { x: unknown; y: unknown };
      [own.x, own.y] = [own.y, own.x];
    })(foo as Foo);
    expect([foo.x === y, foo.y === x]).toEqual([true, true]);
  },
  "jit: a module that gets a reference to itself, and is returned": () => {
    const m = new Pair(linear(2, 2), linear(2, 2));
    const f = nnx.jit((own: Pair) => {
      own.self = own;
      return own;
    });
    for (let i = 0; i < 3; i++) expect([f(m) === m, m.self === m]).toEqual([true, true]);
  },
  "jit: modules in containers": () => {
    let runs = 0;
    const f = nnx.jit((tree: readonly [{ readonly m: Counter }]) => {
      runs++;
      tree[0].m.add(1);
    });
    const m = counter();
    for (let i = 0; i < 3; i++) f([{ m }]);
    expect([runs, numbers(m.n.value)]).toEqual([1, [3]]);
  },
  "vmap: one Variable with two axes is refused, with its path": () => {
    const m = linear(3, 3);
    const f = nnx.vmap((_a: nnx.Linear, _b: nnx.Linear) => null, { inAxes: [0, 1] });
    expect(() => f(m, m)).toThrow(
      /vmap: expected one axis for each Variable, .* argument 0 at bias .* argument 1 at bias/,
    );
    const shared = linear(3, 3);
    const [p, q] = [new Pair(shared, linear(3, 3, 1)), new Pair(shared, linear(3, 3, 2))];
    const g = nnx.vmap((_p: Pair, _q: Pair) => null, { inAxes: [0, 1] });
    expect(() => g(p, q)).toThrow(/a\.(bias|kernel)/);
    const back = nnx.vmap((own: nnx.Linear) => own, { outAxes: 1 });
    // Flax refuses this. Here what is returned is the argument itself, whatever the axis.
    expect(back(m)).toBe(m);
  },
  "vmap: axes that say the same in other words are one": () => {
    const m = linear(3, 3);
    const f = nnx.vmap((_a: nnx.Linear, _b: nnx.Linear, _c: nnx.Linear) => null, {
      inAxes: [0, new nnx.StateAxes([[true, 0]]), new nnx.StateAxes([[nnx.Param, 0]])],
    });
    expect(() => f(m, m, m)).not.toThrow();
  },
  "vmap: a choice inside that changes sliced Variables, and one that changes others": () => {
    const env = new Env();
    const inAxes = [
      new nnx.StateAxes([
        [nnx.Param, null],
        [nnx.BatchStat, 0],
      ]),
    ];
    const one = (own: Env): void => {
      own.step.value = tf.add(own.step.value, 1);
    };
    const none = (_own: Env): void => {};
    nnx.vmap((own: Env) => nnx.cond(isEven(own.index.value), one, none, own) ?? null, { inAxes })(env);
    expect(numbers(env.step.value)).toEqual([1, 0, 1, 0, 1, 0, 1, 0]);
    const both = (own: Env): void => {
      one(own);
      own.broadcast.value = tf.add(own.broadcast.value, 1);
    };
    const f = nnx.vmap((own: Env) => nnx.cond(isEven(own.index.value), both, none, own) ?? null, { inAxes });
    expect(() => f(env)).toThrow(/broadcast/);
    expect(numbers(env.step.value)).toEqual([1, 0, 1, 0, 1, 0, 1, 0]);
  },
  "vmap: results along the axes of paths": () => {
    const make = nnx.vmap((key: nnx.PRNGKey) => new nnx.Linear(2, 3, { rngs: new nnx.Rngs(key) }), {
      outAxes: new nnx.StateAxes([
        [nnx.pathContains("kernel"), 0],
        [nnx.pathContains("bias"), 1],
      ]),
    });
    const m = make(nnx.random.split(nnx.random.key(0), 5));
    expect([m.kernel.value.shape, m.bias?.value.shape]).toEqual([
      [5, 2, 3],
      [3, 5],
    ]);
  },
  "scan: the carry alone, and a module in it": () => {
    const m = counter();
    const loop = nnx.scan(
      (own: Counter) => {
        own.add(1);
        return own;
      },
      { inAxes: nnx.Carry, outAxes: nnx.Carry, length: 3 },
    );
    expect(loop(m)).toBe(m);
    expect(numbers(m.n.value)).toEqual([3]);
  },
  "scan: a carry that is another module is refused": () => {
    const f = nnx.scan((own: Counter, x: tf.Tensor) => [new Counter(own.n.value), x] as const);
    expect(() => f(counter(), tf.range(0, 3))).toThrow(/the same modules and Variables/);
  },
  "scan: everything sliced, and everything whole": () => {
    const m = new Counter(tf.range(0, 3));
    const each = nnx.scan(
      (own: Counter, x: tf.Tensor) => {
        own.add(1);
        return tf.add(x, 1) as tf.Tensor;
      },
      { inAxes: 0, outAxes: 0 },
    );
    expect(numbers(each(m, tf.range(0, 3)))).toEqual([1, 2, 3]);
    expect(numbers(m.n.value)).toEqual([1, 2, 3]);
    const whole = nnx.scan((own: Counter, x: tf.Tensor) => tf.add(x, tf.sum(own.n.value)) as tf.Tensor, {
      inAxes: null,
      outAxes: 0,
      length: 4,
    });
    expect(numbers(whole(new Counter(tf.scalar(2)), tf.scalar(1)))).toEqual([3, 3, 3, 3]);
  },
  "scan: results along several axes": () => {
    const f = nnx.scan((c: tf.Tensor, x: tf.Tensor) => [c, tf.add(c, x), tf.mul(c, x)] as const, {
      inAxes: [nnx.Carry, 0],
      outAxes: [nnx.Carry, 1, 2],
    }) as (c: tf.Tensor, x: tf.Tensor) => readonly [tf.Tensor, tf.Tensor, tf.Tensor];
    expect(f(tf.ones([1, 3]), tf.ones([5, 1, 3])).map(({ shape }) => shape)).toEqual([
      [1, 3],
      [1, 5, 3],
      [1, 3, 5],
    ]);
  },
  "scan: streams that are split, and one that is the same for each step": () => {
    const rngs = new nnx.Rngs({ params: nnx.random.split(nnx.random.key(0), 3), dropout: 1 });
    const f = nnx.scan(
      (c: null, own: nnx.Rngs) => [c, [own.nextKey("params"), own.nextKey("dropout")]] as const,
      {
        inAxes: [
          nnx.Carry,
          new nnx.StateAxes([
            [nnx.pathContains("params"), 0],
            [true, null],
          ]),
        ],
        outAxes: [nnx.Carry, 0],
        length: 3,
      },
    ) as unknown as (c: null, r: nnx.Rngs) => [null, [nnx.PRNGKey, nnx.PRNGKey]];
    const [, [params, dropout]] = f(null, rngs);
    const all = (keys: nnx.PRNGKey): Set<string> => new Set([...keys].map(String));
    expect([all(params).size, all(dropout).size]).toEqual([3, 1]);
  },
  "scan with remat, BatchNorm and Dropout": () => {
    class Block extends nnx.Module {
      readonly linear: nnx.Linear;
      readonly bn: nnx.BatchNorm;
      readonly drop: nnx.Dropout;
      constructor(rngs: nnx.Rngs) {
        super();
        this.linear = new nnx.Linear(3, 3, { rngs });
        this.bn = new nnx.BatchNorm(3, { rngs });
        this.drop = new nnx.Dropout(0.5, { rngs });
      }
    }
    const make = (): Block =>
      nnx.splitRngs(
        nnx.vmap((rngs: nnx.Rngs) => new Block(rngs)),
        { splits: 5 },
      )(new nnx.Rngs({ params: 0, dropout: 1 }));
    const layer = (h: tf.Tensor, m: Block) =>
      [nnx.gelu(m.drop.forward(m.bn.forward(m.linear.forward(h)))), null] as const;
    const lossOf = (f: typeof layer) => (m: Block) =>
      tf.sum((nnx.scan(f as never) as (h: tf.Tensor, m: Block) => [tf.Tensor, null])(tf.ones([4, 3]), m)[0]);
    const [plain, again] = [make(), make()];
    const [a, b] = [
      nnx.valueAndGrad(lossOf(layer))(plain),
      nnx.valueAndGrad(lossOf(nnx.remat(layer)))(again),
    ];
    expect(numbers(b[0] as tf.Tensor)).toEqual(numbers(a[0] as tf.Tensor));
    const flat = (state: object): unknown =>
      nnx.flattenState(state as never).map(([, leaf]) => numbers((leaf as { value: tf.Tensor }).value));
    expect(flat(b[1])).toEqual(flat(a[1]));
    expect(numbers(again.bn.mean.value as tf.Tensor)).toEqual(numbers(plain.bn.mean.value as tf.Tensor));
  },
  "cond: a branch that puts new Variables into a module": () => {
    class Game extends nnx.Module {
      time = { step: new nnx.Variable(tf.scalar(0) as tf.Tensor), reward: new nnx.Variable(tf.scalar(0)) };
    }
    const reward = (value: number) => (m: Game) => {
      const step = new nnx.Variable(tf.add(m.time.step.value, 1) as tf.Tensor);
      m.time = { step, reward: new nnx.Variable(tf.scalar(value)) };
    };
    const m = new Game();
    for (const [step, value] of [
      [1, 2],
      [2, 0],
      [3, 2],
    ]) {
      nnx.cond(isEven(m.time.step.value), reward(2), reward(0), m);
      expect([numbers(m.time.step.value), numbers(m.time.reward.value)]).toEqual([[step], [value]]);
    }
  },
  "switch: branches that write, in turn": () => {
    const m = linear(2, 2);
    m.kernel.value = tf.eye(2);
    const x = tf.ones([1, 2]);
    const branches = [
      (own: nnx.Linear, v: tf.Tensor) => own.forward(v),
      (own: nnx.Linear, v: tf.Tensor) => tf.mul(own.forward(v), 2) as tf.Tensor,
      (own: nnx.Linear, v: tf.Tensor) => {
        own.kernel.value = tf.zeros([2, 2]);
        return own.forward(v);
      },
    ];
    expect([0, 1, 2, 0].map((i) => numbers(nnx.switch(i, branches, m, x))[0])).toEqual([1, 2, 0, 0]);
  },
  "whileLoop: modules, Variables, what is shared, and what is there twice": () => {
    const [m1, m2] = [linear(2, 2), new nnx.Linear(2, 2, { useBias: false, rngs: new nnx.Rngs(0) })];
    m1.kernel.value = tf.mul(tf.eye(2), 2);
    (m2 as { kernel: unknown }).kernel = m1.kernel;
    const w = new nnx.Variable(tf.mul(tf.eye(2), 0.5));
    type Value = [nnx.Linear, readonly [typeof w], nnx.Sequential, tf.Tensor, number];
    const both = new nnx.Sequential(m1, m2);
    const [, , , y] = nnx.whileLoop<Value>(
      (v) => v[4] > 0,
      ([a, [b], c, x, n]) => [
        a,
        [b],
        c,
        tf.matMul(a.forward(x) as tf.Tensor2D, b.value as tf.Tensor2D),
        n - 1,
      ],
      [m1, [w], both, tf.ones([1, 2]), 3],
    );
    expect(numbers(y)).toEqual([1, 1]);
    const [last] = nnx.whileLoop<[tf.Tensor, nnx.Sequential, number]>(
      (v) => v[2] > 0,
      ([x, c, n]) => {
        const next = c.forward(x) as tf.Tensor;
        m1.kernel.value = tf.zeros([2, 2]);
        return [next, c, n - 1];
      },
      [tf.ones([1, 2]), both, 2],
    );
    expect([numbers(last), m2.kernel === m1.kernel, numbers(m2.kernel.value)]).toEqual([
      [0, 0],
      true,
      [0, 0, 0, 0],
    ]);
    const twice = nnx.whileLoop<[number, nnx.Linear, nnx.Linear]>(
      (v) => v[0] < 2,
      ([n, a]) => [n + 1, a, a],
      [0, m1, m1],
    );
    expect([twice[1] === m1, twice[2] === m1]).toEqual([true, true]);
  },
  "whileLoop: another structure is refused": () => {
    const f = (): unknown =>
      nnx.whileLoop<[nnx.Linear, number]>(
        (v) => v[1] > 0,
        ([, n]) => [new nnx.Linear(2, 2, { useBias: false, rngs: new nnx.Rngs(1) }), n - 1],
        [linear(2, 2), 2],
      );
    expect(f).toThrow(/whileLoop at 0.bias: expected the value to have the same/);
    const m = linear(2, 2);
    const { kernel } = m;
    const g = (): unknown =>
      nnx.whileLoop<[nnx.Linear, number]>(
        (v) => v[1] > 0,
        ([own, n]) => {
          (own as { kernel: unknown }).kernel = new nnx.Param(tf.zeros([2, 2]));
          return [own, n - 1];
        },
        [m, 2],
      );
    // Flax refuses this. Here a module may get another Variable of the same shape, as in a loop by hand.
    expect(g).not.toThrow();
    expect(m.kernel).not.toBe(kernel);
  },
  "foriLoop: writes each index, and in jit through shared modules": () => {
    const m = linear(2, 2);
    const [, y] = nnx.foriLoop<[nnx.Linear, tf.Tensor]>(
      2,
      4,
      (i, [own, x]) => {
        own.kernel.value = tf.mul(tf.eye(2), i);
        return [own, own.forward(x)];
      },
      [m, tf.ones([1, 2])],
    );
    expect(numbers(y)).toEqual([6, 6]);
    const shared = counter();
    const pair = new Pair(shared, new Pair(shared, linear(1, 1)));
    const run = nnx.jit((p: Pair) => {
      nnx.foriLoop(
        0,
        10,
        (_, own: Pair) => {
          (own.a as Counter).add(1);
          return own;
        },
        p,
      );
    });
    run(pair);
    run(pair);
    expect(numbers(shared.n.value)).toEqual([20]);
  },
  "customVjp: a module, what it changes, and jit around it, with remat inside": () => {
    for (const wrap of [(f: (m: Foo) => tf.Tensor) => f, (f: (m: Foo) => tf.Tensor) => nnx.remat(f)]) {
      const f = nnx.customVjp(
        wrap((m: Foo) => {
          m.z += 1;
          return product(m);
        }),
      );
      f.defvjp(
        (m) => [f(m), [tf.cos(m.x.value), tf.sin(m.x.value), m.y.value]] as const,
        ([cos, sin, y], g) => [{ x: tf.mul(tf.mul(cos!, g), y!), y: tf.mul(sin!, g) }],
      );
      const m = new Foo();
      const grads = nnx.grad((own: Foo) => f(own))(m) as unknown as Record<"x" | "y", { value: tf.Tensor }>;
      expect(numbers(grads.x.value)[0]).toBeCloseTo(2 * Math.cos(1), 5);
      expect(numbers(grads.y.value)[0]).toBeCloseTo(Math.sin(1), 5);
      expect(m.z).toBe(1);
    }
  },
  "customVjp: two modules, of which one is returned, and arguments without gradients": () => {
    const f = nnx.customVjp(
      (_a: number, m1: Foo, m2: Foo) => [product(m1), tf.mul(m2.x.value, m2.y.value)] as const,
      { nondiffArgnums: [0] },
    );
    f.defvjp(
      (a, m1, m2) =>
        [f(a, m1, m2), [tf.cos(m1.x.value), tf.sin(m1.x.value), m1.y.value, m2.x.value, m2.y.value]] as const,
      ([cos, sin, y1, x2, y2], [g, h]) => [
        { x: tf.mul(tf.mul(cos!, g), y1!), y: tf.mul(sin!, g) },
        { x: tf.mul(h, y2!), y: tf.mul(h, x2!) },
      ],
    );
    const loss = (m1: Foo, m2: Foo): tf.Tensor => tf.addN([...f(1, m1, m2)]);
    const grads = nnx.grad(loss, { argnums: [0, 1] })(new Foo(), new Foo()) as unknown as Record<
      "x" | "y",
      { value: tf.Tensor }
    >[];
    expect(numbers(grads[0]!.x.value)[0]).toBeCloseTo(2 * Math.cos(1), 5);
    expect([grads[1]!.x, grads[1]!.y].map(({ value }) => numbers(value)[0])).toEqual([2, 1]);
  },
  "customVjp: a recorded loss whose rule counts": () => {
    class Own extends nnx.Module {
      readonly kernel = new nnx.Param(tf.ones([4, 2]));
      readonly n = new nnx.BatchStat(tf.scalar(0) as tf.Tensor);
    }
    const f = nnx.customVjp((m: Own, x: tf.Tensor2D) => {
      m.n.value = tf.add(m.n.value, 1);
      return tf.matMul(x, m.kernel.value as tf.Tensor2D) as tf.Tensor;
    });
    f.defvjp(
      (m, x) => [f(m, x), [m.kernel.value, x]] as const,
      ([kernel, x], g) => [
        { kernel: tf.matMul(x as tf.Tensor2D, g as tf.Tensor2D, true) },
        tf.matMul(g as tf.Tensor2D, kernel as tf.Tensor2D, false, true),
      ],
    );
    const run = nnx.jit((x: tf.Tensor2D, m: Own) =>
      nnx.valueAndGrad((a: tf.Tensor2D) => tf.mean(f(m, a)))(x),
    );
    const m = new Own();
    for (let i = 1; i < 3; i++) {
      const [loss, grad] = run(tf.ones([3, 4]), m);
      expect([numbers(loss as tf.Tensor), (grad as tf.Tensor).shape, numbers(m.n.value)]).toEqual([
        [4],
        [3, 4],
        [i],
      ]);
    }
  },
};

onEachBackend("kinds of Flax's tests", () => {
  it.each(Object.entries(cases))("%s", (_name, run) => {
    tf.engine().startScope();
    try {
      run();
    } finally {
      tf.engine().endScope();
    }
  });
});

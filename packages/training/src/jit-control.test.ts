/** @file Branches and loops in recorded functions. */
import {
  cond,
  dispose,
  foriLoop,
  grad,
  jit,
  Module,
  Param,
  printProgram,
  scan,
  switch as switch_,
  tidy,
  Variable,
  valueAndGrad,
  whileLoop,
} from "@nnxjs/nnx-core";
import { Dropout, Linear } from "@nnxjs/layers";
import { type PRNGKey, random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { bitsIn } from "../test/bits-in.ts";
import { adam, Optimizer } from "./index.ts";

const numbersOf = (x: tf.Tensor): number[] => [...x.dataSync()];
const dataIds = (): number => tf.engine().backend.numDataIds();
const counts = (): number[] => [tf.memory().numTensors, dataIds()];

/** Calls both with the same arguments, and compares results and models. */
function compare<M extends object>(
  f: (m: M, x: tf.Tensor) => unknown,
  make: () => M,
  inputs: readonly tf.TensorLike[],
): void {
  const [model, twin] = [make(), make()];
  const fast = jit(f);
  const run = (g: typeof f, m: M, x: tf.Tensor): unknown =>
    tidy(() => {
      const result = g(m, x);
      return (Array.isArray(result) ? result : [result]).map((each: unknown) =>
        each instanceof tf.Tensor ? numbersOf(each) : each,
      );
    });
  let before: number[] = [];
  inputs.forEach((input, i) => {
    const x = tf.tensor(input);
    expect(run(fast, twin, x), `call ${i}`).toEqual(run(f, model, x));
    expect(bitsIn(twin), `call ${i}`).toEqual(bitsIn(model));
    x.dispose();
    if (i === 1) before = counts();
  });
  expect(counts()).toEqual(before);
  expect(fast.programs.map(({ replays }) => replays)).toEqual([inputs.length - 1]);
  fast.dispose();
  dispose([model, twin]);
}

class Noisy extends Module {
  readonly kernel: Param<tf.Tensor> = new Param(tf.tensor1d([1, 2]));
  readonly dropout: Dropout = new Dropout(0.5, { rngs: new Rngs(3) });
  readonly calls: Variable<number> = new Variable(0);
}
const positive = (x: tf.Tensor): tf.Tensor => tf.greater(tf.sum(x), 0);

onEachBackend("branches in recorded functions", () => {
  it("chooses at each replay, and writes what the chosen branch writes", () => {
    const f = (m: Noisy, x: tf.Tensor): tf.Tensor[] => {
      const [y, same] = cond(
        positive(x),
        (each: Noisy, input: tf.Tensor) => {
          each.kernel.value = tf.add(each.kernel.value, input);
          return [each.dropout.forward(input), input] as const;
        },
        (each: Noisy, input: tf.Tensor) => {
          each.calls.value = 0;
          return [tf.neg(input), each.kernel.value] as const;
        },
        m,
        x,
      );
      // Draws after the branch depend on how often it drew.
      return [m.dropout.forward(tf.add(y, same)), y, same];
    };
    compare(f, () => new Noisy(), [
      [1, 2],
      [-1, 0],
      [3, 4],
      [-5, -6],
      [7, 8],
      [1, 1],
    ]);
  });

  it("takes one of several branches, in branches and in loops", () => {
    const f = (m: Noisy, x: tf.Tensor): tf.Tensor =>
      switch_(
        tf.cast(tf.sum(x), "int32"),
        [
          (y: tf.Tensor) => tf.neg(y),
          (y: tf.Tensor) =>
            cond(
              positive(tf.sub(y, 0.5)),
              (z) => tf.mul(z, 3),
              (z) => z,
              y,
            ),
          (y: tf.Tensor) =>
            whileLoop(
              (z) => tf.less(tf.sum(z), 100),
              (z) => tf.add(tf.mul(z, 2), m.kernel.value),
              y,
            ),
        ],
        x,
      );
    compare(f, () => new Noisy(), [
      [1, 2],
      [-1, 0],
      [0.5, 0.5],
      [1, 0],
      [-5, 6],
      [30, 1],
      [99, 9],
    ]);
  });

  it("may run an optimizer, whose counts go with the branch", () => {
    class Trainer extends Module {
      readonly model: Linear = new Linear(2, 1, { rngs: new Rngs(0) });
      readonly optimizer: Optimizer = new Optimizer(
        this.model,
        adam((n) => 0.1 / (1 + n)),
        { wrt: Param },
      );
    }
    const f = (m: Trainer, x: tf.Tensor): tf.Tensor => {
      const lossOf = (each: Linear): tf.Tensor => tf.mean(tf.square(each.forward(tf.reshape(x, [1, 2]))));
      const [loss, grads] = valueAndGrad(lossOf)(m.model);
      cond(
        tf.less(loss, 5),
        (each: Trainer) => each.optimizer.update(each.model, grads),
        () => undefined,
        m,
      );
      dispose(grads);
      return loss;
    };
    compare(f, () => new Trainer(), [
      [1, 2],
      [100, 0],
      [1, 1],
      [200, 100],
      [-1, 1],
      [1, 0],
    ]);
  });

  it("leaves a choice that the host knows as it is", () => {
    const f = (m: Noisy, x: tf.Tensor): tf.Tensor =>
      cond(
        m.calls.value > 0,
        () => x,
        () => tf.neg(x),
      );
    compare(f, () => new Noisy(), [[1], [2], [3]]);
  });

  const odd: readonly (readonly [string, (m: Noisy, x: tf.Tensor) => unknown, RegExp])[] = [
    [
      "shapes",
      (_m, x) =>
        cond(
          positive(x),
          () => tf.sum(x),
          () => x,
        ),
      /cond: expected branches with results/,
    ],
    [
      "places",
      (_m, x) =>
        cond(
          positive(x),
          () => ({ a: x }),
          () => ({ b: x }) as never,
        ),
      /cond at [ab]: expected/,
    ],
    [
      "numbers",
      (_m, x) =>
        cond(
          positive(x),
          () => [x, 1],
          () => [x, 2],
        ),
      /cond: expected plain numbers.*tf.scalar/,
    ],
    [
      "a Variable",
      (m, x) =>
        cond(
          positive(x),
          () => m.kernel.setValue(tf.sum(x)),
          () => undefined,
        ),
      /cond at 0.kernel: expected a Variable to keep/,
    ],
    [
      "attributes",
      (m, x) =>
        cond(
          positive(x),
          (each: Noisy) => void Object.assign(each, { more: 1 }),
          (_each: Noisy) => undefined,
          m,
        ),
      /cond: expected functions that change values alone/,
    ],
    [
      "kept tensors",
      (_m, x) => {
        let kept = x;
        cond(
          positive(x),
          () => {
            kept = tf.neg(x);
          },
          () => undefined,
        );
        return kept;
      },
      /jit: expected/,
    ],
    [
      "gradients of gradients",
      (_m, x) =>
        grad((z: tf.Tensor) =>
          tf.sum(
            grad((y: tf.Tensor) =>
              cond(
                positive(y),
                () => tf.sum(y),
                () => tf.mean(y),
              ),
            )(z),
          ),
        )(x),
      /cond: expected a value that is known.*inside of a gradient.*tf.where/,
    ],
    [
      "a loop in a gradient",
      (_m, x) =>
        grad((z: tf.Tensor) =>
          whileLoop(
            (y) => tf.less(y, 10),
            (y) => tf.mul(y, 2),
            tf.sum(z),
          ),
        )(x),
      /whileLoop: expected a value that is known.*inside of a gradient.*no gradient.*fixed number of times/,
    ],
    [
      "the value of a loop",
      (_m, x) =>
        whileLoop(
          (y) => positive(y),
          (y) => tf.sum(y),
          x,
        ),
      /whileLoop: expected the value to have the same structure/,
    ],
    [
      "a number in a loop",
      (_m, x) =>
        whileLoop(
          ([y]) => positive(y),
          ([y, n]) => [tf.sub(y, 1), n + 1] as [tf.Tensor, number],
          [x, 0] as [tf.Tensor, number],
        ),
      /whileLoop: expected plain numbers/,
    ],
    [
      "a module that a loop does not get",
      (m, x) =>
        whileLoop(
          (y) => positive(y),
          (y) => {
            m.kernel.value = tf.neg(m.kernel.value);
            return tf.sub(y, 1);
          },
          x,
        ),
      /whileLoop: expected a loop that changes what is in its value alone.*0.kernel/,
    ],
  ];
  it.each(odd)("refuses what another run could not repeat, and changes nothing: %s", (_name, f, message) => {
    const model = new Noisy();
    const x = tf.tensor1d([1, 2]);
    const before = [bitsIn(model), counts()];
    expect(() => jit(f)(model, x)).toThrow(message);
    expect([bitsIn(model), counts()]).toEqual(before);
  });
});

onEachBackend("loops in recorded functions", () => {
  it("repeats as often as the values say, with modules, keys and draws", () => {
    const f = (m: Noisy, x: tf.Tensor): unknown => {
      const [left, sum] = whileLoop(
        ([n, , each]) => tf.greater(tf.sub(n, tf.mul(tf.sum(each.kernel.value), 0)), 0),
        ([n, total, each]) => {
          each.kernel.value = tf.mul(each.kernel.value, 1.5);
          each.calls.value = 0;
          return [tf.sub(n, 1), tf.add(total, each.dropout.forward(tf.ones([3]))), each] as const;
        },
        [tf.sum(x), tf.zeros([3]), m] as readonly [tf.Tensor, tf.Tensor, Noisy],
      );
      return [left, sum, m.dropout.forward(tf.ones([2]))];
    };
    compare(f, () => new Noisy(), [
      [2, 1],
      [0, -1],
      [4, 0],
      [1, 0],
      [0, 0],
      [5, 2],
    ]);
  });

  it("hands keys on", () => {
    const f = (key: PRNGKey, n: tf.Tensor): tf.Tensor[] => {
      const [, last, drawn] = whileLoop(
        ([left]) => tf.greater(left, 0),
        ([left, each]) => {
          const [next, own] = random.split(each);
          return [tf.sub(left, 1), next, random.normal(own, [2])] as const;
        },
        [n, key, tf.zeros([2])] as readonly [tf.Tensor, PRNGKey, tf.Tensor],
      );
      return [drawn, random.uniform(last, [2])];
    };
    const fast = jit(f);
    for (const [seed, n] of [
      [0, 2],
      [1, 0],
      [2, 5],
      [3, 1],
    ] as const) {
      const count = tf.scalar(n);
      expect(tidy(() => fast(random.key(seed), count).map(numbersOf))).toEqual(
        tidy(() => f(random.key(seed), count).map(numbersOf)),
      );
    }
    expect(fast.programs.map(({ replays }) => replays)).toEqual([3]);
  });

  it("records for each bound of foriLoop, and raises where it keeps changing", () => {
    const fast = jit((n: tf.Tensor, x: tf.Tensor) => foriLoop(0, n, (i, y) => tf.add(tf.mul(y, 2), i), x));
    const x = tf.scalar(1);
    const at = (n: number): number[] => tidy(() => numbersOf(fast(tf.scalar(n, "int32"), x)));
    expect([at(3), at(3), at(1), at(3), at(0)]).toEqual([[12], [12], [2], [12], [1]]);
    expect(() => at(2)).toThrow(/bounds of loops that stay/);
    expect(at(1)).toEqual([2]);
    expect(fast.programs.map(({ reason }) => reason.slice(0, 14))).toEqual([
      "the first call",
      "a tensor that ",
      "a tensor that ",
    ]);
  });

  it("scans, with branches in the steps", () => {
    const step = scan((carry: tf.Tensor, each: tf.Tensor) => {
      const next = cond(
        tf.greater(each, 0),
        () => tf.add(carry, each),
        () => carry,
      );
      return [next, tf.mul(next, 2)] as const;
    });
    const f = (_m: Noisy, x: tf.Tensor): tf.Tensor[] => [...step(tf.scalar(0), x)];
    compare(f, () => new Noisy(), [
      [1, -2, 3],
      [-1, -2, -3],
      [1, 2, 3],
      [-4, 5, 6],
    ]);
  });

  it("prints blocks", () => {
    const f = (x: tf.Tensor): tf.Tensor =>
      whileLoop(
        (y) => tf.less(tf.sum(y), 10),
        (y) =>
          cond(
            positive(y),
            (z) => tf.mul(z, 2),
            (z) => tf.neg(z),
            y,
          ),
        x,
      );
    expect(printProgram(f)(tf.tensor1d([1, 2]))).toMatchInlineSnapshot(`
      "x0:float32[2] = 0
      c3:float32[] = 10
      c6:float32[] = 0
      c9:float32[] = 2
      v12:float32[2] = repeat x0
        with v1:float32[2]:
          v2:float32[] = Sum v1 {keepDims: false}
          v4:bool[] = Less v2 c3
          stop at 0 v4 v1
          v7:bool[] = Greater v2 c6
          v11:float32[2] = choose by v7
            0:
              v8:float32[2] = Neg v1
              give v8
            1:
              v10:float32[2] = Multiply v1 c9
              give v10
          give v11
      result <- v12"
    `);
  });

  it("gives gradients of a recorded loop that runs as it is", () => {
    const double = jit((x: tf.Tensor) =>
      whileLoop(
        (y) => tf.less(y, 10),
        (y) => tf.mul(y, 2),
        x,
      ),
    );
    expect(numbersOf(grad((x: tf.Tensor) => double(x))(tf.scalar(3)))).toEqual([4]);
  });
});

/** @file What `vmap` runs once for all slices gives what it gives slice by slice. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../../scripts/use-backend.ts";
import * as nnx from "../index.ts";

const SLICES = 3;

const normal = (seed: number, shape: readonly number[]): tf.Tensor =>
  nnx.random.normal(nnx.random.key(seed), [...shape]);

/** All numbers in a result, and in Variables. */
function numbersIn(value: unknown, found: number[] = []): number[] {
  if (value instanceof tf.Tensor) found.push(...value.shape, ...value.dataSync());
  else if (value instanceof nnx.PRNGKey) found.push(...value.shape, ...nnx.random.keyData(value));
  else if (typeof value === "number") found.push(value);
  else if (value instanceof nnx.Module || value instanceof nnx.Variable) {
    const state = nnx.state(value as nnx.Module);
    for (const [, leaf] of nnx.flattenState(state)) numbersIn((leaf as { value: unknown }).value, found);
    nnx.dispose(state);
  } else if (typeof value === "object" && value !== null)
    for (const item of value instanceof Map ? value.values() : Object.values(value)) numbersIn(item, found);
  return found;
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    const wanted = expected[i]!;
    if (Object.is(value, wanted)) return;
    expect(Math.abs(value - wanted)).toBeLessThanOrEqual(2e-5 * Math.max(1, Math.abs(wanted)));
  });
}

/** Runs `make()` both ways. The function is told to read where it has to run for each slice. */
function bothWays(
  make: (read: (x: unknown) => void) => { run: () => unknown; left?: readonly unknown[] },
  calls = 1,
): void {
  const runs = [false, true].map((reads) => {
    let count = 0;
    const { numTensors } = tf.memory();
    const { run, left = [] } = make((x) => {
      count++;
      const [first] =
        x instanceof tf.Tensor
          ? [x]
          : nnx
              .flattenState(nnx.state(x as nnx.Module, nnx.Param))
              .map(([, leaf]) => (leaf as { value: tf.Tensor }).value);
      if (reads) first?.dataSync();
    });
    const result = run();
    const numbers = numbersIn([result, left]);
    nnx.dispose([result, ...left]);
    expect(tf.memory().numTensors).toBe(numTensors);
    return { numbers, count };
  });
  const [batched, looped] = runs as [(typeof runs)[0], (typeof runs)[0]];
  expect([batched.count, looped.count]).toEqual([calls, SLICES]);
  expectClose(batched.numbers, looped.numbers);
}

type Op = (x: tf.Tensor, y: tf.Tensor) => unknown;
const a2 = (): tf.Tensor => tf.tensor2d([[0.5, -1, 2, 0.1]]);

/** Functions of two tensors of shape [4, 4]. The second is positive. */
const ops: Record<string, Op> = {
  add: (x, y) => tf.add(x, y),
  "add of a row": (x, y) => tf.add(tf.gather(x, 0), y),
  "add of a scalar": (x, y) => tf.add(tf.sum(x), y),
  "add of a constant": (x) => tf.add(x, a2()),
  "constant alone": () => tf.add(a2(), 1),
  arithmetic: (x, y) => [
    tf.sub(x, y),
    tf.mul(x, y),
    tf.div(x, y),
    tf.pow(y, x),
    tf.maximum(x, y),
    tf.minimum(x, y),
    tf.squaredDifference(x, y),
    tf.floorDiv(x, y),
    tf.mod(x, y),
    tf.atan2(x, y),
  ],
  comparisons: (x, y) => [
    tf.equal(x, x),
    tf.notEqual(x, y),
    tf.less(x, y),
    tf.lessEqual(x, y),
    tf.greater(x, y),
    tf.greaterEqual(x, tf.sum(y)),
    tf.logicalAnd(tf.greater(x, 0), tf.less(y, 1)),
    tf.logicalOr(tf.greater(x, 0), tf.less(y, 1)),
    tf.logicalNot(tf.greater(x, 0)),
    tf.logicalXor(tf.greater(x, 0), tf.less(y, 1)),
  ],
  where: (x, y) => [tf.where(tf.greater(x, 0), x, y), tf.where(tf.greater(x, 0), 1, y)],
  unary: (x, y) =>
    [
      tf.abs,
      tf.ceil,
      tf.cos,
      tf.elu,
      tf.erf,
      tf.exp,
      tf.expm1,
      tf.floor,
      tf.neg,
      tf.relu,
      tf.relu6,
      tf.round,
      tf.selu,
      tf.sigmoid,
      tf.sign,
      tf.sin,
      tf.softplus,
      tf.square,
      tf.tan,
      tf.tanh,
      tf.isNaN,
      tf.step,
      tf.zerosLike,
      tf.onesLike,
    ]
      .map((f) => (f as (t: tf.Tensor) => tf.Tensor)(x))
      .concat([tf.log(y), tf.log1p(y), tf.sqrt(y), tf.rsqrt(y), tf.reciprocal(y)]),
  activations: (x) => [
    nnx.gelu(x),
    nnx.silu(x),
    tf.leakyRelu(x, 0.1),
    tf.prelu(x, tf.scalar(0.2)),
    tf.clipByValue(x, -0.5, 0.5),
  ],
  casts: (x) => [tf.cast(tf.mul(x, 3), "int32"), tf.cast(x, "bool"), tf.cast(x, "float32")],
  sums: (x) => [
    tf.sum(x),
    tf.sum(x, 0),
    tf.sum(x, -1, true),
    tf.mean(x),
    tf.mean(x, [0, 1]),
    tf.max(x, 1),
    tf.min(x),
    tf.prod(x, 0),
    tf.argMax(x, 1),
    tf.argMin(x, 0),
    tf.any(tf.greater(x, 1)),
    tf.all(tf.greater(x, -9), 1),
    tf.mean(tf.sum(x)),
    tf.logSumExp(x),
    tf.norm(x),
  ],
  cumulative: (x) => [tf.cumsum(x, 1), tf.cumprod(x, 0), tf.cumsum(x, 0, true, true)],
  shapes: (x) => [
    tf.reshape(x, [2, 8]),
    tf.reshape(x, [-1]),
    tf.expandDims(x, 1),
    tf.squeeze(tf.expandDims(x)),
    tf.transpose(x),
    tf.transpose(tf.reshape(x, [2, 2, 4]), [2, 0, 1]),
  ],
  slices: (x) => [
    tf.slice(x, [1, 1], [2, 2]),
    tf.slice(x, 1, 2),
    tf.stridedSlice(x, [0, 1], [4, 4], [2, 2]),
    tf.gather(x, [2, 0, 2]),
    tf.gather(x, [1, 3], 1),
    tf.unstack(x, 1),
    tf.split(x, [1, 3], 1),
    tf.reverse(x, 1),
    tf.reverse(x),
  ],
  joins: (x, y) => [
    tf.concat([x, y], 1),
    tf.concat([x, a2()]),
    tf.stack([x, y], 2),
    tf.stack([x, tf.ones([4, 4])]),
    tf.tile(x, [2, 1]),
    tf.pad(
      x,
      [
        [1, 0],
        [0, 2],
      ],
      3,
    ),
    tf.mirrorPad(
      x,
      [
        [1, 1],
        [0, 2],
      ],
      "reflect",
    ),
  ],
  "look-ups": (x, y) => {
    const ids = tf.cast(tf.mul(tf.gather(y, 0), 2), "int32");
    return [
      tf.gather(a2(), tf.zerosLike(ids)),
      tf.oneHot(ids, 9),
      tf.gather(x, tf.minimum(ids, tf.scalar(3, "int32"))),
    ];
  },
  products: (x, y) => [
    tf.matMul(x, y),
    tf.matMul(x, y, true),
    tf.matMul(x, y, false, true),
    tf.matMul(x, a2(), false, true),
    tf.matMul(a2(), x),
    tf.dot(tf.gather(x, 0), tf.gather(y, 1)),
    tf.matMul(tf.reshape(x, [2, 2, 4]), tf.reshape(y, [2, 4, 2])),
    tf.matMul(tf.reshape(x, [4, 1, 4]), tf.reshape(y, [1, 4, 4])),
    tf.outerProduct(tf.tensor1d([1, 2]), tf.slice1d(tf.reshape(y, [16]) as tf.Tensor1D, 0, 2)),
  ],
  einsum: (x, y) => [tf.einsum("ij,kj->ik", x, y), tf.einsum("ij->j", x), tf.einsum("ij,jk->ki", x, y)],
  softmax: (x) => [tf.softmax(x), tf.logSoftmax(x), nnx.softmax(x, { axis: 0 })],
  losses: (x, y) => [
    nnx.softmaxCrossEntropy(x, tf.softmax(y)),
    nnx.softmaxCrossEntropyWithIntegerLabels(x, tf.argMax(y, 1)),
  ],
  topk: (x) => tf.topk(x, 2),
  images: (x) => {
    const image = tf.reshape(x, [1, 4, 4, 1]) as tf.Tensor4D;
    return [
      tf.maxPool(image, 2, 2, "valid"),
      tf.avgPool(image, 2, 1, "same"),
      tf.conv2d(image, tf.ones([2, 2, 1, 3]), 1, "same"),
      tf.depthwiseConv2d(image, tf.ones([2, 2, 1, 2]), 1, "valid"),
      tf.image.resizeBilinear(image, [8, 8]),
    ];
  },
  gradients: (x, y) => [
    nnx.grad((v: tf.Tensor) => tf.sum(tf.tanh(tf.matMul(v, y))))(x),
    nnx.grad((v: tf.Tensor) => tf.mean(tf.logSoftmax(tf.mul(v, y))))(x),
    nnx.grad((v: tf.Tensor) => tf.sum(nnx.grad((w: tf.Tensor) => tf.sum(tf.mul(tf.exp(w), y)))(v)))(x),
  ],
};

describe.each(["cpu", "wasm"] as const)("one run for all slices on %s", (backend) => {
  beforeAll(() => useBackend(backend));
  afterAll(() => useBackend("cpu"));

  it.each(Object.entries(ops))("%s", (_name, op) => {
    const args = [normal(0, [SLICES, 4, 4]), tf.add(tf.abs(normal(1, [SLICES, 4, 4])), 0.1)];
    bothWays((read) => ({
      run: () =>
        nnx.vmap((x: tf.Tensor, y: tf.Tensor) => {
          read(x);
          return op(x, y);
        })(args[0]!, args[1]!),
    }));
    nnx.dispose(args);
  });

  it("goes along other axes", () => {
    const args = [normal(0, [4, SLICES, 4]), normal(1, [4, 4, SLICES])];
    bothWays((read) => ({
      run: () =>
        nnx.vmap(
          (x: tf.Tensor, y: tf.Tensor) => {
            read(x);
            return { product: tf.matMul(x, y), sum: tf.sum(x, 0), same: y };
          },
          { inAxes: [1, -1], outAxes: { product: 1, sum: -1, same: 2 } },
        )(args[0]!, args[1]!),
    }));
    nnx.dispose(args);
  });
});

class Block extends nnx.Module {
  readonly linear: nnx.Linear;
  readonly norm: nnx.BatchNorm;
  readonly layerNorm: nnx.LayerNorm;
  readonly drop: nnx.Dropout;
  constructor(rngs: nnx.Rngs) {
    super();
    this.linear = new nnx.Linear(4, 6, { rngs });
    this.norm = new nnx.BatchNorm(6, { rngs });
    this.layerNorm = new nnx.LayerNorm(6, { rngs });
    this.drop = new nnx.Dropout(0.5, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.drop.forward(this.layerNorm.forward(tf.relu(this.norm.forward(this.linear.forward(x)))));
  }
}

type Layer = nnx.Module & { forward(x: tf.Tensor): tf.Tensor };

/** Layers with what they get. */
const layers: Record<string, readonly [make: (rngs: nnx.Rngs) => Layer, shape: readonly number[]]> = {
  Block: [(rngs) => new Block(rngs), [5, 4]],
  Conv: [(rngs) => new nnx.Conv(2, 3, [3, 3], { rngs }) as unknown as Layer, [2, 5, 5, 2]],
  GroupNorm: [(rngs) => new nnx.GroupNorm(4, { numGroups: 2, rngs }), [3, 4]],
  RMSNorm: [(rngs) => new nnx.RMSNorm(4, { rngs }), [3, 4]],
  Embed: [
    (rngs) => {
      const embed = new nnx.Embed(5, 3, { rngs });
      return Object.assign(embed, { forward: (x: tf.Tensor) => embed.attend(x) }) as unknown as Layer;
    },
    [2, 3],
  ],
  LinearGeneral: [(rngs) => new nnx.LinearGeneral([4], [2, 3], { rngs }) as unknown as Layer, [3, 4]],
  "LinearGeneral over two axes": [
    (rngs) => new nnx.LinearGeneral([3, 4], [2, 3], { axis: [-2, -1], rngs }) as unknown as Layer,
    [2, 3, 4],
  ],
  Einsum: [(rngs) => new nnx.Einsum("bi,io->bo", [4, 3], [3], { rngs }) as unknown as Layer, [2, 4]],
  MultiHeadAttention: [
    (rngs) => new nnx.MultiHeadAttention(2, 4, { decode: false, rngs }) as unknown as Layer,
    [2, 3, 4],
  ],
  RNN: [(rngs) => new nnx.RNN(new nnx.GRUCell(4, 3, { rngs })) as unknown as Layer, [2, 3, 4]],
};

describe.each(["cpu", "wasm"] as const)("an ensemble that runs once on %s", (backend) => {
  beforeAll(() => useBackend(backend));
  afterAll(() => useBackend("cpu"));

  describe.each(Object.entries(layers))("%s", (_name, [make, shape]) => {
    const ensemble = (): Layer => {
      const create = nnx.vmap((key: nnx.PRNGKey) => make(new nnx.Rngs(key)));
      return create(nnx.random.split(nnx.random.key(0), SLICES));
    };

    it("is made", () => {
      const x = tf.zeros([SLICES]);
      bothWays((read) => ({
        run: () =>
          nnx.vmap((key: nnx.PRNGKey, each: tf.Tensor) => {
            read(each);
            return make(new nnx.Rngs(key));
          })(nnx.random.split(nnx.random.key(0), SLICES), x),
      }));
      x.dispose();
    });

    it("computes, and writes its Variables", () => {
      const x = normal(3, shape);
      bothWays((read) => {
        const model = ensemble();
        const run = (): unknown =>
          nnx.vmap(
            (m: Layer, input: tf.Tensor) => {
              read(m);
              return m.forward(input);
            },
            { inAxes: [0, null] },
          )(model, x);
        return { run, left: [model] };
      });
      x.dispose();
    });

    it("takes steps of an optimizer", () => {
      const x = normal(4, [SLICES, ...shape]);
      bothWays((read) => {
        const model = ensemble();
        const optimizer = nnx.vmap(
          (m: Layer) => new nnx.Optimizer(m, nnx.adam(0.1, { eps: 0.01 }), { wrt: nnx.Param }),
        )(model);
        const step = nnx.vmap((m: Layer, opt: nnx.Optimizer, input: tf.Tensor) => {
          read(m);
          const lossOf = (n: Layer): tf.Tensor => tf.mean(tf.square(n.forward(input)));
          const [loss, grads] = nnx.valueAndGrad(lossOf)(m);
          opt.update(m, grads);
          return loss;
        });
        return { run: () => step(model, optimizer as nnx.Optimizer, x), left: [model, optimizer] };
      });
      x.dispose();
    });
  });
});

describe("vmap", () => {
  /** How often the function ran. */
  const callsOf = <A extends readonly unknown[]>(
    f: (...args: A) => unknown,
    options: nnx.VmapOptions,
    ...args: never[]
  ): readonly [calls: number, result: unknown] => {
    let calls = 0;
    const counted = (...given: A): unknown => {
      calls++;
      return f(...given);
    };
    const result = (nnx.vmap(counted, options) as (...all: never[]) => unknown)(...args);
    return [calls, result];
  };
  const x = tf.tensor1d([1, 2, 3]);

  it.each<readonly [string, (a: tf.Tensor) => unknown]>([
    ["reads a value", (a) => tf.mul(a, a.dataSync()[0]!)],
    ["draws with tensorflow.js", (a) => tf.add(a, tf.randomNormal([2]))],
    [
      "makes data past the engine",
      (a) =>
        tf.add(
          a,
          tf.engine().makeTensorFromTensorInfo(
            tf.backend().write
              ? {
                  dataId: tf.backend().write(new Float32Array([1]), [], "float32") as object,
                  shape: [],
                  dtype: "float32",
                }
              : ({} as never),
          ),
        ),
    ],
  ])("runs for each slice what %s", (_name, f) => {
    expect(callsOf(f, {}, x as never)[0]).toBe(3);
  });

  it("runs for each slice what writes to a Variable that it closes over", () => {
    const count = new nnx.Variable(0);
    const last = new nnx.Variable(tf.scalar(0));
    const [calls] = callsOf(
      (a: tf.Tensor) => {
        count.value += 1;
        last.value = tf.add(last.value, a) as tf.Scalar;
        return a;
      },
      {},
      x as never,
    );
    expect([calls, count.value, last.value.dataSync()[0]]).toEqual([3, 3, 6]);
  });

  it("draws with a stream that it closes over for each slice", () => {
    const rngs = new nnx.Rngs(0);
    const [calls, y] = callsOf(
      (a: tf.Tensor) => tf.add(a, nnx.random.normal(rngs.nextKey(), [])),
      {},
      x as never,
    );
    const keys = [0, 1, 2].map((i) => nnx.random.foldIn(nnx.random.key(0), i));
    const expected = keys.map((key, i) => i + 1 + (nnx.random.normal(key, []).dataSync()[0] as number));
    expect(calls).toBe(3);
    expectClose([...(y as tf.Tensor).dataSync()], expected);
    expect(rngs.stream().count.value).toBe(3);
  });

  it("runs for each slice what reads a number that differs, and once where it does not", () => {
    class Counted extends nnx.Module {
      readonly count: nnx.Variable<number | readonly number[]>;
      constructor(count: number | readonly number[]) {
        super();
        this.count = new nnx.Variable(count);
      }
    }
    const f = (m: Counted, a: tf.Tensor) => {
      m.count.value = (m.count.value as number) + 1;
      return tf.mul(a, m.count.value);
    };
    const odd = new Counted([1, 2, 3]);
    const even = new Counted([4, 4, 4]);
    const [[calls, y], [once, z]] = [
      callsOf(f, {}, odd as never, x as never),
      callsOf(f, {}, even as never, x as never),
    ];
    expect([calls, [...(y as tf.Tensor).dataSync()], odd.count.value]).toEqual([3, [2, 6, 12], [2, 3, 4]]);
    expect([once, [...(z as tf.Tensor).dataSync()], even.count.value]).toEqual([1, [5, 10, 15], [5, 5, 5]]);
  });

  it("draws a key of each slice, and one for all", () => {
    const keys = nnx.random.split(nnx.random.key(0), 3);
    const shared = nnx.random.key(7);
    const f = (key: nnx.PRNGKey, other: nnx.PRNGKey) => ({
      own: nnx.random.normal(nnx.random.foldIn(key, 1), [2]),
      shared: nnx.random.normal(other, [2]),
      choice: nnx.random.permutation(key, 5),
      key: nnx.random.split(key, 2),
    });
    bothWays((read) => ({
      run: () =>
        nnx.vmap(
          (key: nnx.PRNGKey, other: nnx.PRNGKey, a: tf.Tensor) => {
            read(a);
            return f(key, other);
          },
          { inAxes: [0, null, 0] },
        )(keys, shared, x),
    }));
  });

  it("advances the streams of each slice", () => {
    bothWays((read) => {
      const rngs = new nnx.Rngs(0, { noise: 1 });
      const run = (): unknown =>
        nnx.splitRngs(
          nnx.vmap((own: nnx.Rngs, a: tf.Tensor) => {
            read(a);
            return [
              own.nextKey("noise"),
              tf.add(a, nnx.random.uniform(own.nextKey("noise"), [])),
              tf.add(a, nnx.random.uniform(own.nextKey("params"), [])),
            ];
          }),
          { splits: 3 },
        )(rngs, x);
      return { run, left: [rngs] };
    });
  });

  it("refuses to write what differs to a Variable for all, and writes what does not", () => {
    const v = new nnx.Variable(tf.scalar(5));
    const write = (f: (a: tf.Tensor) => tf.Tensor) => () =>
      nnx.vmap(
        (to: nnx.Variable<tf.Tensor>, a: tf.Tensor) => {
          to.value = f(a);
          return a;
        },
        { inAxes: [null, 0] },
      )(v as unknown as nnx.Variable<tf.Tensor>, x);
    expect(write((a) => a)).toThrow(/expected the function to write one value for all slices/);
    expect(v.value.dataSync()[0]).toBe(5);
    write(() => tf.scalar(2))();
    write((a) => tf.sign(a))();
    expect(v.value.dataSync()[0]).toBe(1);
  });

  it("returns tensors of its own: of an argument, of one for two results, of a constant", () => {
    const constant = tf.scalar(4);
    const before = tf.memory().numTensors;
    const y = nnx.vmap((a: tf.Tensor) => {
      const twice = tf.mul(a, 2);
      return { a, twice, again: [twice, tf.reshape(twice, [1])], constant };
    })(x);
    expect(new Set([x.id, y.a.id, y.twice.id, y.again[0]!.id, y.again[1]!.id, constant.id]).size).toBe(6);
    nnx.dispose(y);
    expect([x.isDisposed, constant.isDisposed, tf.memory().numTensors]).toEqual([false, false, before]);
  });

  it("runs under gradients, captures and other vmaps as it did", () => {
    const f = nnx.vmap((a: tf.Tensor) => tf.square(a));
    expect([
      ...nnx
        .grad((a: tf.Tensor) => tf.sum(f(a)))(x)
        .dataSync(),
    ]).toEqual([2, 4, 6]);
    const outer = nnx.vmap((a: tf.Tensor) => nnx.vmap((b: tf.Tensor) => tf.mul(a, b))(x));
    expect(outer(x).arraySync()).toEqual([
      [1, 2, 3],
      [2, 4, 6],
      [3, 6, 9],
    ]);
    const jitted = nnx.jit((a: tf.Tensor) => f(a));
    for (let i = 0; i < 3; i++) expect([...jitted(x).dataSync()]).toEqual([1, 4, 9]);
    jitted.dispose();
  });
});

/**
 * @file Nothing reads a computed tensor synchronously but what says so in its text: on a GPU
 * everything would wait. The backend of these tests throws at such a read.
 */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { onBackendWithoutReads } from "../../../scripts/backend-elsewhere.ts";
import { layerTable, type LayerUnderTest } from "../../layers/test/layer-table.ts";
import * as nnx from "./index.ts";

const REFUSED = "A computed tensor was read synchronously.";

/** A tensor that nobody but the backend knows. */
const computed = (x: tf.Tensor): tf.Tensor => tf.mul(x, tf.scalar(1, x.dtype as "float32"));
const numbers = (values: readonly number[], shape: number[] = [values.length]): tf.Tensor =>
  computed(tf.tensor([...values], shape));

class Net extends nnx.Module {
  readonly hidden: nnx.Linear;
  readonly norm: nnx.BatchNorm;
  readonly drop: nnx.Dropout;
  readonly out: nnx.DropConnectLinear;
  constructor(rngs: nnx.Rngs) {
    super();
    this.hidden = new nnx.Linear(4, 6, { rngs });
    this.norm = new nnx.BatchNorm(6, { rngs });
    this.drop = new nnx.Dropout(0.25, { rngs });
    this.out = new nnx.DropConnectLinear(new nnx.Linear(6, 3, { rngs }), 0.25, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    const h = nnx.relu(this.norm.forward(this.hidden.forward(x)));
    this.sow(nnx.Intermediate, "features", h);
    return this.out.forward(this.drop.forward(this.perturb("h", h)));
  }
}

const newNet = (): Net => new Net(new nnx.Rngs(0, { dropout: 1, dropconnect: 2 }));
const inputs = (rows = 5): tf.Tensor => computed(nnx.random.normal(nnx.random.key(3), [rows, 4]));
const labels = (): tf.Tensor => computed(tf.tensor1d([0, 1, 2, 0, 1], "int32"));
const lossOf = (model: Net, x: tf.Tensor): tf.Scalar =>
  tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(model.forward(x), labels()));
const infinite = (model: Net, x: tf.Tensor): tf.Scalar =>
  tf.sum(tf.log(tf.sub(tf.abs(model.forward(x)), tf.abs(model.forward(x)))));

const rates = {
  adabelief: nnx.adabelief,
  adagrad: nnx.adagrad,
  adam: nnx.adam,
  adamax: nnx.adamax,
  adamaxw: nnx.adamaxw,
  adamw: nnx.adamw,
  adan: nnx.adan,
  amsgrad: nnx.amsgrad,
  fromage: nnx.fromage,
  lamb: nnx.lamb,
  lars: nnx.lars,
  lion: nnx.lion,
  nadam: nnx.nadam,
  nadamw: nnx.nadamw,
  noisySgd: nnx.noisySgd,
  novograd: nnx.novograd,
  optimisticAdam: nnx.optimisticAdam,
  optimisticGradientDescent: nnx.optimisticGradientDescent,
  radam: nnx.radam,
  rmsprop: nnx.rmsprop,
  rprop: nnx.rprop,
  sgd: nnx.sgd,
  signSgd: nnx.signSgd,
  signum: nnx.signum,
  sm3: nnx.sm3,
  yogi: nnx.yogi,
} as const;

const optimizers: readonly (readonly [string, () => nnx.GradientTransformation])[] = [
  ...Object.entries(rates).map(
    ([name, make]) => [name, () => (make as (rate: number) => nnx.GradientTransformation)(0.01)] as const,
  ),
  ["adadelta", () => nnx.adadelta({ learningRate: 0.1 })],
  ["adafactor", () => nnx.adafactor({ learningRate: 0.1, minDimSizeToFactor: 2 })],
  ["momentum", () => nnx.sgd(0.1, { momentum: 0.9, nesterov: true })],
  ["clipping", () => nnx.chain(nnx.clipByGlobalNorm(1), nnx.adaptiveGradClip(0.1), nnx.adam(0.01))],
  ["noise", () => nnx.chain(nnx.addNoise(0.1, 0.5, { key: nnx.random.key(0) }), nnx.sgd(0.1))],
  ["a schedule", () => nnx.adam(nnx.cosineDecaySchedule(0.1, 10))],
  ["gathered steps", () => nnx.applyEvery(2)],
  ["zeros for NaN", () => nnx.chain(nnx.zeroNans(), nnx.sgd(0.1))],
];

onBackendWithoutReads("nothing reads", () => {
  it.each(layerTable)("$name: forward, back, and in evaluation", ({ make, input }) => {
    const layer = make();
    const x = input();
    const loss = (m: LayerUnderTest, v: tf.Tensor): tf.Tensor => tf.sum(m.forward(v) as tf.Tensor);
    const argnums = x.dtype === "float32" ? [0, 1] : [0];
    tf.tidy(() => void nnx.valueAndGrad(loss, { argnums })(layer, computed(x)));
    layer.eval();
    tf.tidy(() => void layer.forward(computed(x)));
  });

  it.each(optimizers)("%s takes steps", (_, make) => {
    const model = newNet();
    const optimizer = new nnx.Optimizer(model, make(), { wrt: nnx.Param });
    const average = new nnx.EMA(nnx.state(model, nnx.Param), 0.9);
    for (let step = 0; step < 2; step++) {
      const [, grads] = nnx.valueAndGrad(lossOf)(model, inputs());
      optimizer.update(model, grads);
      average.update(nnx.state(model, nnx.Param));
    }
  });

  it("a loop with several steps in one, and with metrics", async () => {
    const model = newNet();
    const tx = new nnx.MultiSteps(nnx.adam(0.01), 2).gradientTransformation();
    const optimizer = new nnx.Optimizer(model, tx, { wrt: nnx.Param });
    const { Accuracy, Average } = nnx.metrics;
    const seen = new nnx.MultiMetric({ accuracy: new Accuracy(), loss: new Average({ argname: "loss" }) });
    const data = { x: { data: new Float32Array(20 * 4).fill(0.5), shape: [20, 4] } } as const;
    const batches = new nnx.Batches(data, { batchSize: 5, epochs: 2 });
    const { step, values } = await nnx.loop(batches, ({ x }) => {
      const [[loss, logits], grads] = nnx.valueAndGrad(
        (m: Net) => {
          const y = m.forward(x);
          const each = nnx.softmaxCrossEntropyWithIntegerLabels(y, labels());
          return [tf.mean<tf.Scalar>(each), y] as const;
        },
        { hasAux: true },
      )(model);
      optimizer.update(model, grads);
      seen.update({ logits, labels: labels(), loss });
      return loss;
    });
    expect(step).toBe(8);
    expect(Object.keys(values)).toEqual(["loss"]);
    const { accuracy, loss } = seen.compute();
    expect((await accuracy.data())[0]).toBeGreaterThanOrEqual(0);
    expect((await loss.data())[0]).toBeGreaterThan(0);
  });

  it("every metric", async () => {
    const logits = numbers([1, 2, 3, 3, 1, 2, 2, 3, 1, 1, 0, 2, 5, 4, 1], [5, 3]);
    const { AUROC, ConfusionMatrix, F1, Precision, Recall, TopKAccuracy, Welford } = nnx.metrics;
    const ofClasses = [
      new ConfusionMatrix(3),
      new Precision(3),
      new Recall(3),
      new F1(3),
      new TopKAccuracy(2),
    ];
    for (const metric of ofClasses) {
      metric.update({ logits, labels: labels() });
      await metric.compute().data();
    }
    const auroc = new AUROC();
    auroc.update({ logits: numbers([0.2, 0.7, 0.1]), labels: tf.tensor1d([0, 1, 1], "int32") });
    await auroc.compute().data();
    const spread = new Welford();
    spread.update({ values: logits });
    expect((await spread.compute().mean.data())[0]).toBeCloseTo(31 / 15, 5);
  });

  it("capture, and what looks at a run", async () => {
    const model = newNet();
    const [y, seen] = nnx.capture(model, [nnx.Intermediate])(inputs());
    const told = nnx.captureGradients(lossOf)(model, inputs());
    expect((await nnx.summarizeAsync(seen)).rows.length).toBe(1);
    expect((await nnx.summarizeAsync(told)).rows.length).toBeGreaterThan(1);
    expect((await nnx.diagnoseAsync(model, lossOf)(inputs())).loss).toBeGreaterThan(0);
    expect(await nnx.findNonFiniteAsync(model, lossOf)(inputs())).toBeUndefined();
    nnx.dispose([y, seen, told]);
  });

  it("jit, vmap, scan and remat", async () => {
    const model = newNet();
    const optimizer = new nnx.Optimizer(model, nnx.adam(0.01), { wrt: nnx.Param });
    const step = nnx.jit((m: Net, o: typeof optimizer, x: tf.Tensor) => {
      const [loss, grads] = nnx.valueAndGrad(lossOf)(m, x);
      o.update(m, grads);
      return loss;
    });
    const losses: tf.Tensor[] = [];
    for (let i = 0; i < 3; i++) losses.push(step(model, optimizer, inputs()));
    expect((await losses[2]!.data())[0]).toBeLessThan((await losses[0]!.data())[0]!);
    const square = (x: tf.Tensor): tf.Tensor => tf.square(x);
    nnx.vmap(square)(inputs());
    nnx.remat(square)(inputs());
    nnx.scan((carry: tf.Tensor, x: tf.Tensor) => [tf.add(carry, x), x] as const)(tf.zeros([4]), inputs());
  });

  it("draws from an ensemble and from a stochastic model", async () => {
    const model = newNet();
    const key = nnx.random.key(0);
    const samples = await nnx.sampleAsync(model, inputs(), 3, { key, outputs: "logits" });
    expect(samples.shape).toEqual([3, 5, 3]);
    const moments = await nnx.sampleAsync(model, inputs(), 3, { key, outputs: "logits", keep: "moments" });
    expect(moments.count).toBe(3);
    const members = nnx.ensemble((rngs) => new Net(rngs), 2, { rngs: new nnx.Rngs(1) });
    const predicted = await nnx.sampleMembersAsync(members, inputs(), { outputs: "logits" });
    expect(predicted.shape).toEqual([2, 5, 3]);
  });

  it("decodes position after position", () => {
    const attention = new nnx.MultiHeadAttention(2, 8, { decode: true, rngs: new nnx.Rngs(0) });
    attention.initCache([1, 4, 8]);
    for (let i = 0; i < 4; i++) attention.forward(computed(tf.ones([1, 1, 8])));
    expect(() => attention.forward(computed(tf.ones([1, 1, 8])))).toThrow("at most 4 positions");
  });

  it("saves, restores and sends States", async () => {
    const model = newNet();
    await nnx.restore(model, await nnx.toBytes(model));
    const { message } = await nnx.toTransferable(nnx.state(model));
    nnx.update(model, nnx.fromTransferable(message));
  });
});

/** What says that it reads: each gets tensors that `prepare` returned. */
const readers: readonly (readonly [string, (prepare: <T>(x: T) => Promise<T>) => Promise<unknown>])[] = [
  ["choice", async (on) => nnx.random.choice(nnx.random.key(0), await on(numbers([1, 2, 3])), [2])],
  [
    "choice",
    async (on) => nnx.random.choice(nnx.random.key(0), 2, [3], { p: await on(numbers([0.5, 0.5])) }),
  ],
  ["permutation", async (on) => nnx.random.permutation(nnx.random.key(0), await on(numbers([1, 2, 3])))],
  ["categorical", async (on) => nnx.random.categorical(nnx.random.key(0), await on(numbers([1, 2, 3])))],
  ["bernoulli", async (on) => nnx.random.bernoulli(nnx.random.key(0), await on(numbers([0.1, 0.9])))],
  ["poisson", async (on) => nnx.random.poisson(nnx.random.key(0), await on(numbers([1, 2])))],
  ["entropy", async (on) => nnx.entropy(await on(numbers([0.25, 0.75])))],
  [
    "entropyDecomposition",
    async (on) => nnx.entropyDecomposition(await on(numbers([0.5, 0.5, 1, 0], [2, 1, 2]))),
  ],
  [
    "flipSequences",
    async (on) => {
      const seqLengths = await on(computed(tf.tensor1d([1, 2], "int32")));
      return nnx.flipSequences(tf.ones([2, 3]), { seqLengths, numBatchDims: 1 });
    },
  ],
  [
    "Embed.forward",
    async (on) => {
      const layer = new nnx.Embed(3, 2, { outOfRange: "error", rngs: new nnx.Rngs(0) });
      return layer.forward(await on(computed(tf.tensor1d([0, 2], "int32"))));
    },
  ],
  [
    "cond",
    async (on) =>
      nnx.cond(
        await on(tf.less(numbers([1], []), 2)),
        () => 1,
        () => 2,
      ),
  ],
];

onBackendWithoutReads("what says that it reads", () => {
  it.each(readers)("%s reads, and does not after readAhead", async (_, call) => {
    await expect(call(async (x) => x)).rejects.toThrow(REFUSED);
    await expect(call((x) => nnx.readAhead(x))).resolves.toBeDefined();
  });

  it.each([
    ["sample", (model: Net) => nnx.sample(model, inputs(), 2, { key: nnx.random.key(0) })],
    ["summarize", (model: Net) => nnx.summarize(nnx.captureGradients(lossOf)(model, inputs()))],
    ["diagnose", (model: Net) => nnx.diagnose(model, lossOf)(inputs())],
    ["findNonFinite", (model: Net) => nnx.findNonFinite(model, lossOf)(inputs())],
  ])("%s reads", (_, call) => {
    expect(() => call(newNet())).toThrow(REFUSED);
  });

  it("readAhead returns what it gets, and reads everything in it", async () => {
    const what = { a: [numbers([1])], b: new Map([["c", numbers([2])]]), d: 5 };
    expect(await nnx.readAhead(what)).toBe(what);
    expect(nnx.random.permutation(nnx.random.key(0), what.a[0]!).shape).toEqual([1]);
    expect(nnx.random.permutation(nnx.random.key(0), what.b.get("c")!).shape).toEqual([1]);
    what.a[0]!.dispose();
    await expect(nnx.readAhead(what)).rejects.toThrow(nnx.DisposedError);
  });
});

describe("findNonFiniteAsync", () => {
  it("finds what findNonFinite finds, and leaves nothing behind", async () => {
    const [model, x] = [newNet(), inputs()];
    const before = tf.memory().numTensors;
    const wanted = nnx.findNonFinite(model, infinite)(x);
    const found = await nnx.findNonFiniteAsync(model, infinite)(x);
    expect(found?.phase).toBe("forward");
    expect({ ...found, toString: undefined }).toEqual({ ...wanted, toString: undefined });
    expect(String(found)).toBe(String(wanted));
    expect(tf.memory().numTensors).toBe(before);
  });

  it("finds a gradient that is not finite where the loss is", async () => {
    const root = (model: Net, x: tf.Tensor): tf.Scalar =>
      tf.sum(tf.sqrt(tf.mul(tf.abs(model.forward(x)), 0)));
    const [model, x] = [newNet(), inputs()];
    const wanted = nnx.findNonFinite(model, root)(x);
    const found = await nnx.findNonFiniteAsync(model, root)(x);
    expect([found?.phase, String(found)]).toEqual(["backward", String(wanted)]);
  });

  it("throws what the loss throws, unless something was not finite before", async () => {
    const [model, x] = [newNet(), inputs()];
    const failing =
      (first: (m: Net, v: tf.Tensor) => unknown) =>
      (m: Net, v: tf.Tensor): tf.Scalar => {
        first(m, v);
        throw new Error("no loss");
      };
    const before = tf.memory().numTensors;
    await expect(nnx.findNonFiniteAsync(model, failing(lossOf))(x)).rejects.toThrow("no loss");
    expect((await nnx.findNonFiniteAsync(model, failing(infinite))(x))?.op).toBe("Log");
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("sampleMembersAsync", () => {
  it("returns what sampleMembers returns", async () => {
    const members = nnx.ensemble((rngs) => new Net(rngs), 2, { rngs: new nnx.Rngs(1) });
    const x = inputs();
    const options = { outputs: "logits", batchSize: 2 } as const;
    const before = tf.memory().numTensors;
    expect(await nnx.sampleMembersAsync(members, x, options)).toEqual(nnx.sampleMembers(members, x, options));
    expect(tf.memory().numTensors).toBe(before);
    await expect(nnx.sampleMembersAsync(newNet() as never, x)).rejects.toThrow(
      "sampleMembersAsync: expected an Ensemble",
    );
  });
});

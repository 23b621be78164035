import { Param, replaceByPure, state, update } from "@nnxjs/nnx-core";
import { Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { layerTable } from "../test/layer-table.ts";
import { expectRefusesDisposed, expectRefusesOtherShapes, expectRefusesOthers } from "../test/refusals.ts";
import * as nnx from "./index.ts";
import { dense } from "./linear/dense-layer.ts";

const rngs = () => new Rngs({ params: 0, dropout: 1, dropconnect: 2, carry: 3 });

it.each(layerTable)("$name names a disposed input, and stays as it was", ({ make, input }) => {
  expectRefusesDisposed(make(), input());
});

it.each(layerTable)("$name refuses what is no tensor, and stays as it was", ({ make }) => {
  expectRefusesOthers(make());
});

onEachBackend("a parameter of another shape", () => {
  it.each(layerTable)("$name names the parameter and both shapes, and stays as it was", ({ make, input }) => {
    expectRefusesOtherShapes(make, input());
  });

  it("is refused however it came there", () => {
    const layer = new nnx.Linear(4, 3, { rngs: rngs() });
    const other = { kernel: tf.ones([2, 3]), bias: tf.zeros([3]) };
    update(layer, replaceByPure(state(layer), other));
    const message =
      /^Linear\.forward: expected kernel to have the shape \[4, 3\] that the layer was made with, got a float32\[2,3\]/;
    for (const shape of [
      [5, 4],
      [5, 2, 4],
      [5, 2],
    ])
      expect(() => layer.forward(tf.ones(shape))).toThrow(message);
    // `dense` checks the kernel that it is given, too.
    const kernel = tf.ones([2, 3]);
    expect(() => dense("Mine", layer, tf.ones([5, 4]), kernel, null)).toThrow(
      /^Mine\.forward: expected kernel/,
    );
  });
});

const attention = () => {
  const layer = new nnx.MultiHeadAttention(2, 4, {
    decode: true,
    deterministic: false,
    dropoutRate: 0.5,
    rngs: rngs(),
  });
  layer.initCache([2, 3, 4]);
  return layer;
};

it("a layer that decodes refuses another cache, and stays as it was", () => {
  expectRefusesOtherShapes(attention, tf.ones([2, 1, 4]));
  expectRefusesDisposed(attention(), tf.ones([2, 1, 4]));
});

it("a refused mask leaves cache and stream as they were", () => {
  const layer = attention();
  const before = [layer.cache_index!.value.dataSync()[0], layer.rngs!.count.value];
  expect(() => layer.forward(tf.ones([2, 1, 4]), { mask: tf.ones([1, 1, 1, 5]) })).toThrow(/mask/);
  expect([layer.cache_index!.value.dataSync()[0], layer.rngs!.count.value]).toEqual(before);
  layer.forward(tf.ones([2, 1, 4]));
  expect([layer.cache_index!.value.dataSync()[0], layer.rngs!.count.value]).toEqual([1, 1]);
});

it.each([
  ["Conv", () => new nnx.Conv(1, 1, 2, { mask: tf.ones([2, 1, 1]), rngs: rngs() })],
  ["ConvTranspose", () => new nnx.ConvTranspose(1, 1, 2, { mask: tf.ones([2, 1, 1]), rngs: rngs() })],
])("%s refuses a mask that no longer fits the kernel", (name, make) => {
  const layer = Object.assign(make(), { mask: tf.ones([2, 1, 3]) });
  expect(() => layer.forward(tf.ones([1, 4, 1]))).toThrow(new RegExp(`^${name}\\.forward: expected mask`));
});

it.each([
  [
    "a class for Sequential",
    () => new nnx.Sequential(nnx.Linear as never),
    /layers\[0\].*Linear.*an instance/,
  ],
  ["a list for Sequential", () => new nnx.Sequential([nnx.relu] as never), /layers\[0\].*Spread the list/],
  ["nothing for Sequential", () => new nnx.Sequential(undefined as never), /layers\[0\], got undefined/],
  ["a class for RNN", () => new nnx.RNN(nnx.GRUCell as never), /^RNN: .*GRUCell.*an instance/],
  [
    "a class for Bidirectional",
    () => new nnx.Bidirectional(nnx.RNN as never, nnx.RNN as never),
    /^Bidirectional: .*an instance/,
  ],
  ["a class for WeightNorm", () => new nnx.WeightNorm(nnx.Linear as never, { rngs: rngs() }), /an instance/],
  [
    "a class for SpectralNorm",
    () => new nnx.SpectralNorm(nnx.Linear as never, { rngs: rngs() }),
    /an instance/,
  ],
  [
    "a class for LoRA",
    () => new nnx.LoRA(2, 1, 2, { baseModule: nnx.Linear as never, rngs: rngs() }),
    /baseModule to be a module.*Linear/,
  ],
  ["a class for DropConnectLinear", () => new nnx.DropConnectLinear(nnx.Linear as never), /got .*Linear/],
  [
    "a number as window",
    () => nnx.avgPool(tf.ones([1, 4, 4, 1]), 2 as never),
    /^avgPool: .*windowShape.*got 2/,
  ],
  [
    "a number as stride",
    () => nnx.maxPool(tf.ones([1, 4, 1]), [2], { strides: 2 as never }),
    /strides.*got 2/,
  ],
  [
    "complex numbers, whose imaginary part would be lost",
    () => new nnx.Linear(2, 1, { rngs: rngs() }).forward(tf.complex(tf.ones([1, 2]), tf.ones([1, 2]))),
    /^promoteDtype: expected float32, int32 or bool, got a complex64\[1,2\]\. Take tf\.real/,
  ],
  [
    "a Variable in the place of its value",
    () =>
      new nnx.Linear(2, 1, { rngs: rngs() }).forward(new nnx.Linear(2, 2, { rngs: rngs() }).kernel as never),
    /^Linear\.forward: expected x to be a tensor, got an instance of Param\. Pass its value/,
  ],
  [
    "a promise",
    () => new nnx.Linear(2, 1, { rngs: rngs() }).forward(Promise.resolve() as never),
    /got an instance of Promise\. Await it\./,
  ],
  [
    "lists of numbers",
    () => new nnx.Linear(2, 1, { rngs: rngs() }).forward([[1, 2]] as never),
    /got an array of length 1\. Make one: tf\.tensor/,
  ],
  ["an object as window", () => new nnx.Conv(1, 1, {} as never, { rngs: rngs() }), /^Conv: .*kernelSize/],
  ["text as equation", () => new nnx.Einsum(3 as never, [1], null, { rngs: rngs() }), /equation such as/],
  [
    "a carry that is no pair",
    () => new nnx.LSTMCell(2, 3, { rngs: rngs() }).forward(tf.ones([1, 3]) as never, tf.ones([1, 2])),
    /^LSTMCell\.forward: expected carry to be the pair/,
  ],
  [
    "a disposed carry",
    () => {
      const carry = tf.ones([1, 3]);
      carry.dispose();
      new nnx.GRUCell(2, 3, { rngs: rngs() }).forward(carry, tf.ones([1, 2]));
    },
    /^GRUCell\.forward: expected carry to be a live tensor/,
  ],
  [
    "a name as padding with inputDilation",
    () => new nnx.Conv(1, 1, 3, { inputDilation: 2, padding: "VALID", rngs: rngs() }),
    /^Conv: expected padding in numbers with inputDilation, got "VALID"/,
  ],
])("refuses %s", (_what, run, message) => {
  expect(run).toThrow(message);
});

const activations = { ...nnx } as unknown as Record<string, (x: tf.Tensor) => tf.Tensor>;
it.each(
  [
    "relu relu6 leakyRelu hardTanh hardSigmoid hardSilu softSign sigmoid tanh softplus logSigmoid silu elu celu selu gelu",
    "glu softmax logSoftmax logsumexp standardize makeCausalMask",
  ].flatMap((names) => names.split(" ")),
)("%s names a disposed tensor, and what is none", (name) => {
  const x = tf.ones([2, 4]);
  x.dispose();
  expect(() => activations[name]!(x)).toThrow(new RegExp(`^${name}: expected x to be a live tensor`));
  expect(() => activations[name]!(3 as never)).toThrow(
    new RegExp(`^${name}: expected x to be a tensor, got 3`),
  );
});

it.each([
  ["pool", (x: tf.Tensor) => nnx.pool(x, "add", [2])],
  ["avgPool", (x: tf.Tensor) => nnx.avgPool(x, [2])],
  ["maxPool", (x: tf.Tensor) => nnx.maxPool(x, [2])],
  ["minPool", (x: tf.Tensor) => nnx.minPool(x, [2])],
  ["oneHot", (x: tf.Tensor) => nnx.oneHot(x, 3)],
  ["flipSequences", (x: tf.Tensor) => nnx.flipSequences(x, { numBatchDims: 1 })],
  ["dotProductAttention", (x: tf.Tensor) => nnx.dotProductAttention(x, x, x)],
  ["dotProductAttention", (x: tf.Tensor) => nnx.dotProductAttentionWeights(x, x)],
  ["makeAttentionMask", (x: tf.Tensor) => nnx.makeAttentionMask(x, x)],
  ["combineMasks", (x: tf.Tensor) => nnx.combineMasks([x]) as tf.Tensor],
])("%s names a disposed tensor", (name, run) => {
  const x = tf.ones([2, 4, 2, 2], "int32");
  x.dispose();
  expect(() => run(x)).toThrow(new RegExp(`^${name}: expected \\S+ to be a live tensor`));
});

it("Dropout refuses a shared axis that the input does not have, and draws no key", () => {
  const layer = new nnx.Dropout(0.5, { broadcastDims: [2], rngs: rngs() });
  expect(() => layer.forward(tf.ones([2, 3]))).toThrow(
    /^Dropout\.forward: expected an axis from -2 to 1, got 2/,
  );
  expect(layer.rngs!.count.value).toBe(0);
});

// What flax.nnx and jax.nn refuse for x of shape (2, 3, 4): (3,), (2, 3), and more axes than x has.
const masked: [string, (x: tf.Tensor, mask: tf.Tensor) => tf.Tensor][] = [
  ["BatchNorm", (x, mask) => new nnx.BatchNorm(4, { rngs: rngs() }).forward(x, { mask })],
  ["LayerNorm", (x, mask) => new nnx.LayerNorm(4, { rngs: rngs() }).forward(x, { mask })],
  ["RMSNorm", (x, mask) => new nnx.RMSNorm(4, { rngs: rngs() }).forward(x, { mask })],
  ["GroupNorm", (x, mask) => new nnx.GroupNorm(4, 2, { rngs: rngs() }).forward(x, { mask })],
  ["InstanceNorm", (x, mask) => new nnx.InstanceNorm(4, { rngs: rngs() }).forward(x, { mask })],
  ["softmax", (x, where) => nnx.softmax(x, { where })],
  ["logSoftmax", (x, where) => nnx.logSoftmax(x, { where })],
  ["logsumexp", (x, where) => nnx.logsumexp(x, { where })],
  ["standardize", (x, where) => nnx.standardize(x, { where })],
];
it.each(masked)("%s takes masks that broadcast to the input, and no others", (name, run) => {
  const x = tf.ones([2, 3, 4]);
  for (const shape of [[], [1], [4], [3, 1], [3, 4], [2, 1, 1], [2, 3, 4]])
    expect(() => run(x, tf.ones(shape, "bool"))).not.toThrow();
  for (const shape of [[3], [2, 3], [1, 2, 3, 4], [5, 2, 3, 4], [1, 1, 1, 1]]) {
    expect(() => run(x, tf.ones(shape, "bool"))).toThrow(
      new RegExp(`^${name}(\\.forward)?: expected a \\w+ that broadcasts to the shape \\[2, 3, 4\\]`),
    );
  }
});

it("attention masks that do not fit each other are refused", () => {
  const [two, three] = [tf.ones([2, 3]), tf.ones([3, 4])];
  expect(() => nnx.makeAttentionMask(two, three)).toThrow(
    /^makeAttentionMask: .*\[2,3\] and a float32\[3,4\]/,
  );
  expect(nnx.makeAttentionMask(tf.ones([3]), three).shape).toEqual([3, 1, 3, 4]);
  expect(() => nnx.combineMasks([tf.ones([3, 1, 3]), tf.ones([2, 1, 3])])).toThrow(/^combineMasks: /);
  expect(() => nnx.combineMasks(two as never)).toThrow(/^combineMasks: expected a list of masks/);
});

it("an empty Sequential gives back what it is given, and nothing for nothing", () => {
  const x = tf.ones([2]);
  const empty = new nnx.Sequential<tf.Tensor[], unknown>();
  // nnx.Sequential()() is None.
  expect(empty.forward()).toBeUndefined();
  expect(empty.forward(x)).toBe(x);
  expect(empty.forward(x, x)).toEqual([x, x]);
});

it("what a layer normalises is put back when the layer refuses the call", () => {
  const linear = new nnx.Linear(3, 4, { rngs: rngs() });
  const kernel = linear.kernel.value;
  const layer = new nnx.WeightNorm<[tf.Tensor]>(linear, { rngs: rngs() });
  expect(() => layer.forward(tf.ones([2, 5]))).toThrow(/^Linear\.forward/);
  expect(linear.kernel.value).toBe(kernel);
  expect(linear.kernel).toBeInstanceOf(Param);
});

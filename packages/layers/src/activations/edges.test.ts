import { grad } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { edges, edgeTensor, expectEdge, weightedSum } from "../../test/edges.ts";
import * as nnx from "../index.ts";

type Activation = (x: tf.Tensor) => tf.Tensor;

const activations: Readonly<Record<string, Activation>> = {
  celu: (x) => nnx.celu(x),
  "celu 2": (x) => nnx.celu(x, 2),
  elu: (x) => nnx.elu(x),
  "elu 2": (x) => nnx.elu(x, 2),
  gelu: (x) => nnx.gelu(x),
  "gelu exact": (x) => nnx.gelu(x, { approximate: false }),
  hardSigmoid: nnx.hardSigmoid,
  hardSilu: nnx.hardSilu,
  hardTanh: nnx.hardTanh,
  leakyRelu: (x) => nnx.leakyRelu(x),
  "leakyRelu 0.3": (x) => nnx.leakyRelu(x, 0.3),
  logSigmoid: nnx.logSigmoid,
  relu: nnx.relu,
  relu6: nnx.relu6,
  selu: nnx.selu,
  sigmoid: nnx.sigmoid,
  silu: nnx.silu,
  softSign: nnx.softSign,
  softplus: nnx.softplus,
  tanh: nnx.tanh,
};

const masked: Readonly<Record<string, (x: tf.Tensor, where: tf.Tensor | null) => tf.Tensor>> = {
  softmax: (x, where) => nnx.softmax(x, { where }),
  "softmax of columns": (x, where) => nnx.softmax(x, { where, axis: 0 }),
  "softmax of all": (x, where) => nnx.softmax(x, { where, axis: [0, 1] }),
  logSoftmax: (x, where) => nnx.logSoftmax(x, { where }),
  "logSoftmax of columns": (x, where) => nnx.logSoftmax(x, { where, axis: 0 }),
  logsumexp: (x, where) => nnx.logsumexp(x, { where, axis: 1 }),
  standardize: (x, where) => nnx.standardize(x, { where }),
};

onEachBackend("activations", () => {
  it.each(edges.activations)("$name has JAX's value and derivatives at NaN, infinities and kinks", (edge) => {
    const f = activations[edge.name]!;
    const x = edgeTensor(edge.x);
    const first = grad((v: tf.Tensor) => tf.sum(f(v)));
    expectEdge(f(x), edge.value, "value");
    expectEdge(first(x), edge.first, "first derivative");
    expectEdge(grad((v: tf.Tensor) => tf.sum(first(v)))(x), edge.second, "second derivative", 1e-4);
  });

  // jax.nn.softplus(jnp.int32([1, 0])) is float32, [1.3132617, 0.6931472]; relu and hard_tanh give
  // int32. JAX refuses sigmoid, silu and glu.
  const whole = {
    ...activations,
    softmax: nnx.softmax,
    logSoftmax: nnx.logSoftmax,
    logsumexp: nnx.logsumexp,
  };
  const others = { standardize: nnx.standardize, glu: nnx.glu };
  it.each(Object.entries<Activation>({ ...whole, ...others }))("%s of integers and booleans", (name, f) => {
    const values = { int32: [3, -2, 0, 1, -7, 1], bool: [1, 0, 1, 1, 0, 0] };
    for (const dtype of ["int32", "bool"] as const) {
      const x = tf.tensor2d(values[dtype], [1, 6], dtype);
      const result = f(x);
      expect(result.dtype).toBe(name === "relu" || name === "hardTanh" ? "int32" : "float32");
      expect([...result.dataSync()]).toEqual([...f(tf.cast(x, "float32")).dataSync()]);
    }
  });

  it.each(edges.masked)("$name: value and gradient", (edge) => {
    const f = (x: tf.Tensor) => masked[edge.function]!(x, edge.mask && edgeTensor(edge.mask));
    const x = edgeTensor(edge.inputs[0]!);
    expectEdge(f(x), edge.value, "value", 2e-5);
    expectEdge(grad((v: tf.Tensor) => weightedSum(f(v)))(x), edge.gradients[0]!, "gradient", 1e-4);
  });

  it("keep a gradient of a masked element from the others", () => {
    const where = tf.tensor1d([1, 1, 0], "bool");
    const slope = grad((x: tf.Tensor) => tf.sum(tf.mul([0, 0, 1], nnx.logSoftmax(x, { where }))));
    expect([...slope(tf.tensor1d([1, 2, 3])).dataSync()]).toEqual([0, 0, 0]);
    const ofSoftmax = grad((x: tf.Tensor) => tf.sum(tf.mul([0, 0, 1], nnx.softmax(x, { where }))));
    expect([...ofSoftmax(tf.tensor1d([1, 2, 3])).dataSync()]).toEqual([0, 0, 0]);
  });

  describe("oneHot", () => {
    it("has one class, or none", () => {
      const ids = tf.tensor2d([0, 1, -1, 0], [2, 2], "int32");
      const one = nnx.oneHot(ids, 1);
      expect([one.shape, [...one.dataSync()]]).toEqual([
        [2, 2, 1],
        [1, 0, 0, 1],
      ]);
      expect(nnx.oneHot(ids, 0).shape).toEqual([2, 2, 0]);
      expect(nnx.oneHot(tf.zeros([0], "int32"), 3).shape).toEqual([0, 3]);
      expect(nnx.oneHot(ids, 1, { axis: 0 }).shape).toEqual([1, 2, 2]);
    });
  });
});

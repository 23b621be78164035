import { grad } from "@nnxjs/nnx-core";
import { initializers, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { relativeError } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { expectGradients, expectLayer } from "../../test/golden.ts";
import { Einsum, Embed, Linear, LinearGeneral } from "../index.ts";
import { einsum } from "./contract.ts";

const rngs = () => new Rngs(0);

onEachBackend("Linear and its kin", () => {
  it("Linear equals Flax's", () => {
    expectLayer("Linear_3_4", new Linear(3, 4, { rngs: rngs() }), (m, x) => m.forward(x!));
    expectLayer("Linear_nobias", new Linear(3, 4, { useBias: false, rngs: rngs() }), (m, x) => m.forward(x!));
    expectGradients("Linear", new Linear(3, 4, { rngs: rngs() }), (m, x) => m.forward(x));
  });

  it("LinearGeneral equals Flax's, over several axes and with batch axes", () => {
    expectLayer(
      "LinearGeneral_2x3_to_4x5_axis_1_-1",
      new LinearGeneral([2, 3], [4, 5], { axis: [1, -1], rngs: rngs() }),
      (m, x) => m.forward(x!),
    );
    expectLayer(
      "LinearGeneral_batch_axis",
      new LinearGeneral(3, 4, { batchAxis: { 0: 2 }, rngs: rngs() }),
      (m, x) => m.forward(x!),
    );
  });

  it("Einsum equals Flax's", () => {
    expectLayer(
      "Einsum_nta_hab",
      new Einsum("nta, hab -> nthb", [2, 3, 4], [2, 4], { rngs: rngs() }),
      (m, x) => m.forward(x!),
    );
  });

  it("Embed equals Flax's: ids wrap, and ids out of range give NaN", () => {
    expectLayer("Embed_5_3", new Embed(5, 3, { rngs: rngs() }), (m, ids) => m.forward(ids!));
    expectLayer("Embed_attend", new Embed(5, 3, { rngs: rngs() }), (m, x) => m.attend(x!));
    expectGradients("Embed", new Embed(5, 3, { rngs: rngs() }), (m, ids) => m.forward(ids));
  });

  it("Embed equals Flax's on a backend without our kernels, too", () => {
    const embed = (): Embed => new Embed(5, 3, { rngs: rngs() });
    // The first call registers them.
    embed().forward(tf.tensor1d([0], "int32"));
    const kernels = ["NnxTakeRows", "NnxSelect"]
      .map((name) => tf.getKernel(name, tf.getBackend()) as tf.KernelConfig | undefined)
      .filter((kernel) => kernel !== undefined);
    for (const { kernelName, backendName } of kernels) tf.unregisterKernel(kernelName, backendName);
    try {
      expectLayer("Embed_5_3", embed(), (m, ids) => m.forward(ids!));
      expectGradients("Embed", embed(), (m, ids) => m.forward(ids));
    } finally {
      for (const kernel of kernels) tf.registerKernel(kernel);
    }
  });

  it("takes a bias whose data were made in another shape", () => {
    const layer = new Linear(3, 4, { rngs: rngs() });
    layer.bias!.value = tf.reshape(tf.tensor2d([1, 2, 3, 4], [2, 2]), [4]);
    expect([...layer.forward(tf.zeros([1, 3])).dataSync()]).toEqual([1, 2, 3, 4]);
  });

  it("einsum gives what sums over all indices give", () => {
    const random = (shape: number[]) => tf.randomNormal(shape, 0, 1, "float32", shape.length);
    const [a, b] = [random([2, 3, 4]), random([4, 5])];
    const [x, y] = [a.arraySync() as number[][][], b.arraySync() as number[][]];
    const product = x.flat().map((row) => y[0]!.map((_, j) => row.reduce((s, v, k) => s + v * y[k]![j]!, 0)));
    expect(relativeError(einsum("abc,cd->abd", a, b).dataSync(), product.flat())).toBeLessThan(1e-6);
    expect(relativeError(einsum("...c,cd->...d", a, b).dataSync(), product.flat())).toBeLessThan(1e-6);
    const turned = tf.transpose(tf.tensor(product.flat(), [2, 3, 5]), [2, 0, 1]);
    expect(relativeError(einsum("abc,cd->dab", a, b).dataSync(), turned.dataSync())).toBeLessThan(1e-6);
    const outer = einsum("a,b->ba", tf.tensor1d([1, 2]), tf.tensor1d([3, 4, 5]));
    expect([...outer.dataSync()]).toEqual([3, 6, 4, 8, 5, 10]);
    expect([...einsum("a,b->", tf.tensor1d([1, 2]), tf.tensor1d([3, 4])).dataSync()]).toEqual([21]);
    const trace = einsum(
      "ii,i->",
      tf.tensor2d([
        [1, 9],
        [9, 2],
      ]),
      tf.tensor1d([10, 100]),
    );
    expect([...trace.dataSync()]).toEqual([210]);
    const stretched = einsum("...ab,...bc->...ac", random([2, 1, 3, 4]), random([5, 4, 6]));
    expect(stretched.shape).toEqual([2, 5, 3, 6]);
    const slope = grad((v: tf.Tensor) => tf.sum(einsum("ii,i->i", v, tf.tensor1d([10, 100]))))(
      tf.ones([2, 2]),
    );
    expect([...slope.dataSync()]).toEqual([10, 0, 0, 100]);
  });
});

describe("LinearGeneral", () => {
  it("is Linear over one axis", () => {
    const x = tf.ones([2, 5, 3]);
    const [plain, general] = [new Linear(3, 4, { rngs: rngs() }), new LinearGeneral(3, 4, { rngs: rngs() })];
    expect([...general.forward(x).dataSync()]).toEqual([...plain.forward(x).dataSync()]);
  });

  it("contracts an axis in the middle with a product of one's own", () => {
    const calls: string[] = [];
    const layer = new LinearGeneral(3, [2, 2], {
      axis: 1,
      useBias: false,
      rngs: rngs(),
      precision: "highest",
      kernelInit: initializers.ones,
      dotGeneral: (a, b, { precision }) => {
        calls.push(`${precision} ${a.shape.join()} ${b.shape.join()}`);
        return tf.matMul(a, b);
      },
    });
    expect(layer.bias).toBeNull();
    const y = layer.forward(tf.ones([5, 3, 7]));
    expect([y.shape, y.dataSync()[0], calls]).toEqual([[5, 7, 2, 2], 3, ["highest 35,3 3,4"]]);
  });

  it.each([
    [
      "more axes than sizes",
      () => new LinearGeneral(3, 4, { axis: [0, 1], rngs: rngs() }),
      /as many axes as sizes.*\[0, 1\].*\[3\]/,
    ],
    [
      "batch axes with a gap",
      () => new LinearGeneral(3, 4, { batchAxis: { 1: 2 }, rngs: rngs() }),
      /consecutive leading axes from 0, got \{1\}/,
    ],
    [
      "another size",
      () => new LinearGeneral([2, 3], 4, { axis: [-2, -1], rngs: rngs() }).forward(tf.ones([3, 2])),
      /LinearGeneral\.forward: expected an input with the sizes \[2, 3\] along the axes \[-2, -1\], got a float32\[3,2\]/,
    ],
    [
      "too few axes",
      () => new LinearGeneral([2, 3], 4, { axis: [-2, -1], rngs: rngs() }).forward(tf.ones([3])),
      /got a float32\[3\]/,
    ],
    [
      "another batch size",
      () => new LinearGeneral(3, 4, { batchAxis: { 0: 2 }, rngs: rngs() }).forward(tf.ones([5, 3])),
      /and \[2\] in front, got a float32\[5,3\]/,
    ],
  ])("refuses %s", (_name, run, message) => {
    expect(run).toThrow(message);
  });
});

describe("Einsum", () => {
  it("takes another equation for a call, and an einsum of one's own", () => {
    const layer = new Einsum("ab,bc->ac", [3, 4], null, {
      rngs: rngs(),
      einsumOp: (equation, a) => tf.mul(a, equation.length),
    });
    expect([...layer.forward(tf.ones([1, 3])).dataSync()]).toEqual([9, 9, 9]);
    expect([...layer.forward(tf.ones([1, 3]), { einsumStr: "abd, bc -> adc" }).dataSync()]).toEqual([
      11, 11, 11,
    ]);
    expect(layer.bias).toBeNull();
  });

  it.each([
    ["no arrow", () => new Einsum("ab,bc", [2, 2], null, { rngs: rngs() }), /one "->", got "ab,bc"/],
    [
      "three operands",
      () => new Einsum("ab,bc,cd->ad", [2, 2], null, { rngs: rngs() }),
      /two operands, and so one comma/,
    ],
    ["one operand", () => new Einsum("ab->a", [2, 2], null, { rngs: rngs() }), /two operands/],
    [
      "sizes that differ",
      () => new Einsum("ab,bc->ac", [2, 2], null, { rngs: rngs() }).forward(tf.ones([2, 3])),
      /Einsum\.forward: expected the axes "b" of "ab,bc->ac" to have one size, got a float32\[2,3\] and a float32\[2,2\]/,
    ],
    [
      "another rank",
      () => new Einsum("ab,bc->ac", [2, 2], null, { rngs: rngs() }).forward(tf.ones([2])),
      /2 axes for "ab", got one with 1/,
    ],
    [
      "an axis from nowhere",
      () => new Einsum("ab,bc->ad", [2, 2], null, { rngs: rngs() }).forward(tf.ones([2, 2])),
      /each axis of the result once and in an operand, got "d"/,
    ],
    [
      "a bias of another size",
      () => new Einsum("ab,bc->ac", [2, 2], [3], { rngs: rngs() }).forward(tf.ones([2, 2])),
      /a bias that fills \[1, 2\].*got \[3\]/,
    ],
  ])("refuses %s", (_name, run, message) => {
    expect(run).toThrow(message);
  });
});

describe("Embed", () => {
  it("with one row gives it for every id", () => {
    const layer = new Embed(1, 2, { rngs: rngs(), embeddingInit: initializers.ones });
    expect([...layer.forward(tf.tensor1d([0, 7, -3], "int32")).dataSync()]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it.each([
    [
      "ids that are not int32",
      () => new Embed(5, 3, { rngs: rngs() }).forward(tf.tensor1d([0])),
      /int32 ids, got a float32\[1\]/,
    ],
    [
      "unknown ids where they are errors",
      () => new Embed(5, 3, { rngs: rngs(), outOfRange: "error" }).forward(tf.tensor1d([4, -6], "int32")),
      /ids from -5 to 4, got -6 at position 1/,
    ],
    [
      "a query of another width",
      () => new Embed(5, 3, { rngs: rngs() }).attend(tf.ones([2, 4])),
      /Embed\.attend: expected an input of shape \[\.\.\., 3\], got a float32\[2,4\]/,
    ],
    ["a size of 0", () => new Embed(0, 3, { rngs: rngs() }), /numEmbeddings to be a positive integer, got 0/],
    [
      "a dtype that tensorflow.js lacks",
      () => new Embed(5, 3, { rngs: rngs(), paramDtype: "float16" as "float32" }),
      /paramDtype "float32", got "float16"/,
    ],
  ])("refuses %s", (_name, run, message) => {
    expect(run).toThrow(message);
  });
});

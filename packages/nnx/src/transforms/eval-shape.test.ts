import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import * as nnx from "../index.ts";

class Net extends nnx.Module {
  readonly conv: nnx.Conv;
  readonly norm: nnx.BatchNorm;
  readonly drop: nnx.Dropout;
  readonly attention: nnx.MultiHeadAttention;
  readonly out: nnx.Linear;
  constructor(rngs: nnx.Rngs) {
    super();
    this.conv = new nnx.Conv(3, 8, [3, 3], { rngs });
    this.norm = new nnx.BatchNorm(8, { rngs });
    this.drop = new nnx.Dropout(0.5, { rngs });
    this.attention = new nnx.MultiHeadAttention(2, 8, { decode: false, rngs });
    this.out = new nnx.Linear(8, 10, { rngs });
  }
  forward(x: tf.Tensor4D): tf.Tensor {
    const h = nnx.relu(this.norm.forward(this.conv.forward(x) as tf.Tensor4D));
    const rows = tf.reshape(tf.maxPool(h as tf.Tensor4D, 2, 2, "valid"), [x.shape[0], -1, 8]);
    const seen = this.attention.forward(this.drop.forward(rows) as tf.Tensor3D);
    return this.out.forward(tf.mean(seen, 1) as tf.Tensor2D);
  }
}

const shapes = (state: nnx.State) =>
  nnx.flattenState(state).flatMap(([path, leaf]) => {
    const value = nnx.leafValue<{ shape?: readonly number[]; dtype?: string }>(leaf);
    return typeof value === "object" && value !== null && "shape" in value
      ? [`${path.join(".")} ${value.dtype}[${value.shape?.join(",")}]`]
      : [];
  });

onEachBackend("evalShape", () => {
  it("makes models of any size without drawing or memory, with the leaves of the real one", () => {
    const before = tf.memory();
    const huge = nnx.evalShape(() => new nnx.Linear(60_000, 60_000, { rngs: new nnx.Rngs(0) }));
    expect(huge.kernel.value).toEqual(new nnx.ShapeDtypeStruct([60_000, 60_000], "float32"));
    expect([tf.memory().numTensors, tf.memory().numBytes]).toEqual([before.numTensors, before.numBytes]);
    const abstract = nnx.evalShape(() => new Net(new nnx.Rngs(0)));
    const real = new Net(new nnx.Rngs(0));
    expect(shapes(nnx.state(abstract))).toEqual(shapes(nnx.state(real)));
    expect(nnx.equalGraphDefs(nnx.graphdef(abstract), nnx.graphdef(real))).toBe(true);
    expect(shapes(nnx.state(nnx.asAbstract(real)))).toEqual(shapes(nnx.state(real)));
    nnx.dispose(real);
  });

  it("gives the shapes of results, and changes nothing", () => {
    const model = new Net(new nnx.Rngs(0, { dropout: 1 }));
    const count = model.drop.rngs?.count.value;
    const values = nnx.state(model);
    const before = tf.memory().numTensors;
    const image = new nnx.ShapeDtypeStruct([4, 8, 8, 3], "float32");
    const run = (m: Net, x: tf.Tensor4D) => ({ y: m.forward(x), label: tf.argMax(m.forward(x), 1), n: 3 });
    const out = nnx.evalShape(run, model, image);
    expect(out).toEqual({
      y: new nnx.ShapeDtypeStruct([4, 10], "float32"),
      label: new nnx.ShapeDtypeStruct([4], "int32"),
      n: 3,
    });
    expect(model.drop.rngs?.count.value).toBe(count);
    expect(nnx.state(model)).toEqual(values);
    expect(tf.memory().numTensors).toBe(before);
    const step = (m: Net, x: tf.Tensor4D) => nnx.grad((n: Net) => tf.mean(n.forward(x)) as tf.Tensor)(m);
    const grads = nnx.evalShape(
      step,
      nnx.evalShape(() => new Net(new nnx.Rngs(0, { dropout: 1 }))),
      image,
    );
    expect(shapes(grads as unknown as nnx.State)).toEqual(shapes(nnx.state(model, nnx.Param)));
    expect(tf.getBackend()).not.toBe("nnx-abstract");
    nnx.dispose([model, values]);
  });

  it("makes what a checkpoint is restored into", async () => {
    const make = (seed: number) => {
      const model = new Net(new nnx.Rngs(seed));
      return { model, optimizer: new nnx.Optimizer(model, nnx.adam(1e-3), { wrt: nnx.Param }) };
    };
    const saved = make(1);
    const bytes = await nnx.toBytes(saved);
    const into = nnx.evalShape(() => make(2));
    await nnx.restore(into, bytes);
    expect([...into.model.out.kernel.value.dataSync()]).toEqual([...saved.model.out.kernel.value.dataSync()]);
    expect(into.model.drop.rngs?.key.value.equals(saved.model.drop.rngs?.key.value)).toBe(true);
    const other = nnx.evalShape(() => new nnx.Linear(2, 2, { rngs: new nnx.Rngs(0) }));
    await expect(
      nnx.restore(other, await nnx.toBytes(new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) }))),
    ).rejects.toThrow(/kernel: .*\[2,3\]/);
    nnx.dispose([saved, into]);
  });
});

describe("evalShape, given what does not fit", () => {
  it.each([
    [
      "reading a tensor",
      () => nnx.evalShape((x: tf.Tensor) => tf.add(x, 1).dataSync()[0], tf.ones([2])),
      /evalShape: expected a function that does not read tensors/,
    ],
    [
      "an op whose shape depends on values",
      () =>
        nnx.evalShape(
          (x: tf.Tensor) => tf.image.nonMaxSuppression(x as tf.Tensor2D, tf.ones([2]), 2),
          tf.ones([2, 4]),
        ),
      /evalShape: expected ops whose shapes are known/,
    ],
    [
      "shapes that do not fit",
      () => nnx.evalShape((x: tf.Tensor) => tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D), tf.ones([2, 3])),
      /evalShape: expected a product of \[2,3\] and \[2,3\]/,
    ],
    ["no shape", () => new nnx.ShapeDtypeStruct([-1], "float32"), /ShapeDtypeStruct: expected a shape/],
    ["no function", () => nnx.evalShape(1 as never), /evalShape: expected a function/],
  ])("refuses %s, and comes back to the backend", (_name, run, message) => {
    const before = tf.memory().numTensors;
    const backend = tf.getBackend();
    expect(run).toThrow(message);
    expect(tf.getBackend()).toBe(backend);
    expect(tf.memory().numTensors - before).toBeLessThan(3);
  });
});

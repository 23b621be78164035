import { flattenState, isVariableState, type Module, type State, valueAndGrad } from "@nnxjs/nnx-core";
import { Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { weightedSum } from "../test/edges.ts";
import { layerTable } from "../test/layer-table.ts";
import * as nnx from "./index.ts";

type Layer = Module & { forward(x: tf.Tensor): unknown };

const values = (x: tf.Tensor): number[] => [...x.dataSync()];
const lossOf = (m: Layer, x: tf.Tensor): tf.Tensor => weightedSum(m.forward(x) as tf.Tensor);
const gradientsOf = (s: State): number[][] =>
  flattenState(s).map(([, leaf]) => values((isVariableState(leaf) ? leaf.value : leaf) as tf.Tensor));

/** Layers whose inputs have at most one batch axis, or a fixed first axis. */
const fixed = /^(LinearGeneral with batch axes|Einsum|Embed|RNN.*|Bidirectional)$/;
/**
 * These compute statistics for each element of the first axis, so the other batch axes come after
 * it.
 */
const perFirst = /^(GroupNorm|InstanceNorm)$/;

onEachBackend("seven axes and more", () => {
  it.each(layerTable.filter(({ name }) => !fixed.test(name)))(
    "$name: give what one batch axis gives, and the same gradients",
    ({ name, make, input }) => {
      const x = input();
      const [first = 1, ...rest] = x.shape;
      const shape = perFirst.test(name) ? [first, 1, 1, 1, 1, ...rest] : [1, 1, 1, 1, 1, first, ...rest];
      const y = make().forward(x) as tf.Tensor;
      const wide = make().forward(tf.reshape(x, shape)) as tf.Tensor;
      expect(wide.rank).toBe(y.rank + shape.length - x.rank);
      expect(values(wide)).toEqual(values(y));
      const [, [ofLayer, ofInput]] = valueAndGrad(lossOf, { argnums: [0, 1] })(make() as Layer, x);
      const [, [wideOfLayer, wideOfInput]] = valueAndGrad(lossOf, { argnums: [0, 1] })(
        make() as Layer,
        tf.reshape(x, shape),
      );
      expect(values(wideOfInput as tf.Tensor)).toEqual(values(ofInput as tf.Tensor));
      expect(gradientsOf(wideOfLayer)).toEqual(gradientsOf(ofLayer));
    },
  );

  it("BatchNorm normalises two features of five axes of one", () => {
    const layer = new nnx.BatchNorm(2, { rngs: new Rngs(0) });
    const y = layer.forward(tf.tensor([1, 2, 3, 5], [1, 1, 1, 1, 1, 2, 2]));
    expect(values(y).map(Math.round)).toEqual([-1, -1, 1, 1]);
  });

  it("pools and masked functions take them too", () => {
    const x = tf.reshape(tf.range(0, 18), [1, 1, 1, 2, 3, 3, 1]);
    expect(values(nnx.maxPool(x, [3, 3]))).toEqual([8, 17]);
    expect(values(nnx.minPool(x, [3, 3]))).toEqual([0, 9]);
    expect(values(nnx.avgPool(x, [3, 3]))).toEqual([4, 13]);
    const rows = tf.reshape(tf.range(0, 12), [1, 1, 2, 1, 1, 2, 3]);
    const where = tf.tensor1d([1, 0, 1], "bool");
    const flat = tf.reshape(rows, [4, 3]);
    expect(values(nnx.softmax(rows, { where }))).toEqual(values(nnx.softmax(flat, { where })));
    expect(values(nnx.logSoftmax(rows, { axis: [3, -1], where }))).toEqual(
      values(nnx.logSoftmax(flat, { where })),
    );
    expect(values(nnx.logsumexp(rows, { axis: -1 }))).toEqual(values(nnx.logsumexp(flat, { axis: 1 })));
  });

  it("Einsum takes its kernel in two shapes", () => {
    const kernel = tf.tensor3d(
      Array.from({ length: 24 }, (_, i) => i - 10),
      [2, 3, 4],
    );
    const layer = new nnx.Einsum("ab,bcd->acd", [2, 3, 4], null, { rngs: new Rngs(0) });
    layer.kernel.value = kernel;
    // np.ones((1, 2)) @ k.reshape(2, 12), and np.ones(6) @ k.reshape(6, 4)
    expect(values(layer.forward(tf.ones([1, 2])))).toEqual([-8, -6, -4, -2, 0, 2, 4, 6, 8, 10, 12, 14]);
    const turned = layer.forward(tf.ones([1, 2, 3]), { einsumStr: "abc,bcd->ad" });
    expect(values(turned)).toEqual([0, 6, 12, 18]);
    expect(values(layer.forward(tf.ones([1, 2])))).toEqual([-8, -6, -4, -2, 0, 2, 4, 6, 8, 10, 12, 14]);
  });
});

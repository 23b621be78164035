import {
  BatchStat,
  flattenState,
  isVariableState,
  type Module,
  type State,
  state,
  valueAndGrad,
} from "@nnxjs/nnx-core";
import { Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { type EdgeArray, edges, expectEdge, weightedSum } from "../test/edges.ts";
import { layerTable } from "../test/layer-table.ts";
import * as nnx from "./index.ts";

type Layer = Module & { forward(x: tf.Tensor): unknown };

const streams = (): Rngs => new Rngs({ params: 0, dropout: 1, dropconnect: 2, carry: 3 });
const conv = (
  kernelSize: number | number[],
  options: Partial<nnx.ConvOptions> = {},
  [i, o] = [2, 3],
): Layer => new nnx.Conv(i!, o!, kernelSize, { ...options, rngs: streams() });

const makers: Readonly<Record<string, () => Layer>> = {
  Linear: () => new nnx.Linear(3, 4, { rngs: streams() }),
  "Linear of two batch axes": () => new nnx.Linear(3, 4, { rngs: streams() }),
  LinearGeneral: () => new nnx.LinearGeneral([2, 3], [2, 2], { axis: [-2, -1], rngs: streams() }),
  "LinearGeneral with batch axes": () =>
    new nnx.LinearGeneral(3, 4, { batchAxis: { 0: 2 }, rngs: streams() }),
  Einsum: () => new nnx.Einsum("nta,hab->nthb", [2, 3, 4], [2, 4], { rngs: streams() }),
  "Einsum of no times": () => new nnx.Einsum("nta,hab->nthb", [2, 3, 4], [2, 4], { rngs: streams() }),
  "Conv over one axis": () => conv(3),
  Conv: () => conv([3, 3]),
  "Conv with strides": () => conv([3, 3], { strides: 2 }),
  "Conv with dilation": () => conv([3, 3], { kernelDilation: 2 }),
  "Conv with strides and dilation": () => conv([3, 3], { strides: 2, kernelDilation: 2 }),
  "Conv in groups": () => conv([3, 3], { featureGroupCount: 2 }, [4, 6]),
  "Conv depthwise": () => conv([3, 3], { featureGroupCount: 4 }, [4, 4]),
  "Conv circular": () => conv([3, 3], { padding: "CIRCULAR" }),
  "Conv over three axes": () => conv([2, 2, 2], {}, [2, 2]),
  "Conv of one element": () => conv([1, 1]),
  ConvTranspose: () => new nnx.ConvTranspose(2, 3, [3, 3], { strides: 2, rngs: streams() }),
  BatchNorm: () => new nnx.BatchNorm(3, { rngs: streams() }),
  "BatchNorm evaluating": () => new nnx.BatchNorm(3, { useRunningAverage: true, rngs: streams() }),
  LayerNorm: () => new nnx.LayerNorm(3, { rngs: streams() }),
  RMSNorm: () => new nnx.RMSNorm(3, { rngs: streams() }),
  GroupNorm: () => new nnx.GroupNorm(4, 2, { rngs: streams() }),
  "GroupNorm of no positions": () => new nnx.GroupNorm(4, 2, { rngs: streams() }),
  InstanceNorm: () => new nnx.InstanceNorm(2, { rngs: streams() }),
  MultiHeadAttention: () => new nnx.MultiHeadAttention(4, 8, { decode: false, rngs: streams() }),
  "MultiHeadAttention of no times": () =>
    new nnx.MultiHeadAttention(4, 8, { decode: false, rngs: streams() }),
  PReLU: () => new nnx.PReLU(0.3),
  RNN: () => new nnx.RNN(new nnx.LSTMCell(2, 3, { rngs: streams() })),
  "RNN of GRUCell": () => new nnx.RNN(new nnx.GRUCell(2, 3, { rngs: streams() })),
  LoRA: () => new nnx.LoRA(3, 2, 4, { rngs: streams() }),
};

/** Fills memory and frees it, so that a kernel that does not write its result shows it. */
function leaveNumbersBehind(): void {
  const left = [1, 4, 16, 64, 128, 256, 512].flatMap((n) => [tf.fill([n], 777), tf.fill([n], 777)]);
  tf.dispose(left);
}

const tensorsOf = (s: State): Map<string, tf.Tensor> =>
  new Map(
    flattenState(s).map(([path, leaf]) => [
      path.join("."),
      (isVariableState(leaf) ? leaf.value : leaf) as tf.Tensor,
    ]),
  );

function expectState(s: State, wanted: Readonly<Record<string, EdgeArray>>, what: string): void {
  const found = tensorsOf(s);
  expect([...found.keys()].sort(), what).toEqual(Object.keys(wanted).sort());
  for (const [path, tensor] of found) expectEdge(tensor, wanted[path]!, `${what} ${path}`);
}

const lossOf = (m: Layer, x: tf.Tensor): tf.Tensor => weightedSum(m.forward(x) as tf.Tensor);

onEachBackend("without rows", () => {
  it.each(edges.layers)("$name has Flax's shape, statistics and gradients", ({ name, input, ...edge }) => {
    leaveNumbersBehind();
    const layer = makers[name]!();
    const x = tf.zeros(input);
    expect((layer.forward(x) as tf.Tensor).shape).toEqual(edge.output);
    expectState(state(layer, BatchStat), edge.statistics, "statistics");
    const [, [ofLayer, ofInput]] = valueAndGrad(lossOf, { argnums: [0, 1] })(makers[name]!(), x);
    expectState(ofLayer, edge.gradients, "gradient");
    expect((ofInput as tf.Tensor).shape).toEqual(input);
  });

  // Layers that Flax does not have are here, too. The gradients of BatchNorm are NaN, like its
  // statistics.
  const others = ["Embed", "BatchNorm", "LinearGeneral with batch axes"];
  it.each(layerTable.filter(({ name }) => !others.includes(name)))(
    "$name has zeros for gradients",
    ({ make, input, output }) => {
      leaveNumbersBehind();
      const x = tf.zeros([0, ...input().shape.slice(1)]);
      const layer = make() as Layer;
      expect((layer.forward(x) as tf.Tensor).shape).toEqual([0, ...output.slice(1)]);
      const [loss, [ofLayer]] = valueAndGrad(lossOf, { argnums: [0, 1] })(make() as Layer, x);
      expect(loss.dataSync()[0]).toBe(0);
      for (const [path, gradient] of tensorsOf(ofLayer)) {
        expect(
          [...gradient.dataSync()].every((value) => value === 0),
          path,
        ).toBe(true);
      }
    },
  );

  it.each(["batch", "example"] as const)("DropConnectLinear with masks per %s", (masks) => {
    const make = () =>
      new nnx.DropConnectLinear(new nnx.Linear(3, 4, { rngs: streams() }), 0.25, { masks, rngs: streams() });
    expect(make().forward(tf.zeros([0, 3])).shape).toEqual([0, 4]);
    const [, [gradients]] = valueAndGrad(lossOf, { argnums: [0, 1] })(make() as Layer, tf.zeros([0, 3]));
    for (const gradient of tensorsOf(gradients).values())
      expect([...gradient.dataSync()].every((value) => value === 0)).toBe(true);
  });

  it.each<[string, Layer, number[], number[]]>([
    [
      "ConvTranspose circular",
      new nnx.ConvTranspose(2, 3, [3, 2], { strides: 2, padding: "CIRCULAR", rngs: streams() }),
      [2, 0, 6, 4, 2],
      [2, 0, 12, 8, 3],
    ],
    ...(["CIRCULAR", "REFLECT"] as const).map((padding): [string, Layer, number[], number[]] => [
      `Conv with strides and ${padding} padding`,
      conv([2, 1, 2], { strides: [2, 1, 3], kernelDilation: [1, 1, 2], padding }),
      [0, 6, 6, 4, 2],
      [0, 3, 6, 2, 3],
    ]),
  ])("%s has zeros for gradients", (_name, layer, input, output) => {
    const x = tf.zeros(input);
    expect((layer.forward(x) as tf.Tensor).shape).toEqual(output);
    const [, [ofLayer, ofInput]] = valueAndGrad(lossOf, { argnums: [0, 1] })(layer, x);
    expect((ofInput as tf.Tensor).shape).toEqual(input);
    for (const gradient of tensorsOf(ofLayer).values())
      expect([...gradient.dataSync()].every((value) => value === 0)).toBe(true);
  });

  it("Embed of no ids", () => {
    const layer = new nnx.Embed(6, 3, { rngs: streams() });
    const ids = tf.zeros([0, 2], "int32");
    expect(layer.forward(ids).shape).toEqual([0, 2, 3]);
    const [, gradients] = valueAndGrad((m: nnx.Embed) => weightedSum(m.forward(ids)))(layer);
    expect([...tensorsOf(gradients).values()].map((g) => [...g.dataSync()])).toEqual([Array(18).fill(0)]);
  });
});

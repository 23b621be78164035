import { grad } from "@nnxjs/nnx-core";
import { Rngs } from "@nnxjs/rnglib";
import type * as tf from "@tensorflow/tfjs-core";
import { it } from "vitest";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { edges, edgeTensor, expectEdge, weightedSum } from "../test/edges.ts";
import * as nnx from "./index.ts";

type Masked = { forward(x: tf.Tensor, options: { mask: tf.Tensor }): tf.Tensor };

const norms: Readonly<Record<string, (options: { rngs: Rngs; useFastVariance: boolean }) => Masked>> = {
  LayerNorm: (options) => new nnx.LayerNorm(4, options),
  RMSNorm: (options) => new nnx.RMSNorm(4, options),
  BatchNorm: (options) => new nnx.BatchNorm(4, options),
  GroupNorm: (options) => new nnx.GroupNorm(4, 2, options),
  InstanceNorm: (options) => new nnx.InstanceNorm(4, options),
};

onEachBackend("masks", () => {
  it.each(edges.norms)("$name: value and gradient are Flax's", ({ layer, fast, ...edge }) => {
    const mask = edgeTensor(edge.mask);
    const x = edgeTensor(edge.inputs[0]!);
    const f = (v: tf.Tensor): tf.Tensor =>
      norms[layer]!({ rngs: new Rngs(0), useFastVariance: fast }).forward(v, { mask });
    expectEdge(f(x), edge.value, "value", 1e-4);
    expectEdge(grad((v: tf.Tensor) => weightedSum(f(v)))(x), edge.gradients[0]!, "gradient", 1e-3);
  });

  it.each(edges.attention)("$name: value and gradients are Flax's", (edge) => {
    const mask = edgeTensor(edge.mask);
    const inputs = edge.inputs.map(edgeTensor) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const f = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor): tf.Tensor =>
      nnx.dotProductAttention(q, k, v, { mask });
    expectEdge(f(...inputs), edge.value, "value");
    const slopes = grad((q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) => weightedSum(f(q, k, v)), {
      argnums: [0, 1, 2],
    })(...inputs);
    for (const [i, slope] of slopes.entries())
      expectEdge(slope as tf.Tensor, edge.gradients[i]!, `gradient ${i}`);
  });
});

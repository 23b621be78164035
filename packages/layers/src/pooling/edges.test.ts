import { grad } from "@nnxjs/nnx-core";
import type * as tf from "@tensorflow/tfjs-core";
import { it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { edges, edgeTensor, expectEdge, weightedSum } from "../../test/edges.ts";
import * as nnx from "../index.ts";

onEachBackend("pools", () => {
  it.each(edges.pools)(
    "$name: value and gradient are JAX's",
    ({ kind, window, strides, padding, ...edge }) => {
      const options = { strides, padding };
      const f = (x: tf.Tensor): tf.Tensor => {
        if (kind === "max") return nnx.maxPool(x, window, options);
        if (kind === "min") return nnx.minPool(x, window, options);
        return nnx.avgPool(x, window, { ...options, countIncludePad: kind === "avg" });
      };
      const x = edgeTensor(edge.inputs[0]!);
      expectEdge(f(x), edge.value, "value");
      expectEdge(grad((v: tf.Tensor) => weightedSum(f(v)))(x), edge.gradients[0]!, "gradient");
    },
  );
});

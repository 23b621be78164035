/** @file The transformer block with tensorflow.js alone. */
import * as tf from "@tensorflow/tfjs-core";
import type { Run, Runs } from "../../peers/run.ts";
import { attention, dense, gelu, layerNorm, tensorOf, trainer, variable } from "../../peers/stock.ts";
import { BLOCK, DEPTH, HEADS, INPUT, LENGTH, SHAPES } from "./shared.ts";

function make(): Run {
  const [x, target] = [tensorOf("block.x", INPUT), tensorOf("block.target", INPUT)];
  const parameters = Object.fromEntries(
    Object.entries(SHAPES).map(([path, shape]) => [path, variable(path, shape)]),
  );
  const bias = tf.sub(tf.mul(tf.linalg.bandPart(tf.ones([LENGTH, LENGTH]), -1, 0), 1e9), 1e9);
  const [batch, , features] = INPUT;
  const norm = (h: tf.Tensor, name: string): tf.Tensor =>
    layerNorm(h, parameters[`${name}.scale`]!, parameters[`${name}.bias`]!);
  const linear = (h: tf.Tensor, name: string): tf.Tensor =>
    dense(
      h,
      tf.reshape(parameters[`${name}.kernel`]!, [h.shape.at(-1)!, -1]),
      tf.reshape(parameters[`${name}.bias`]!, [-1]),
    );
  const heads = (h: tf.Tensor, name: string): tf.Tensor =>
    tf.reshape(linear(h, `attention.${name}`), [batch, LENGTH, HEADS, DEPTH]);
  const step = trainer(() => {
    const z = norm(x, "norm1");
    const y = attention(heads(z, "query"), heads(z, "key"), heads(z, "value"), bias);
    const h = tf.add(x, linear(tf.reshape(y, [batch, LENGTH, features]), "attention.out"));
    const out = tf.add(h, linear(gelu(linear(norm(h, "norm2"), "up")), "down"));
    return tf.mean(tf.squaredDifference(out, target));
  });
  return { step };
}

export const runs: Runs = { [BLOCK]: make };

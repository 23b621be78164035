/** @file What is in format-1.safetensors, which the library must be able to read for ever. */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";

/** Small, with every kind of leaf. */
export function fixture(filled: boolean): Record<string, nnx.Variable | nnx.Variable[]> {
  const x = filled ? 1 : 0;
  return {
    kernel: new nnx.Param(tf.tensor2d([x * 0.5, -x, 3 * x, x * 2 ** -149], [2, 2]), { tag: "k" }),
    layers: [new nnx.Param(tf.tensor1d([x, 2 * x])), new nnx.BatchStat(tf.scalar(x * Number.MAX_VALUE))],
    "a.b\\c": new nnx.Variable(tf.tensor1d([-x, 2147483647 * x], "int32")),
    flags: new nnx.Variable(tf.tensor1d([filled, false, filled], "bool")),
    complex: new nnx.Variable(
      tf.tidy(() => tf.complex(tf.tensor1d([x, 2 * x]), tf.tensor1d([3 * x, 4 * x]))),
    ),
    empty: new nnx.Param(tf.zeros([0, 3])),
    key: new nnx.RngKey(nnx.random.key(42 * x)),
    keys: new nnx.RngKey(nnx.random.split(nnx.random.key(x), 2)),
    count: new nnx.RngCount(7 * x),
    counts: new nnx.RngCount([x, 4294967295 * x]),
    rate: new nnx.Variable(0.1 * x),
    on: new nnx.Variable(filled),
    text: new nnx.Variable<unknown>(filled ? "ü🙂" : ""),
    none: new nnx.Variable(null),
    seen: new nnx.Intermediate<unknown>([tf.tensor1d([x, x]), { deep: tf.scalar(x) }]),
  };
}

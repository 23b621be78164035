import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
await tf.setBackend("wasm");
const x = tf.randomNormal([8, 30, 30, 32]),
  dy = tf.randomNormal([8, 28, 28, 32]),
  p = tf.randomNormal([8, 14, 14, 128]);
const b = tf.greater(dy, 0);
const f: Record<string, () => any> = {
  slice4: () => tf.slice(x, [0, 1, 1, 0], [8, 28, 28, 32]),
  slice0: () => tf.slice(tf.reshape(dy, [4, 50176]), [1, 0], [1, 50176]),
  t102: () => tf.transpose(tf.reshape(dy, [8 * 14, 2, 28 * 32]), [1, 0, 2]),
  t102b: () => tf.transpose(tf.reshape(dy, [8 * 14 * 28, 2, 32]), [1, 0, 2]),
  t0213: () => tf.transpose(tf.reshape(dy, [8 * 14, 2, 14, 64]), [0, 2, 1, 3]),
  t210: () => tf.transpose(tf.reshape(dy, [8, 784, 32]), [2, 1, 0]),
  equal: () => tf.equal(dy, dy),
  select: () => tf.engine().runKernel("Select", { condition: b, t: dy, e: dy }),
  and: () => tf.logicalAnd(b, b),
  not: () => tf.logicalNot(b),
  castf: () => tf.cast(b, "float32"),
  mulb: () => tf.mul(tf.cast(b, "float32"), dy),
  pad4: () =>
    tf.pad(dy, [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ]),
  stack: () => tf.stack([dy, dy, dy, dy], 3),
  addN: () => tf.addN([dy, dy]),
  step: () => tf.step(dy),
  sub: () => tf.sub(dy, dy),
  zl: () => tf.zerosLike(dy),
  strided: () => tf.stridedSlice(dy, [0, 0, 0, 0], [8, 28, 28, 32], [1, 2, 2, 1]),
  gather: () => tf.gather(tf.reshape(dy, [6272, 32]), tf.range(0, 6272, 1, "int32")),
  concat: () => tf.concat([dy, dy], 3),
  max: () => tf.maximum(dy, dy),
  avgp: () => tf.avgPool(x as any, 1, 1, "valid"),
  conv1tap: () => tf.depthwiseConv2d(x as any, tf.ones([3, 3, 32, 1]) as any, 1, "valid"),
  gradrelu: () => (tf.grad((q) => tf.relu(q)) as any)(dy, dy),
  split: () => tf.split(dy, 2, 3),
  unstack: () => tf.unstack(tf.reshape(dy, [4, 50176])),
};
const N = dy.size;
for (const k in f) {
  try {
    let best = 1e9;
    for (let i = 0; i < 15; i++)
      tf.tidy(() => {
        const t = performance.now();
        f[k]!();
        best = Math.min(best, performance.now() - t);
      });
    console.log(k, ((best * 1e6) / N).toFixed(2));
  } catch (e) {
    console.log(k, "0");
  }
}
process.exit(0);

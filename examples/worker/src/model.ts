/** @file Which of two rings around the origin is a point in? */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";

export class Rings extends nnx.Module {
  readonly hidden: nnx.Linear;
  readonly drop: nnx.Dropout;
  readonly out: nnx.Linear;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.hidden = new nnx.Linear(2, 32, { rngs });
    this.drop = new nnx.Dropout(0.1, { rngs });
    this.out = new nnx.Linear(32, 2, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.out.forward(this.drop.forward(nnx.relu(this.hidden.forward(x))));
  }
}
// The other thread finds the class under this name.
nnx.registerModule("Rings", Rings);

/** `[count, 2]` points, and the ring of each: 0 is the inner one. */
export function points(count: number, key: nnx.PRNGKey): { x: tf.Tensor2D; labels: tf.Tensor1D } {
  const [angles, spread] = nnx.random.split(key);
  const labels = tf.tensor1d(
    Array.from({ length: count }, (_, i) => i % 2),
    "int32",
  );
  const x = tf.tidy(() => {
    const angle = nnx.random.uniform(angles, [count], { maxval: 2 * Math.PI });
    const radius = tf.add(tf.add(labels, 1), tf.mul(nnx.random.normal(spread, [count]), 0.1));
    return tf.stack([tf.mul(radius, tf.cos(angle)), tf.mul(radius, tf.sin(angle))], 1) as tf.Tensor2D;
  });
  return { x, labels };
}

/** The share of points whose ring the model knows. */
export async function accuracyOf(model: Rings): Promise<number> {
  const { x, labels } = points(200, nnx.random.key(9));
  const share = tf.tidy(() => {
    const guesses = tf.argMax(nnx.view(model, { deterministic: true }).forward(x), 1);
    return tf.mean(tf.cast(tf.equal(guesses, labels), "float32"));
  });
  try {
    return (await share.data())[0] as number;
  } finally {
    tf.dispose([x, labels, share]);
  }
}

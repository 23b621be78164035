/** @file Products of all slices whose results are brought into bounds at once: to the bit what relu makes. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import * as nnx from "../index.ts";

const MEMBERS = 3;

/** What a function makes of a product. */
const uses: Readonly<Record<string, (y: tf.Tensor) => tf.Tensor[]>> = {
  relu: (y) => [tf.relu(y)],
  relu6: (y) => [tf.relu6(y)],
  "relu of what is returned too": (y) => [y, tf.relu(y)],
  "relu of what is used later": (y) => {
    const positive = tf.relu(y);
    return [tf.add(positive, y)];
  },
  "relu of what was used before": (y) => {
    const twice = tf.mul(y, 2);
    return [tf.sub(tf.relu(y), twice)];
  },
  "relu and relu6 of one": (y) => [tf.relu(y), tf.relu6(y)],
  "relu6 of relu": (y) => [tf.relu6(tf.relu(y))],
  "relu of a sum with itself": (y) => [tf.relu(tf.add(y, y))],
  "relu that nothing uses": (y) => {
    tf.relu(y);
    return [tf.neg(y)];
  },
};

const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e-40, 30, -2];

onEachBackend("bounds of products in one run", () => {
  const cases = Object.keys(uses).flatMap((use) =>
    [
      { rows: 1, inAxes: [0, null] },
      { rows: 4, inAxes: [0, 0] },
      { rows: 2, inAxes: [null, 0] },
    ].map((each) => ({ use, ...each })),
  );

  it.each(cases)("are those of each slice: $use, $rows rows, axes $inAxes", ({ use, rows, inAxes }) => {
    const [ofModel, ofX] = inAxes;
    const make = (key: nnx.PRNGKey): nnx.Linear => new nnx.Linear(5, 9, { rngs: new nnx.Rngs(key) });
    const model =
      ofModel === 0 ? nnx.vmap(make)(nnx.random.split(nnx.random.key(1), MEMBERS)) : make(nnx.random.key(1));
    const { shape } = model.bias!.value;
    model.bias!.value = tf.tensor(
      Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => special[i % special.length]!),
      shape,
    );
    const x = nnx.random.normal(nnx.random.key(2), ofX === 0 ? [MEMBERS, rows, 5] : [rows, 5]);
    const { numTensors } = tf.memory();
    const [batched, looped] = [false, true].map((reads) => {
      let calls = 0;
      const made = nnx.vmap(
        (m: nnx.Linear, a: tf.Tensor) => {
          calls++;
          if (reads) m.kernel.value.dataSync();
          if (reads) a.dataSync();
          return uses[use]!(m.forward(a));
        },
        { inAxes },
      )(model, x);
      const values = made.map((each) => [...each.dataSync()]);
      tf.dispose(made);
      return { calls, values };
    });
    expect(batched).toEqual({ calls: 1, values: looped!.values });
    expect(looped!.calls).toBe(MEMBERS);
    expect(tf.memory().numTensors).toBe(numTensors);
    nnx.dispose([model, x]);
  });
});

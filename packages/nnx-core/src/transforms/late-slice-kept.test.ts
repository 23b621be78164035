/** @file The first slice of a run for all slices where others write, assign, keep copies and fail. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend, useBackend } from "../../../../scripts/use-backend.ts";
import { counts, listOf, rows, Scale } from "../../test/slices.ts";
import { dispose, scaleGradient, vmap } from "../index.ts";

onEachBackend("the first slice of vmap", () => {
  it("keeps its values from those who write to what they read", () => {
    const w = rows();
    const wasWritten = tf.getBackend() === "cpu";
    const seen: unknown[] = [];
    const made = vmap((x: tf.Tensor) => {
      const y = tf.mul(x, 2);
      y.dataSync().fill(7);
      seen.push([...y.dataSync()]);
      return tf.add(y, x);
    })(w);
    // On cpu tensorflow.js gives the memory of the tensor itself.
    expect(seen).toEqual([2, 6, 10].map((n) => (wasWritten ? [7, 7] : [n, n + 2])));
    expect(listOf(made)).toEqual(wasWritten ? [8, 9, 10, 11, 12, 13] : [3, 6, 9, 12, 15, 18]);
    tf.dispose([w, made]);
  });

  it("of a variable of tensorflow.js has the values of its time", () => {
    const before = counts();
    const initial = rows();
    const w = tf.variable(initial);
    const kept: tf.Tensor[] = [];
    const made = vmap((x: tf.Tensor) => {
      kept.push(tf.keep(tf.neg(x)));
      w.assign(tf.zeros([3, 2]));
      return tf.mul(x, 2);
    })(w);
    expect([listOf(kept[0]), listOf(made), listOf(w)]).toEqual([
      [-1, -2],
      [2, 4, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
    ]);
    tf.dispose([kept, made, initial, w] as tf.Tensor[]);
    expect(counts()).toEqual(before);
  });

  it("is computed with what variables of tensorflow.js have at the time", () => {
    const reads = [(v: tf.Tensor) => v, (v: tf.Tensor) => scaleGradient(v, 0.5)];
    for (const read of reads) {
      const [w, initial] = [rows(), tf.ones([2])];
      const factor = tf.variable(initial);
      const made = vmap((x: tf.Tensor) => {
        const y = tf.mul(x, read(factor));
        factor.assign(tf.fill([2], 10));
        return tf.sub(tf.mul(x, read(factor)), y);
      })(w);
      expect(listOf(made)).toEqual([9, 18, 0, 0, 0, 0]);
      tf.dispose([w, initial, factor, made] as tf.Tensor[]);
    }
  });

  it("outlives the call in a tensor of its data, too", () => {
    const w = rows();
    const before = counts();
    const kept: tf.Tensor[] = [];
    const made = vmap((x: tf.Tensor) => {
      const y = tf.neg(x);
      kept.push(tf.keep(scaleGradient(y, 0.5)));
      y.dispose();
      return tf.abs(x);
    })(w);
    expect(kept.map(listOf)).toEqual([[-1, -2]]);
    tf.dispose([kept, made]);
    expect(counts()).toEqual(before);
    w.dispose();
  });

  it("comes to the backend that is in use when it is needed", async () => {
    const own = tf.getBackend() as "cpu" | "wasm";
    const w = rows();
    const kept: tf.Tensor[] = [];
    const call = vmap((x: tf.Tensor) => {
      const y = tf.neg(x);
      void tf.setBackend("cpu");
      kept.push(tf.keep(tf.cumsum(y)), tf.keep(tf.abs(y)));
      void tf.setBackend(own);
      return tf.mul(y, 2);
    });
    const made = call(w);
    await useBackend(own);
    expect([listOf(made), ...kept.map(listOf)]).toEqual([
      [-2, -4, -6, -8, -10, -12],
      [-1, -3],
      [1, 2],
    ]);
    tf.dispose([w, made, kept]);
  });

  it("leaves nothing behind, whatever becomes of the call", () => {
    const model = new Scale(rows());
    const ways: ((m: Scale) => unknown)[] = [
      (m) => tf.neg(m.w.value),
      (m) => tf.cumsum(tf.neg(m.w.value)),
      (m) => (tf.neg(m.w.value).dataSync().length > 1 ? tf.relu(m.w.value) : undefined),
      (m) => {
        m.w.value = tf.abs(tf.neg(m.w.value));
        m.w.value.dispose();
      },
      (m) => {
        m.w.value = tf.neg(tf.neg(m.w.value));
        throw new Error(String(tf.exp(m.w.value).dataSync().length));
      },
    ];
    const calls = ways.map((way) => vmap(way));
    const run = (): void =>
      tf.tidy(() => {
        for (const call of calls) {
          try {
            void call(model);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        }
      });
    run();
    const before = [...counts(), tf.memory().numBytes];
    for (let i = 0; i < 100; i++) run();
    expect([...counts(), tf.memory().numBytes]).toEqual(before);
    expect(listOf(model.w.value)).toEqual([1, 2, 3, 4, 5, 6]);
    dispose(model);
  });
});

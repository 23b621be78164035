/** @file The first slice of a run for all slices has no values until somebody asks for them. */
import * as tf from "@tensorflow/tfjs-core";
import { mendKernels } from "@nnxjs/kernels";
import { fusedMatMul, slopes } from "@nnxjs/kernels/internal";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { onKernel } from "../engine/interceptor.ts";
import { counts, listOf, rows, Scale } from "../../test/slices.ts";
import { dispose, grad, keep, scan, vmap } from "../index.ts";

class Noting extends Scale {
  seen: unknown;
}

onEachBackend("the first slice of vmap", () => {
  it("has its values wherever somebody reads them, and each slice runs once then", () => {
    const model = new Noting(rows());
    const before = counts();
    const reads: ((x: tf.Tensor, y: tf.Tensor) => unknown)[] = [
      (x) => x.dataSync(),
      (_, y) => y.dataSync(),
      (x, y) => [y.dataSync(), x.dataSync()],
      (_, y) => y.arraySync(),
      (x) => tf.tidy(() => tf.reshape(x, [2, 1]).dataSync()),
    ];
    for (const read of reads) {
      const seen: unknown[] = [];
      const call = vmap((m: Noting) => {
        const y = tf.relu(tf.sub(tf.mul(m.w.value, 2), 3));
        tf.dispose(tf.exp(y));
        seen.push(read(m.w.value, y));
        return tf.add(y, tf.softmax(m.w.value));
      });
      const made = call(model);
      expect(seen.length).toBe(3);
      const share = 1 / (1 + Math.E);
      const wanted = [1, 3, 5].flatMap((w) => [Math.max(2 * w - 3, 0) + share, 2 * w - share]);
      listOf(made).forEach((each, i) => {
        expect(each).toBeCloseTo(wanted[i]!, 5);
      });
      tf.dispose(made);
      expect(counts()).toEqual(before);
    }
    dispose(model);
  });

  it("gives numbers to the bit as if each slice had run", () => {
    mendKernels();
    const w = tf.randomNormal([3, 4, 5]);
    const x = tf.randomNormal([2, 4]);
    const plain = (m: tf.Tensor) => tf.tanh(fusedMatMul(tf.sigmoid(x), m, null));
    const wanted = tf.tidy(() => tf.stack(tf.unstack(w).map(plain)));
    const read = vmap((m: tf.Tensor) => {
      const y = plain(m);
      y.dataSync();
      return y;
    })(w);
    expect(listOf(read)).toEqual(listOf(wanted));
    tf.dispose([w, x, read, wanted]);
  });

  it("is for ops of any kind, which see its values, and for the tape", () => {
    const model = new Noting(rows());
    const before = counts();
    const made = vmap((m: Noting) => {
      const late = tf.neg(m.w.value);
      const gradient = grad((n: Noting) => tf.sum(tf.mul(tf.square(n.w.value), late)))(m);
      const result = [tf.cumsum(late), tf.concat([late, late]), slopes.relu.run({ dy: late, y: m.w.value })];
      const value = tf.clone(gradient.w.value as tf.Tensor);
      dispose(gradient);
      return [...result, value];
    })(model);
    expect((made as tf.Tensor[]).map(listOf)).toEqual([
      [-1, -3, -3, -7, -5, -11],
      [-1, -2, -1, -2, -3, -4, -3, -4, -5, -6, -5, -6],
      [-1, -2, -3, -4, -5, -6],
      [-2, -8, -18, -32, -50, -72],
    ]);
    tf.dispose(made as tf.Tensor[]);
    expect(counts()).toEqual(before);
    dispose(model);
  });

  it("outlives the call where somebody keeps it", () => {
    const model = new Noting(rows());
    const offset = tf.scalar(10);
    const before = counts();
    const kept: tf.Tensor[] = [];
    const made = vmap((m: Noting) => {
      const y = tf.add(m.w.value, offset);
      kept.push(tf.keep(y), keep(tf.neg(y)), tf.keep(tf.clone(m.w.value)));
      return tf.mul(y, 2);
    })(model);
    const old = model.w.value;
    model.w.value = tf.zeros([3, 2]);
    offset.dispose();
    const noise = [tf.fill([3, 2], 9), tf.fill([2], 9)];
    expect(old.isDisposed).toBe(true);
    expect(kept.map(listOf)).toEqual([
      [11, 12],
      [-11, -12],
      [1, 2],
    ]);
    expect(listOf(made)).toEqual([22, 24, 26, 28, 30, 32]);
    tf.dispose([kept, made, noise]);
    expect(counts()[0]).toBe(before[0]! - 1);
    dispose(model);
  });

  it("is a variable of tensorflow.js, too", () => {
    const w = rows();
    const variable = tf.variable(tf.zeros([2]));
    const made = vmap((x: tf.Tensor) => {
      variable.assign(tf.mul(x, 3));
      return tf.neg(x);
    })(w);
    expect([listOf(variable), listOf(made)]).toEqual([
      [15, 18],
      [-1, -2, -3, -4, -5, -6],
    ]);
    tf.dispose([w, variable, made]);
  });

  it("is freed when the function throws, which finds everything as it was", () => {
    const model = new Noting(rows());
    const before = counts();
    const fails = vmap((m: Noting) => {
      m.seen = tf.relu(m.w.value);
      throw new Error(`after ${tf.tanh(m.w.value).size}`);
    });
    expect(() => fails(model)).toThrow("after 2");
    expect([model.seen, listOf(model.w.value)]).toEqual([undefined, [1, 2, 3, 4, 5, 6]]);
    expect(counts()).toEqual(before);
    dispose(model);
  });

  it("of a tensor of other dtypes and along other axes", () => {
    const given = [
      tf.tensor2d([1, 0, 1, 1], [2, 2], "bool"),
      tf.tensor2d([1, 2, 3, 4], [2, 2], "int32"),
      tf.tensor2d(["a", "b", "c", "d"], [2, 2]),
    ];
    const before = counts();
    const seen: unknown[] = [];
    const made = vmap(
      (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) => {
        seen.push([...a.dataSync()], [...b.dataSync()], [...c.dataSync()]);
        return tf.cast(b, "float32");
      },
      { inAxes: [0, 1, 0] },
    )(given[0]!, given[1]!, given[2]!);
    expect(seen).toEqual([
      [1, 0],
      [1, 3],
      ["a", "b"],
      [1, 1],
      [2, 4],
      ["c", "d"],
    ]);
    tf.dispose(made);
    expect(counts()).toEqual(before);
    tf.dispose(given);
  });

  it("shows each kernel to who watches kernels or profiles them", async () => {
    const w = rows();
    const call = vmap((x: tf.Tensor) => tf.relu(x));
    const seen: string[] = [];
    const stop = onKernel((name, run) => {
      seen.push(name);
      return run();
    });
    tf.dispose(call(w));
    stop();
    expect(seen.filter((name) => name === "Relu")).toHaveLength(3);
    const { kernelNames } = await tf.profile(() => call(w));
    expect(kernelNames).toContain("Relu");
    w.dispose();
  });

  it("of a scan inside is cut as others are", () => {
    const w = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    const sums = vmap((each: tf.Tensor) =>
      scan((x: tf.Tensor) => tf.sum(tf.relu(x)), { inAxes: 0, outAxes: 0 })(tf.neg(tf.neg(each))),
    )(w);
    expect(listOf(sums)).toEqual([3, 7, 11, 15]);
    tf.dispose([w, sums]);
  });
});

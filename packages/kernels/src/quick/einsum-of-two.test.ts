import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { einsumOfTwo } from "./einsum-of-two.ts";

const numbers = (shape: number[], seed: number): tf.Tensor =>
  tf.tidy(() => tf.sin(tf.reshape(tf.range(seed, seed + tf.util.sizeFromShape(shape)), shape)));

onEachBackend("einsums of two tensors that are one product", () => {
  beforeAll(() => mendKernels());

  const made = (equation: string, a: tf.Tensor, b: tf.Tensor): tf.Tensor | undefined => {
    const info = einsumOfTwo(tf.backend(), equation, a, b);
    return info && tf.engine().makeTensorFromTensorInfo(info);
  };

  it("are what products of matrices give, for each shape, again and again", () => {
    tf.tidy(() => {
      for (const [batch, q, k, heads, depth] of [
        [2, 8, 6, 3, 16],
        [1, 16, 16, 2, 8],
        [2, 8, 6, 3, 16],
        [3, 9, 7, 2, 12],
      ] as const) {
        const [query, key] = [numbers([batch, q, heads, depth], 1), numbers([batch, k, heads, depth], 2)];
        const turned = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 2, 1, 3]);
        const wanted = tf.matMul(turned(query), turned(key), false, true);
        const got = made("bqhd,bkhd->bhqk", query, key);
        expect(got?.shape).toEqual([batch, heads, q, k]);
        expect([...got!.dataSync()]).toEqual([...wanted.dataSync()]);
        const values = made("bhqk,bkhd->bqhd", wanted, key);
        const back = turned(tf.matMul(wanted, turned(key)));
        expect(values?.shape).toEqual([batch, q, heads, depth]);
        expect([...values!.dataSync()]).toEqual([...back.dataSync()]);
      }
    });
  });

  it("are left to others where they are no such product", () => {
    tf.tidy(() => {
      const [a, b] = [numbers([16, 16], 1), numbers([16, 16], 2)];
      // Matrices as they lie, an axis to sum out, a diagonal, one tensor, integers, nothing to add.
      for (const equation of ["ij,jk->ik", "ij,kl->kj", "ii,ij->j", "ij->ji"])
        expect(made(equation, a, b)).toBeUndefined();
      expect(made("ij,jk->ki", tf.cast(a, "int32"), tf.cast(b, "int32"))).toBeUndefined();
      expect(made("ij,jk->ki", tf.zeros([16, 0]), tf.zeros([0, 16]))).toBeUndefined();
      expect([...tf.einsum("ij,jk->ki", a, b).dataSync()]).toEqual([
        ...tf.transpose(tf.matMul(a, b)).dataSync(),
      ]);
    });
  });

  it("say of axes with two sizes what an einsum of others says", () => {
    const [a, b] = [tf.ones([4, 16]), tf.ones([8, 4])];
    const message = /expected one size of "j"/;
    expect(() => made("ij,jk->ki", a, b)).toThrow(message);
    expect(() => tf.tidy(() => tf.einsum("ij,jk->ki", a, b))).toThrow(message);
    tf.dispose([a, b]);
  });
});

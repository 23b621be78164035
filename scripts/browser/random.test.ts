/** @file Random numbers: what the device draws is what the processor draws, to the bit. */
import { drawsOnDevice } from "@nnxjs/kernels/internal";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { expect, inject, it } from "vitest";
import { bernoulli, maskScale, uniform } from "../../packages/rnglib/src/keys/index.ts";

const backend = inject("backend");
const SIZES = [3, 1000, 2 ** 11 - 1, 2 ** 11, 300_001];

/** The first places at which two lists differ. */
const differences = (found: ArrayLike<number>, wanted: ArrayLike<number>): number[] => {
  const at: number[] = found.length === wanted.length ? [] : [-1];
  for (let i = 0; i < wanted.length && at.length < 5; i++) if (!Object.is(found[i], wanted[i])) at.push(i);
  return at;
};

it("the device draws itself", async () => {
  expect(await drawsOnDevice()).toBe(backend === "webgl" || backend === "webgpu");
});

it.each(SIZES)("%i uniforms and masks are those of the processor", async (size) => {
  await drawsOnDevice();
  const key = nnx.random.foldIn(nnx.random.key(5), size);
  const u = nnx.random.uniform(key, [size]);
  expect(differences(await u.data(), uniform(key, size))).toEqual([]);
  for (const p of [0.3, 1e-4, 1, 0, Number.NaN]) {
    const mask = nnx.random.bernoulli(key, p, [size]);
    expect(mask.dtype).toBe("bool");
    expect(differences(await mask.data(), bernoulli(key, p, size))).toEqual([]);
    mask.dispose();
  }
  u.dispose();
});

it.each(SIZES)(
  "%i elements with dropout are those of the processor, and their gradients, too",
  async (size) => {
    await drawsOnDevice();
    const key = nnx.random.foldIn(nnx.random.key(6), size);
    const values = Float32Array.from({ length: size }, (_, i) => Math.fround(Math.sin(i) * 3));
    const x = tf.tensor1d(values);
    const layer = new nnx.Dropout(0.25, { rngs: new nnx.Rngs(0) });
    const [y, dx] = tf.tidy(() => [
      layer.forward(x, { rngs: key }),
      nnx.grad((v: tf.Tensor) => tf.sum(layer.forward(v, { rngs: key })))(x),
    ]) as [tf.Tensor, tf.Tensor];
    expect(differences(await y.data(), maskScale(key, 0.75, values))).toEqual([]);
    expect(differences(await dx.data(), maskScale(key, 0.75, new Float32Array(size).fill(1)))).toEqual([]);
    tf.dispose([x, y, dx]);
  },
);

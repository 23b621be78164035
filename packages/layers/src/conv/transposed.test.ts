import { useWasmKernels } from "@nnxjs/kernels/internal";
import { grad } from "@nnxjs/nnx-core";
import { Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import { relativeError } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { ConvTranspose } from "../index.ts";
import { convGeneralDilated } from "./convolve.ts";
import type { Pads } from "./padding.ts";

const axis = fc.record({
  size: fc.integer({ min: 2, max: 5 }),
  window: fc.integer({ min: 1, max: 4 }),
  stride: fc.integer({ min: 1, max: 3 }),
  dilation: fc.integer({ min: 1, max: 2 }),
  pads: fc.tuple(fc.integer({ min: -1, max: 4 }), fc.integer({ min: -1, max: 4 })),
});

onEachBackend("transposed convolutions", () => {
  afterEach(() => useWasmKernels(true));

  it.each([
    ["with kernels", true],
    ["without kernels", false],
  ])("are convolutions of an input with zeros in between, %s", (_name, isOn) => {
    useWasmKernels(isOn);
    const problems = fc.tuple(fc.array(axis, { minLength: 1, maxLength: 3 }), fc.boolean());
    const property = fc.property(problems, ([axes, transposeKernel]) => {
      const fits = axes.every(
        ({ size, window, stride, dilation, pads: [before, after] }) =>
          (size - 1) * stride + 1 + before + after > (window - 1) * dilation,
      );
      fc.pre(fits);
      tf.tidy(() => {
        const [inFeatures, outFeatures] = [3, 2];
        const layer = new ConvTranspose(
          inFeatures,
          outFeatures,
          axes.map((a) => a.window),
          {
            strides: axes.map((a) => a.stride),
            kernelDilation: axes.map((a) => a.dilation),
            padding: axes.map((a) => a.pads as Pads),
            transposeKernel,
            useBias: false,
            rngs: new Rngs(0),
          },
        );
        const x = tf.randomNormal([2, ...axes.map((a) => a.size), inFeatures], 0, 1, "float32", 1);
        const spatial = axes.map((_, i) => i);
        const kernel = layer.kernel.value;
        const byZeros = (input: tf.Tensor): tf.Tensor =>
          convGeneralDilated(
            input,
            transposeKernel
              ? tf.transpose(tf.reverse(kernel, spatial), [...spatial, axes.length + 1, axes.length])
              : kernel,
            {
              strides: axes.map(() => 1),
              padding: axes.map((a) => a.pads as Pads),
              inputDilation: axes.map((a) => a.stride),
              kernelDilation: axes.map((a) => a.dilation),
              featureGroupCount: 1,
              precision: null,
            },
          );
        const [y, wanted] = [layer.forward(x), byZeros(x)];
        expect(y.shape).toEqual(wanted.shape);
        expect(relativeError(y.dataSync(), wanted.dataSync())).toBeLessThan(1e-5);
        const [dx, wantedDx] = [(t: tf.Tensor) => layer.forward(t), byZeros].map((f) =>
          grad((t: tf.Tensor) => tf.sum(tf.square(f(t))))(x),
        );
        expect(relativeError(dx!.dataSync(), wantedDx!.dataSync())).toBeLessThan(1e-5);
      });
    });
    // A GPU compiles programs for each shape, which takes seconds where a processor does its work.
    const isOnGpu = tf.getBackend().startsWith("webg");
    fc.assert(property, { numRuns: isOnGpu ? 8 : 60, seed: 3 });
  });
});

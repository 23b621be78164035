/** @file Normalisation of numbers whose squares have no float32, held against Flax. */
import { dispose } from "@nnxjs/nnx-core";
import { Rngs } from "@nnxjs/rnglib";
import { tensor2d } from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { golden, numbers } from "../../../../scripts/edges-golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { BatchNorm, GroupNorm, LayerNorm, RMSNorm } from "../index.ts";

const options = (useFastVariance: boolean) => ({ useFastVariance, rngs: new Rngs(0) });
const layers = {
  LayerNorm: (fast: boolean) => new LayerNorm(4, options(fast)),
  RMSNorm: (fast: boolean) => new RMSNorm(4, options(fast)),
  GroupNorm: (fast: boolean) => new GroupNorm(4, { ...options(fast), numGroups: 2 }),
  BatchNorm: (fast: boolean) => new BatchNorm(4, options(fast)),
};

const { large, norms } = golden;

onEachBackend("normalisation of large numbers", () => {
  it.each(norms)("$layer gives no number where Flax gives NaN (fast: $fast)", ({ layer, fast, y }) => {
    const norm = layers[layer](fast);
    const x = tensor2d(numbers(large), [large.length / 4, 4]);
    const found = norm.forward(x).dataSync();
    numbers(y).forEach((wanted, i) => {
      if (Number.isNaN(wanted)) expect([i, found[i]]).toEqual([i, Number.NaN]);
      else expect(Math.abs(found[i]! - wanted), `${i}: ${found[i]}, wanted ${wanted}`).toBeLessThan(1e-5);
    });
    dispose(norm);
  });
});

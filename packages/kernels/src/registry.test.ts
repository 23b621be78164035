import * as tf from "@tensorflow/tfjs-core";
import type { KernelConfig } from "@tensorflow/tfjs-core";
import { afterAll, beforeEach, expect, it } from "vitest";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { listKernels, mendKernels } from "./mend-kernels.ts";
import { silu } from "./ops/activations.ts";
import { poolValid } from "./ops/spatial.ts";
import { forgetKernels, installKernels, restoreKernels } from "./registry.ts";

// `getKernel` is typed as if every kernel existed.
const present = (name: string): KernelConfig | undefined => tf.getKernel(name, tf.getBackend());

onEachBackend("kernels by topic", () => {
  beforeEach(() => {
    forgetKernels();
    installKernels();
  });
  afterAll(() => mendKernels());

  it("are registered by the first op that needs them", () => {
    const x = tf.tensor1d([-1, 0, 2]);
    expect(present("NnxSilu")).toBeUndefined();
    const before = [...tf.mul(x, tf.sigmoid(x)).dataSync()];
    const after = [...silu(x).dataSync()];
    for (const [i, value] of after.entries()) expect(value).toBeCloseTo(before[i]!, 6);
    expect(present("NnxSilu")).toBeDefined();
    expect(present("NnxConvolution")).toBeUndefined();
  });

  it("go around what is mended, which stays", () => {
    const x = tf.tensor4d([1, Number.NaN, 2, 3], [1, 2, 2, 1]);
    const mended = present("MaxPool");
    expect([...tf.maxPool(x, 2, 1, "valid").dataSync()]).toEqual([Number.NaN]);
    poolValid(x, "max", [2, 2], [1, 1]);
    const quick = present("MaxPool");
    expect(quick).not.toBe(mended);
    expect([...tf.maxPool(x, 2, 1, "valid").dataSync()]).toEqual([Number.NaN]);
    installKernels();
    expect(present("MaxPool")).toBe(quick);
    restoreKernels();
    const stock = present("MaxPool");
    installKernels();
    restoreKernels();
    expect(present("MaxPool")).toBe(stock);
    expect(stock).not.toBe(mended);
  });

  it("are all there after mendKernels, and none after a restore", () => {
    const own = new Set(
      listKernels().flatMap(({ kernelName, backendName, reason }) =>
        reason === "missing" && backendName === tf.getBackend() && kernelName.startsWith("Nnx")
          ? [kernelName]
          : [],
      ),
    );
    mendKernels();
    // Steps of optimizers and recurrent cells that another program registered come on demand.
    const absent = [...own].filter((name) => !present(name));
    for (const name of absent) expect(name).toMatch(/Step$|^Nnx(?:Lstm|Gru|SimpleRnn)/);
    restoreKernels();
    for (const name of own) expect(present(name)).toBeUndefined();
  });
});

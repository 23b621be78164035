/**
 * @file A backend whose values are out of reach of our loops, as on a GPU: the one of cpu under
 * another name, so that everything is made of single ops.
 */
import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import { mendKernels } from "@nnxjs/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe } from "vitest";
import { useBackend } from "./use-backend.ts";

const NAME = "elsewhere";

async function begin(): Promise<void> {
  await useBackend("cpu");
  mendKernels();
  tf.registerBackend(NAME, () => new MathBackendCPU());
  for (const kernel of tf.getKernelsForBackend("cpu")) tf.registerKernel({ ...kernel, backendName: NAME });
  await tf.setBackend(NAME);
}

async function end(): Promise<void> {
  await useBackend("cpu");
  for (const { kernelName } of tf.getKernelsForBackend(NAME)) tf.unregisterKernel(kernelName, NAME);
  tf.removeBackend(NAME);
}

/** One `describe` on that backend. Afterwards it is cpu again, for test files share a process. */
export function onBackendElsewhere(title: string, body: () => void): void {
  describe(`${title} where values are out of reach`, () => {
    beforeAll(begin);
    afterAll(end);
    body();
  });
}

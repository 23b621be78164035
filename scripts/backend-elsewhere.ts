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

/** How many kernels are running, one inside the other. */
let running = 0;
let isForbidden = false;

/** What is computed is far away, as on a GPU; what a program has written itself is at hand. */
class Elsewhere extends MathBackendCPU {
  readonly #atHand = new WeakSet();

  override write(...args: Parameters<MathBackendCPU["write"]>): ReturnType<MathBackendCPU["write"]> {
    const dataId = super.write(...args);
    if (running === 0) this.#atHand.add(dataId);
    return dataId;
  }

  override readSync(
    dataId: Parameters<MathBackendCPU["readSync"]>[0],
  ): ReturnType<MathBackendCPU["readSync"]> {
    if (isForbidden && running === 0 && !this.#atHand.has(dataId))
      throw new Error("A computed tensor was read synchronously.");
    return super.readSync(dataId);
  }

  override async read(dataId: Parameters<MathBackendCPU["read"]>[0]): ReturnType<MathBackendCPU["read"]> {
    return super.readSync(dataId);
  }
}

async function begin(): Promise<void> {
  await useBackend("cpu");
  mendKernels();
  tf.registerBackend(NAME, () => new Elsewhere());
  for (const kernel of tf.getKernelsForBackend("cpu")) {
    const kernelFunc: typeof kernel.kernelFunc = (call) => {
      running++;
      try {
        return kernel.kernelFunc(call);
      } finally {
        running--;
      }
    };
    tf.registerKernel({ ...kernel, kernelFunc, backendName: NAME });
  }
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

/** The same, but whoever reads computed values without waiting for them gets an error. */
export function onBackendWithoutReads(title: string, body: () => void): void {
  onBackendElsewhere(title, () => {
    beforeAll(() => {
      isForbidden = true;
    });
    afterAll(() => {
      isForbidden = false;
    });
    body();
  });
}

/** @file What is measured in the page of benchmarks/gpu.ts. */
import "@tensorflow/tfjs-backend-webgl";
import "@tensorflow/tfjs-backend-webgpu";
import { drawnOnDevice, drawsOnDevice } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import { key, uniform } from "../../packages/rnglib/src/keys/index.ts";
import { findWasm } from "../../scripts/browser/wasm-paths.ts";
import * as conv from "../cases/conv/ours.ts";
import * as mlp from "../cases/mlp/ours.ts";
import { median } from "../measure.ts";
import * as transformer from "../cases/transformer/ours.ts";

const steps = { MLP: mlp.step, "conv net": conv.step, "transformer block": transformer.step };
const ROUNDS = 7;

/** The median of the wall time of one call in each of several rounds, in milliseconds. */
async function timeOf(call: () => tf.Tensor, calls: number): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const start = performance.now();
    let last: tf.Tensor | undefined;
    for (let i = 0; i < calls; i++) {
      last?.dispose();
      last = call();
    }
    await last?.data();
    last?.dispose();
    // The first compiles the programs.
    if (round > 0) times.push((performance.now() - start) / calls);
  }
  return median(times);
}

/** Calls that take about a tenth of a second. */
async function callsOf(call: () => tf.Tensor): Promise<number> {
  for (let i = 0; i < 3; i++) {
    const warm = call();
    await warm.data();
    warm.dispose();
  }
  const start = performance.now();
  const last = call();
  await last.data();
  last.dispose();
  return Math.max(1, Math.min(300, Math.round(100 / (performance.now() - start))));
}

const measure = async (call: () => tf.Tensor): Promise<number> => timeOf(call, await callsOf(call));

const pages = {
  /** Begins a backend, and says what computes it. */
  async begin(backend: string): Promise<string> {
    tf.enableProdMode();
    findWasm();
    await tf.setBackend(backend);
    await tf.ready();
    if (tf.getBackend() !== backend) throw new Error(`expected ${backend}, got ${tf.getBackend()}.`);
    if (backend === "webgpu") {
      const { adapterInfo } = tf.backend() as unknown as { adapterInfo: GPUAdapterInfo };
      return `${adapterInfo.vendor} ${adapterInfo.architecture}`;
    }
    if (backend !== "webgl") return "the processor";
    const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
    const info = gl?.getExtension("WEBGL_debug_renderer_info");
    return info ? String(gl?.getParameter(info.UNMASKED_RENDERER_WEBGL)) : "unknown";
  },
  /** Milliseconds of a step of training. */
  step: (name: keyof typeof steps, isRecorded: boolean): Promise<number> => measure(steps[name](isRecorded)),
  /** Milliseconds of so many uniforms, and of their product with a tensor of the device. */
  async draw(size: number, onDevice: boolean): Promise<number> {
    if (!(await drawsOnDevice())) throw new Error("The device does not draw.");
    const x = tf.ones([size]);
    let count = 0;
    const device = () =>
      tf
        .engine()
        .makeTensorFromTensorInfo(
          drawnOnDevice(tf.backend(), { kind: "uniform" }, [0, count++], [size], 0) as tf.TensorInfo,
        );
    const copied = () => tf.tensor1d(uniform(key(count++), size));
    return measure(() => tf.tidy(() => tf.mul(x, onDevice ? device() : copied())));
  },
};
export type Page = typeof pages;
Object.assign(globalThis, { pages });

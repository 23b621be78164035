/** @file Loads the library of a peer, as its documentation says. */

/** Sets the backend of tensorflow.js. */
async function loadTensorflow(backend: string): Promise<void> {
  const tf = await import("@tensorflow/tfjs-core");
  if (backend === "wasm") await import("@tensorflow/tfjs-backend-wasm");
  else await import("@tensorflow/tfjs-backend-cpu");
  tf.enableProdMode();
  await tf.setBackend(backend);
}

/** nnxjs; the backend may be `"wasm, relaxed"`: with relaxed SIMD. */
async function loadOurs(backend: string): Promise<void> {
  const [name = "", relaxed] = backend.split(", ");
  await loadTensorflow(name);
  const { useRelaxedSimd } = await import("@nnxjs/kernels");
  if (relaxed !== undefined && !useRelaxedSimd(true)) throw new Error("This Node has no relaxed SIMD.");
}

/** tensorflow.js with its own gradient rules, which come with its layers. */
async function loadStock(backend: string): Promise<void> {
  await import("@tensorflow/tfjs-layers");
  await loadTensorflow(backend);
}

/** jax-js. It reads a browser's navigator. One worker, because this compares work and not cores. */
async function loadJaxJs(): Promise<void> {
  Object.defineProperty(globalThis, "navigator", {
    value: { hardwareConcurrency: 1, userAgent: "node" },
    configurable: true,
  });
  const jax = await import("@jax-js/jax");
  await jax.init("wasm");
  jax.defaultDevice("wasm");
}

/** The libraries, by the name of a case's file for them. */
export const load = {
  ours: loadOurs,
  "ours-jit": loadOurs,
  tfjs: loadStock,
  "tfjs-layers": loadStock,
  "jax-js": loadJaxJs,
};
export type LibraryName = keyof typeof load;

/** @file Runs code as in a program that imports no backend. */
import * as tf from "@tensorflow/tfjs-core";

/** The engine's records of backends, in tensorflow.js 4. */
interface Backends {
  registry: object;
  registryFactory: object;
  backendName: string;
  backendInstance: object | null;
}

/**
 * Runs an example that imports no backend. Test files share a process, so other files have
 * registered backends.
 */
export async function withoutBackend(example: () => Promise<void>): Promise<void> {
  const engine = tf.engine() as unknown as Backends;
  const { registry, registryFactory, backendName, backendInstance } = engine;
  const none = { registry: {}, registryFactory: {}, backendName: "", backendInstance: null };
  Object.assign(engine, none);
  try {
    await example();
  } finally {
    Object.assign(engine, { registry, registryFactory, backendName, backendInstance });
  }
}

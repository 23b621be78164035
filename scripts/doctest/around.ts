/** @file What stands around the examples when they run as tests. */
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

/** What a program says when it throws: the first line of it, as an engine prints it. */
export async function refusalOf(example: () => unknown): Promise<string> {
  try {
    await example();
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`.split("\n")[0] as string;
  }
  return "nothing";
}

/** @file Switching the backend of a process that other test files share. */
import * as tf from "@tensorflow/tfjs-core";

const events = ["uncaughtException", "unhandledRejection"] as const;

/** Makes `name` the backend, without the process-wide handlers that wasm installs: they rethrow and take the process down. */
export async function useBackend(name: string): Promise<void> {
  const before = events.map((event) => new Set(process.listeners(event as "uncaughtException")));
  await tf.setBackend(name);
  await tf.ready();
  events.forEach((event, i) => {
    for (const listener of process.listeners(event as "uncaughtException")) {
      if (!before[i]!.has(listener)) process.removeListener(event, listener);
    }
  });
}

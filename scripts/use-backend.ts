/** @file Changes the backend of a process that several test files share. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe } from "vitest";

/** The backends on which everything must work. */
export const backends = ["cpu", "wasm"] as const;
export type BackendName = (typeof backends)[number];

const events = ["uncaughtException", "unhandledRejection"] as const;

/**
 * Changes the backend to `name`, without the process-wide handlers that wasm installs: those
 * rethrow errors and end the process.
 */
export async function useBackend(name: BackendName): Promise<void> {
  if (tf.getBackend() === name) return;
  const before = new Map(events.map((event) => [event, process.rawListeners(event)]));
  if (name === "wasm") await import("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend(name);
  await tf.ready();
  for (const event of events) {
    for (const listener of process.rawListeners(event)) {
      if (!before.get(event)?.includes(listener))
        process.removeListener(event, listener as (...args: unknown[]) => void);
    }
  }
}

/**
 * Makes one `describe` for each backend. It resets the backend to cpu afterwards, because test
 * files share a process.
 */
export function onEachBackend(title: string, body: (backend: BackendName) => void): void {
  for (const backend of backends) {
    describe(`${title} on ${backend}`, () => {
      beforeAll(() => useBackend(backend));
      afterAll(() => useBackend("cpu"));
      body(backend);
    });
  }
}

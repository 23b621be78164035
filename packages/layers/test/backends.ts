/** @file Running a test file's cases on cpu and on wasm. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe } from "vitest";

/** The backends that everything must work on. */
export const backends = ["cpu", "wasm"] as const;

const processEvents = ["uncaughtException", "unhandledRejection"] as const;

/** Loads wasm and takes away the handlers that it installs in Node for the whole process. */
async function useBackend(name: string): Promise<void> {
  if (tf.getBackend() === name) return;
  const before = new Map(processEvents.map((event) => [event, process.rawListeners(event)]));
  if (name === "wasm") await import("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend(name);
  await tf.ready();
  for (const event of processEvents) {
    for (const listener of process.rawListeners(event)) {
      if (!before.get(event)?.includes(listener)) {
        process.removeListener(event, listener as (...args: unknown[]) => void);
      }
    }
  }
}

/** One `describe` per backend. Afterwards it is cpu again, for test files share a process. */
export function onEachBackend(title: string, body: (backend: (typeof backends)[number]) => void): void {
  for (const backend of backends) {
    describe(`${title} on ${backend}`, () => {
      beforeAll(() => useBackend(backend));
      afterAll(() => useBackend("cpu"));
      body(backend);
    });
  }
}

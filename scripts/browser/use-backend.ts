/**
 * @file Stands in the place of `scripts/use-backend.ts` in a browser. There each backend has a run of
 * its own, so that a test on each backend is one test.
 */
import * as tf from "@tensorflow/tfjs-core";
import { describe, inject } from "vitest";
import type { BrowserBackend } from "./config.ts";

/** The backend of this run. */
export const backend: BrowserBackend = inject("backend");
export const backends: readonly BrowserBackend[] = [backend];
export type BackendName = BrowserBackend;

/** Uses the backend of this run, whatever the test asks for. */
export async function useBackend(): Promise<void> {
  if (tf.getBackend() !== backend) await tf.setBackend(backend);
  await tf.ready();
}

/** One `describe`, on the backend of this run. */
export function onEachBackend(title: string, body: (backend: BrowserBackend) => void): void {
  describe(`${title} on ${backend}`, () => body(backend));
}

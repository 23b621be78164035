/** @file A model goes to a worker, is trained there on the backend of the run, and comes back. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, inject, it } from "vitest";
import { haveTrained } from "../../examples/worker/src/conversation.ts";
import type { Message } from "../../examples/worker/src/messages.ts";

it("trains in a worker", async () => {
  const worker = new Worker(new URL("./training.worker.ts", import.meta.url), {
    type: "module",
    name: inject("backend"),
  });
  const atFirst = tf.memory().numTensors;
  const told: string[] = [];
  try {
    const { before, after, bytesKept, left } = await haveTrained(
      (message, transfer = []) => worker.postMessage(message, transfer),
      (listen) => worker.addEventListener("message", ({ data }: MessageEvent<Message>) => listen(data)),
      (text) => told.push(text),
      100,
    );
    expect(before).toBeLessThan(0.7);
    expect(after).toBeGreaterThan(0.9);
    expect(bytesKept).toBe(0);
    expect(left).toEqual([atFirst, 0]);
    expect(told).toHaveLength(2);
  } finally {
    worker.terminate();
  }
});

/** @file The worker of Node. */
import { parentPort } from "node:worker_threads";
import type { Message } from "./messages.ts";
import { obey } from "./train.ts";

parentPort?.on("message", (message: Message) => {
  void obey(message, (answer, transfer = []) => parentPort?.postMessage(answer, transfer));
});

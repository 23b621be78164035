/** @file The worker of a browser. */
import type { Message } from "./messages.ts";
import { obey } from "./train.ts";

const self = globalThis as unknown as {
  postMessage(message: Message, transfer: ArrayBuffer[]): void;
};
globalThis.addEventListener("message", ({ data }: MessageEvent<Message>) => {
  void obey(data, (message, transfer = []) => self.postMessage(message, transfer));
});

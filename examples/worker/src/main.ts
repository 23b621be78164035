/** @file The page. */
import "@tensorflow/tfjs-backend-cpu";
import { haveTrained } from "./conversation.ts";
import type { Message } from "./messages.ts";

const news = document.querySelector("#news") as HTMLElement;
const worker = new Worker(new URL("./page.worker.ts", import.meta.url), { type: "module" });
const percent = (share: number): string => `${Math.round(100 * share)} %`;

try {
  const outcome = await haveTrained(
    (message, transfer = []) => worker.postMessage(message, transfer),
    (listen) => {
      worker.addEventListener("message", ({ data }: MessageEvent<Message>) => listen(data));
    },
    (text) => {
      news.textContent = text;
    },
  );
  const { before, after } = outcome;
  news.dataset.outcome = JSON.stringify(outcome);
  news.textContent = `It knew the ring of ${percent(before)} of new points, and now of ${percent(after)}.`;
} catch (error) {
  news.textContent = `It went wrong: ${error instanceof Error ? error.message : String(error)}`;
} finally {
  worker.terminate();
}

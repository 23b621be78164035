/** @file The worker's side of the conversation. */
import type { News } from "./messages.ts";

/** Tells the page. */
export const tell = (news: object): void => globalThis.postMessage(news);

const fail = (error: unknown): void =>
  tell({
    kind: "failed",
    message: error instanceof Error ? error.message : String(error),
  } satisfies News<never>);

/**
 * Hears the page from the beginning, and obeys when `start` is done: what is said before somebody
 * listens is lost. What goes wrong is told to the page.
 */
export function hear<C>(start: () => Promise<(command: C) => void | Promise<void>>): void {
  const started = start();
  started.catch(fail);
  globalThis.addEventListener("message", async ({ data }: MessageEvent<C>) => {
    try {
      const obey = await started;
      await obey(data);
    } catch (error) {
      fail(error);
    }
  });
  globalThis.addEventListener("unhandledrejection", ({ reason }) => fail(reason));
}

/** @file The worker's side of the conversation. */
import type { News } from "./messages.ts";

/** Tells the page. */
export const tell = (news: object): void => globalThis.postMessage(news);

/** Hears the page. What goes wrong is told to it. */
export function hear<C>(obey: (command: C) => void | Promise<void>): void {
  globalThis.addEventListener("message", async ({ data }: MessageEvent<C>) => {
    try {
      await obey(data);
    } catch (error) {
      fail(error);
    }
  });
}

export function fail(error: unknown): void {
  tell({
    kind: "failed",
    message: error instanceof Error ? error.message : String(error),
  } satisfies News<never>);
}
globalThis.addEventListener("unhandledrejection", ({ reason }) => fail(reason));

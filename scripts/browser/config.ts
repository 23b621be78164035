/** @file What runs in a browser. */

/** The backends of a browser. */
export const browserBackends = ["cpu", "wasm", "webgl", "webgpu"] as const;
export type BrowserBackend = (typeof browserBackends)[number];

declare module "vitest" {
  interface ProvidedContext {
    readonly backend: BrowserBackend;
  }
}

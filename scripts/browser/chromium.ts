/** @file Where Chromium is, and how it is started without a screen and without a GPU. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/**
 * The path of a Chromium: `NNXJS_CHROMIUM`, or the first on `PATH`; undefined where there is none.
 * @throws Error when `NNXJS_CHROMIUM` names no file.
 */
export function chromiumPath(): string | undefined {
  const named = process.env.NNXJS_CHROMIUM;
  if (named !== undefined) {
    if (!existsSync(named)) throw new Error(`NNXJS_CHROMIUM: expected a Chromium, got no file ${named}.`);
    return named;
  }
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
}

/**
 * Arguments for pages that need no GPU. Without them Chromium does not start as root, or asks its
 * vendor's servers.
 */
export const plainArguments: readonly string[] = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // What tests dropped is freed when they ask for it.
  "--js-flags=--expose-gc",
];

/** Arguments for WebGL and WebGPU, which SwiftShader computes on the processor. */
export const chromiumArguments: readonly string[] = [
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--enable-unsafe-webgpu",
  "--enable-features=Vulkan",
  "--use-webgpu-adapter=swiftshader",
  ...plainArguments,
];

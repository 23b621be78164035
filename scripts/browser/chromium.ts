/** @file Where Chromium is, and how it is started without a screen. */
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

const withoutGpu = [
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
];
// Without a screen there is no surface, and WebGPU falls back to SwiftShader where it looks for one.
const withGpu = [
  "--use-angle=vulkan",
  "--ignore-gpu-blocklist",
  "--disable-vulkan-surface",
  "--enable-features=Vulkan,VulkanFromANGLE,DefaultANGLEVulkan",
];

/**
 * Arguments for WebGL and WebGPU. SwiftShader computes them on the processor, so that they are there on every
 * machine. With `NNXJS_GPU=1` the machine's GPU does, by Vulkan.
 */
export const chromiumArguments: readonly string[] = [
  "--use-gl=angle",
  "--enable-unsafe-webgpu",
  ...(process.env.NNXJS_GPU ? withGpu : withoutGpu),
  ...plainArguments,
];

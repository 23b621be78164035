import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defaultClientConditions, type Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { chromiumArguments, chromiumPath } from "./scripts/browser/chromium.ts";
import { browserBackends } from "./scripts/browser/config.ts";

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const executablePath = chromiumPath();

/** What stands in the place of others in a browser. */
const twins: Plugin = {
  name: "twins",
  enforce: "pre",
  resolveId(source, importer) {
    if (
      importer === undefined ||
      importer.includes("node_modules") ||
      // The tests there wait for what they read.
      importer.includes("/scripts/browser/")
    )
      return undefined;
    if (source === "vitest") return file("scripts/browser/vitest-twin.ts");
    if (source === "node:fs") return file("scripts/browser/node-fs.ts");
    if (source.endsWith("scripts/use-backend.ts") || source === "./use-backend.ts")
      return file("scripts/browser/use-backend.ts");
    return undefined;
  },
};

const chosen = process.env.NNXJS_BACKENDS?.split(",") ?? browserBackends;

export default defineConfig({
  resolve: { conditions: ["@nnxjs/source", ...defaultClientConditions] },
  plugins: [twins],
  optimizeDeps: {
    include: [
      "@tensorflow/tfjs-core",
      "@tensorflow/tfjs-backend-cpu",
      "@tensorflow/tfjs-backend-wasm",
      "@tensorflow/tfjs-backend-webgl",
      "@tensorflow/tfjs-backend-webgpu",
      "fast-check",
    ],
  },
  test: {
    name: "browser",
    include: ["packages/*/src/**/*.test.ts", "scripts/browser/*.test.ts"],
    setupFiles: ["./scripts/browser/setup.ts"],
    isolate: false,
    fileParallelism: false,
    // Without a GPU, each new shape of a convolution takes seconds to compile.
    testTimeout: 600_000,
    hookTimeout: 60_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      ui: false,
      provider: playwright({
        launchOptions: { ...(executablePath && { executablePath }), args: [...chromiumArguments] },
      }),
      instances: browserBackends
        .filter((name) => chosen.includes(name))
        .map((backend) => ({ browser: "chromium" as const, name: backend, provide: { backend } })),
    },
  },
});

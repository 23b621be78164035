/** @file The page, from the sources of the workspace. */
import { fileURLToPath } from "node:url";
import { defaultClientConditions, defineConfig } from "vite";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  // Outside of this repository this line goes: it takes our sources instead of the published files.
  resolve: { conditions: ["@nnxjs/source", ...defaultClientConditions] },
  // The worker's file has imports of its own.
  worker: { format: "es" },
  // What the worker imports is not seen before it starts; found later, it would reload the page.
  optimizeDeps: { include: ["@tensorflow/tfjs-backend-cpu", "@tensorflow/tfjs-core", "immer"] },
  build: { target: "es2022", chunkSizeWarningLimit: 2000 },
});

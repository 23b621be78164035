/** @file The page, from the sources of the workspace. */
import { fileURLToPath } from "node:url";
import { defaultClientConditions, defineConfig } from "vite";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  resolve: { conditions: ["@nnxjs/source", ...defaultClientConditions] },
  worker: { format: "es" },
  // What the workers import is not seen before they start; found later, it would reload the page.
  optimizeDeps: {
    include: [
      "@tensorflow/tfjs-backend-cpu",
      "@tensorflow/tfjs-backend-wasm",
      "@tensorflow/tfjs-core",
      "immer",
      "uplot",
    ],
  },
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 2000 },
});

import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

const conditions = ["@nnxjs/source", ...defaultServerConditions];
const onSources = { resolve: { conditions }, ssr: { resolve: { conditions } } };

export default defineConfig({
  test: {
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts"],
      exclude: ["**/*.test.ts", "**/*.test-d.ts", "**/index.ts"],
      reporter: ["text-summary", "lcovonly"],
    },
    projects: [
      {
        ...onSources,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "examples/**/*.test.ts", "scripts/**/*.test.ts"],
          // Loading tfjs costs more than most test files; files therefore share one process.
          isolate: false,
          pool: "forks",
          setupFiles: ["./scripts/vitest-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...onSources,
        test: {
          name: "types",
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            tsconfig: "tsconfig.test.json",
            include: ["packages/*/src/**/*.test-d.ts"],
          },
        },
      },
    ],
  },
});

import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import { writeDoctests } from "./scripts/doctest/write.ts";

const conditions = ["@nnxjs/source", ...defaultServerConditions];
// Here rather than in a step of its own, so that no test run can see stale examples.
writeDoctests();

const onSources = { resolve: { conditions }, ssr: { resolve: { conditions } } };

// Loading tfjs costs more than most test files, so that they share processes.
const inOneProcess = {
  isolate: false,
  pool: "forks" as const,
  setupFiles: ["./scripts/vitest-setup.ts"],
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

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
          ...inOneProcess,
          name: "unit",
          include: [
            "packages/*/src/**/*.test.ts",
            "examples/**/*.test.ts",
            "scripts/**/*.test.ts",
            "benchmarks/**/*.test.ts",
          ],
          exclude: ["**/node_modules/**", "scripts/pack/**"],
        },
      },
      { ...onSources, test: { ...inOneProcess, name: "docs", include: [".doctest/*.test.ts"] } },
      {
        test: {
          name: "pack",
          include: ["scripts/pack/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
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

import { defaultServerConditions } from "vite";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
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
  // The longest take nine seconds, and more where the machine has other work.
  testTimeout: 180_000,
  hookTimeout: 180_000,
  // A page draws when its machine comes to it. One second, the default, is not always enough.
  expect: { poll: { timeout: 20_000 } },
};

// These load further copies of a package, which register kernels of their own and stand before the
// engine: other files would meet them. Or they count tensors over turns of the event loop, in which what other files dropped is freed.
// So each of these has a process of its own.
const alone = [
  "packages/kernels/src/copies.test.ts",
  "packages/kernels/src/registry.test.ts",
  "packages/kernels/src/wasm/relaxed.test.ts",
  "packages/nnx-core/src/graph/copies.test.ts",
  "packages/rnglib/src/keys/key.test.ts",
  "benchmarks/cases/cases.test.ts",
  "examples/flax-cnn/main.test.ts",
];

// `npm run test:pages` runs these, which start Chromium. `npm test` needs Node alone. Each has a process
// of its own, since they count tensors over turns of the event loop, too.
const pages = [
  "packages/checkpoint/src/storage/browser.test.ts",
  "packages/inspect/src/view/other-models.test.ts",
  "packages/inspect/src/view/page.test.ts",
  "examples/live/test/page.test.ts",
  "examples/worker/test/worker.test.ts",
];

// `npm run test:site` builds the site first, which takes a minute.
const inChromium = {
  ...onSources,
  test: {
    name: "site",
    include: ["scripts/site/site.test.ts"],
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
};

// `npm run test:packages` packs them, and tries the tarballs as those who install them do.
const packed = {
  test: {
    name: "packages",
    include: ["scripts/pack/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
};

/** Those that `npm test` leaves to commands of their own. */
const further: Record<string, TestProjectInlineConfiguration> = {
  packages: packed,
  pages: { ...onSources, test: { ...inOneProcess, isolate: true, name: "pages", include: pages } },
  site: inChromium,
};

export default defineConfig({
  test: {
    // Vitest itself leaves one core free, which is half of a machine with two.
    maxWorkers: "100%",
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
          exclude: [
            "**/node_modules/**",
            "scripts/pack/**",
            "scripts/site/site.test.ts",
            "scripts/browser/**",
            ...alone,
            ...pages,
          ],
        },
      },
      {
        ...onSources,
        test: { ...inOneProcess, isolate: true, name: "alone", include: alone },
      },
      { ...onSources, test: { ...inOneProcess, name: "docs", include: [".doctest/*.test.ts"] } },
      ...(process.env.NNXJS_TESTS ?? "").split(",").flatMap((name) => further[name] ?? []),
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

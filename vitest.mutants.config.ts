/** The tests that `npm run mutate` holds changed code to. It runs in a copy of the repository. */
import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";

/** The source of an entry of a package in the copy. The links of node_modules lead out of it. */
function sourceOf(name: string, entry = "index"): string {
  const file = `${process.cwd()}/packages/${name}/src/${entry}.ts`;
  return existsSync(file) ? file : `${process.cwd()}/packages/${name}/src/${entry}/index.ts`;
}

const copies = {
  name: "sources-of-the-copy",
  enforce: "pre" as const,
  resolveId(id: string): string | undefined {
    const [, name, entry] = /^@nnxjs\/([\w-]+)(?:\/([\w-]+))?$/.exec(id) ?? [];
    return name === undefined ? undefined : sourceOf(name, entry);
  },
};

export default defineConfig({
  plugins: [copies],
  test: {
    include: (process.env.NNXJS_MUTANT_TESTS ?? "").split(";"),
    exclude: ["**/node_modules/**"],
    // Left out: what takes long, which would see late that a loop has no end; and what loads modules
    // anew, so that code that runs while they load would count, of which the other tests see nothing.
    testNamePattern: new RegExp(
      `^(?!.*(${[
        "in a million elements",
        "for every length",
        "over chunk edges",
        "far tails",
        "make up their children",
        "20,000 levels",
        "records without end",
        "any depth",
        "hundreds of levels deep",
        "across copies of",
        "leaves nothing behind in",
      ].join("|")}))`,
    ),
    setupFiles: ["./scripts/vitest-setup.ts"],
    testTimeout: 60_000,
    // A process in the place of one that hung need not make the modules again.
    experimental: { fsModuleCache: true, fsModuleCachePath: ".vitest-modules" },
  },
});

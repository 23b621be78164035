/**
 * @file Tests the packages as users get them: packed, installed into an empty folder, compiled,
 * bundled and run.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import * as esbuild from "esbuild";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { watched } from "../../benchmarks/size/budgets.ts";
import { type Bundle, bundlers, textOf } from "./bundlers.ts";
import { copyStarter, makeConsumer } from "./consumer.ts";
import { packAll, type Packed, run } from "./pack.ts";

const root = new URL("../../", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "nnxjs-"));
const consumer = join(folder, "consumer");
const bundleNames = Object.keys(bundlers) as (keyof typeof bundlers)[];
// `npm run test:consumers` tries all, and as bundlers resolve, too; each takes some ten seconds.
const everyCompiler = ["typescript-5.4", "typescript-5.9", "typescript-6.0"];
const isAll = process.env.NNXJS_CONSUMERS === "all";
const compilers = isAll ? everyCompiler : everyCompiler.slice(0, 1);
// With it a compiler says the same or less.
const skips = isAll ? [false, true] : [false];
let packed: readonly Packed[] = [];

beforeAll(() => {
  for (const name of ["tarballs", "consumer"]) mkdirSync(join(folder, name));
  packed = packAll(join(folder, "tarballs"));
  makeConsumer(consumer, packed);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const node = (script: string, ...args: readonly string[]): string =>
  run(process.execPath, [script, ...args], consumer)
    .trim()
    .split("\n")
    .at(-1) as string;

/**
 * The errors of a compiler about our packages and the user's file. Errors in tensorflow.js's own
 * declarations are left out.
 */
function compilerErrors(options: Readonly<Record<string, unknown>>, compiler = "typescript"): string[] {
  const compilerOptions = {
    ...{ target: "es2022", strict: true, noEmit: true, types: [], ...options },
    // What the compiler itself brings is right.
    skipDefaultLibCheck: true,
  };
  writeFileSync(
    join(consumer, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["src/types.ts"] }),
  );
  try {
    run(process.execPath, [join(root, `node_modules/${compiler}/bin/tsc`), "-p", "."], consumer);
    return [];
  } catch (error) {
    const lines = (error as Error).message.split("\n");
    return lines.filter(
      (line) => line.includes("error TS") && !/node_modules\/(?:@tensorflow|@webgpu)\/|lib\.dom/.test(line),
    );
  }
}

/** The files of an installed package. */
function filesOf(name: string): string[] {
  const at = join(consumer, "node_modules", name);
  return readdirSync(at, { recursive: true, encoding: "utf8" }).filter(
    (file) => !file.startsWith("node_modules"),
  );
}

/** The bytes of a program for browsers, minified and compressed, without tensorflow.js. */
async function sizeOf(program: string): Promise<number> {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: program, resolveDir: consumer },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    external: ["@tensorflow/*"],
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
}

/** The packages that a file of rnglib imports, directly or by other files. */
function importsOf(entry: string): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const read = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, name = ""] of readFileSync(file, "utf8").matchAll(
      /^(?:import|export) (?:[^"=]* from )?"([^"]+)";/gm,
    ))
      if (name.startsWith(".")) read(join(dirname(file), name));
      else found.add(name);
  };
  read(join(consumer, "node_modules/@nnxjs/rnglib/dist", entry));
  return [...found];
}

describe("packed packages", () => {
  it("hold the licence, no tests, and the sources that their maps name", () => {
    for (const { name } of packed) {
      const files = new Set(filesOf(name));
      for (const file of ["LICENSE", "NOTICE", "README.md"]) expect(files).toContain(file);
      expect([...files].filter((file) => /\.(?:test|test-d|bench)\./.test(file))).toEqual([]);
      for (const map of [...files].filter((file) => file.endsWith(".map"))) {
        const text = readFileSync(join(consumer, "node_modules", name, map), "utf8");
        for (const source of (JSON.parse(text) as { sources: string[] }).sources)
          expect(files).toContain(join(dirname(map), source));
      }
    }
  });

  it("hold the Python module that goes with checkpoints, as pip takes it", () => {
    const files = filesOf("@nnxjs/checkpoint").filter((file) => /^python\/.*\./.test(file));
    const modules = readdirSync(join(root, "packages/checkpoint/python/nnxjs_flax"))
      .filter((name) => name.endsWith(".py"))
      .map((name) => `python/nnxjs_flax/${name}`);
    expect(new Set(files)).toEqual(new Set(["python/README.md", ...modules, "python/pyproject.toml"]));
  });

  it("pass publint", async () => {
    for (const { name, tarball } of packed) {
      const { buffer } = Uint8Array.from(readFileSync(tarball));
      const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true });
      expect({ name, messages: messages.map((message) => formatMessage(message, pkg ?? {})) }).toEqual({
        name,
        messages: [],
      });
    }
  });

  it.each(
    skips.flatMap((skipLibCheck) => [["es2022"], ["es2023", "dom"]].map((lib) => ({ lib, skipLibCheck }))),
  )("type-check in a program with $lib and skipLibCheck $skipLibCheck", (options) => {
    expect(compilerErrors({ module: "nodenext", ...options })).toEqual([]);
    expect(compilerErrors({ module: "esnext", moduleResolution: "bundler", ...options })).toEqual([]);
  });

  it.each(compilers)("type-check with %s", (compiler) => {
    const options = { lib: ["es2022", "dom"], skipLibCheck: false };
    expect(compilerErrors({ module: "nodenext", ...options }, compiler)).toEqual([]);
    if (!isAll) return;
    expect(compilerErrors({ module: "esnext", moduleResolution: "bundler", ...options }, compiler)).toEqual(
      [],
    );
  });

  it("have types for what an import resolves to", async () => {
    for (const { name, tarball } of packed) {
      const checked = await checkPackage(createPackageFromTarballData(readFileSync(tarball)));
      if (checked.types === false) throw new Error(`${name}: expected types, got none.`);
      // Node before 12 and CommonJS are not promised: the packages are ES modules. The types of a
      // require are those of the module, which newer Node gives; older gives a file that throws.
      const wrong = checked.problems.filter(
        (problem) =>
          !("resolutionKind" in problem && /^node(?:10|16-cjs)$/.test(problem.resolutionKind)) &&
          !(
            "implementationFileName" in problem &&
            problem.implementationFileName.endsWith("/dist/require.cjs")
          ),
      );
      expect({ name, wrong }).toEqual({ name, wrong: [] });
    }
  });

  it("can be required by Node that can, and say what to do to one that cannot", () => {
    const required = (...flags: readonly string[]): string =>
      run(process.execPath, [...flags, "src/require.cjs"], consumer).trim();
    expect(required("--experimental-require-module", "--no-warnings")).toBe("true");
    for (const { name } of packed) {
      const refusal = join(consumer, "node_modules", name, "dist/require.cjs");
      const told = run(process.execPath, [
        "-e",
        `try { require(${JSON.stringify(refusal)}) } catch (e) { console.log(e.message) }`,
      ]);
      expect(told).toContain(`${name}: expected an import, got a require.`);
      expect(told).toContain(`await import("${name}")`);
      if (name === "@nnxjs/nnx")
        expect(readFileSync(join(root, "docs/pitfalls.md"), "utf8").replaceAll(/\s+/g, " ")).toContain(
          told.trim(),
        );
    }
    expect(() => required("--no-experimental-require-module")).toThrow(
      "@nnxjs/nnx: expected an import, got a require.",
    );
  });

  it("work in a worker", () => {
    expect(JSON.parse(node("src/worker.js"))).toEqual({ sent: [4, 3], same: true });
  });

  it("say in the same words who made them and where they live", () => {
    expect(run(process.execPath, ["scripts/manifests.mjs", "--check"])).toBe("");
  });

  it("give keys without tensorflow.js", () => {
    // [jax.random.bits(k, (2,)) for k in jax.random.split(jax.random.key(0), 2)]
    expect(node("src/keys.js")).toBe("[[3617712097,783310428],[31327077,89727312]]");
    for (const entry of ["keys/index.js", "bundle/keys.js"]) expect(importsOf(entry)).toEqual([]);
  });

  it.each(Object.entries(watched))(
    "make a bundle no larger than agreed: %s",
    async (_name, { program, most }) => {
      expect(await sizeOf(program)).toBeLessThanOrEqual(most);
    },
  );

  it("are a few files to Node, with one copy of each class", () => {
    for (const { name } of packed) {
      const files = filesOf(name).filter((file) => /^dist\/bundle\/.*\.js$/.test(file));
      expect(files.length, name).toBeGreaterThan(0);
      // One for each entry, and what entries share.
      expect(files.length, name).toBeLessThanOrEqual(6);
    }
    expect(node("src/one-copy.js")).toBe("true");
    // Messages tell the names of classes, which bundlers change.
    expect(node("src/names.js")).toBe("");
  });

  it("hold a model to all laws", () => {
    expect(node("src/test-kit.js")).toBe("all laws");
  });
});

// Jest brings 180 packages that nothing else needs, so it is fetched when all consumers are tried.
describe.each(isAll ? ["Jest"] : [])("%s", () => {
  const jest = (file: string, ...flags: readonly string[]): string =>
    run(
      "npx",
      ["--yes", `--node-options=${flags.join(" ")}`, "jest@30.5.2", "--ci", "--testMatch", `**/${file}`],
      consumer,
    );

  it("runs tests that are ES modules", () => {
    expect(() => jest("model.jest.js", "--experimental-vm-modules", "--no-warnings")).not.toThrow();
  });

  it("shows tests in CommonJS what to do", () => {
    expect(() => jest("required.jest.cjs")).toThrow("In Jest, make the test an ES module and run");
  });
});

describe("the starter, copied out", () => {
  const starter = join(folder, "starter");
  const npx = (name: string, bin: string, ...args: readonly string[]): string =>
    run(process.execPath, [join(starter, "node_modules", name, bin), ...args], starter);
  beforeAll(() => copyStarter(starter, packed));

  it("asks for the versions that are published with it", () => {
    const read = (file: string) =>
      JSON.parse(readFileSync(join(root, file), "utf8")) as Record<string, Record<string, string>> & {
        version: string;
      };
    const { dependencies, devDependencies } = read("examples/starter/package.json");
    const { version } = read("packages/nnx/package.json");
    expect([dependencies?.["@nnxjs/nnx"], devDependencies?.["@nnxjs/testing"]]).toEqual([
      `^${version}`,
      `^${version}`,
    ]);
  });

  it("compiles, is built, and passes its own tests", () => {
    npx("typescript", "bin/tsc", "--noEmit");
    npx("vite", "bin/vite.js", "build", "--logLevel", "error");
    expect(readdirSync(join(starter, "dist/assets")).some((file) => file.endsWith(".js"))).toBe(true);
    expect(npx("vitest", "vitest.mjs", "run")).toMatch(/Tests .*4 passed/);
  });
});

let known: { readonly model: string; readonly result: unknown } | undefined;

/** A model as JSON, and what comes of it in a program that is not bundled. */
function written(): NonNullable<typeof known> {
  if (known) return known;
  const model = join(consumer, "model.json");
  node("src/write-model.js", model);
  known = { model, result: JSON.parse(node("src/read-model.js", model)) as unknown };
  return known;
}

describe.each(bundleNames)("a bundle made by %s", (bundler) => {
  const bundle = (entry: string, external: readonly string[]): Bundle => ({
    folder: consumer,
    entry: `src/${entry}.js`,
    outfile: join(consumer, "out", bundler, `${entry}.cjs`),
    external,
  });
  const tensorflow = ["@tensorflow"];
  // webpack needs longer for tensorflow.js than for all else: it is in when all consumers are tried.
  const isWhole = bundler !== "webpack" || isAll;
  const made = bundle("read-model", isWhole ? [] : tensorflow);
  const [one, all] = [bundle("linear", tensorflow), bundle("everything", tensorflow)];
  beforeAll(async () => {
    if (isWhole) await bundlers[bundler]([made]);
    await bundlers[bundler](isWhole ? [one, all] : [made, one, all]);
  });

  it("restores a model from JSON and trains it as the program does that is not bundled", () => {
    expect(JSON.parse(node(made.outfile, written().model))).toEqual(written().result);
  });

  it("of one layer leaves the others out", () => {
    expect(textOf(all)).toContain("MultiHeadAttention");
    expect(textOf(one)).not.toContain("MultiHeadAttention");
    expect(textOf(one).length).toBeLessThan(0.4 * textOf(all).length);
  });
});

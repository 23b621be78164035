/**
 * @file Checks the names that users see: the umbrella against its packages, and error messages
 * against the umbrella.
 */
import { readdirSync } from "node:fs";
import * as inspection from "@nnxjs/inspect";
import * as inspectionInNode from "@nnxjs/inspect/node";
import * as nnx from "@nnxjs/nnx";
import * as keys from "@nnxjs/rnglib/keys";
import * as testing from "@nnxjs/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { exportedNames, nameIn, nodesIn, parsed, type SyntaxNode, textsIn } from "./syntax.ts";

const packages = readdirSync("packages");
const index = (name: string): string => `packages/${name}/src/index.ts`;

describe("the umbrella", () => {
  it("names each public name of the packages once", () => {
    // The test kit and the page bring dependencies that programs do not need.
    const below = packages
      .filter((name) => !["nnx", "testing", "inspect"].includes(name))
      .flatMap((name) => exportedNames(index(name)));
    // Two packages export `mendKernels`.
    expect(exportedNames(index("nnx")).sort()).toEqual([...new Set(below)].sort());
  });
});

// The texts of pages and of GPU programs are for browsers and GPUs.
const sources = packages.flatMap((name) =>
  readdirSync(`packages/${name}/src`, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/\.(?:test|test-d|generated)\.ts$/.test(file))
    .filter((file) => !/^(?:inspect\/(?:view|html)|kernels\/(?:mends\/)?gpu)\//.test(`${name}/${file}`))
    .map((file) => ({ file: `${name}/${file}`, statements: parsed(`packages/${name}/src/${file}`) })),
);

/** The names of the properties and methods of a value, including inherited ones. */
function membersOf(value: object | null | undefined): string[] {
  if (value == null || value === Object.prototype || value === Function.prototype) return [];
  return [...Object.getOwnPropertyNames(value), ...membersOf(Object.getPrototypeOf(value) as object | null)];
}

const classes = [nnx, inspection]
  .flatMap((each): unknown[] => Object.values(each))
  .filter((value): value is { readonly prototype: object } => typeof value === "function");

/**
 * Functions and classes that users can call by name: those of the umbrella, of the test kit, of
 * tensorflow.js and of the language.
 */
const functions = new Set([
  ...[
    nnx,
    nnx.random,
    nnx.initializers,
    nnx.metrics,
    keys,
    testing,
    inspection,
    inspectionInNode,
    globalThis,
  ].flatMap((each) => Object.getOwnPropertyNames(each)),
  ...Object.keys(tf).map((name) => `tf.${name}`),
]);

/** Methods that users can call. */
const methods = new Set(
  [
    ...classes,
    ...classes.map(({ prototype }) => prototype),
    tf.Tensor.prototype,
    new Uint32Array(),
    JSON,
  ].flatMap(membersOf),
);

/** The nodes that name an option, an attribute or an argument. */
const named: Readonly<Record<string, (node: SyntaxNode) => readonly unknown[]>> = {
  TSPropertySignature: ({ key }) => [key],
  TSMethodSignature: ({ key }) => [key],
  PropertyDefinition: ({ key }) => [key],
  FunctionDeclaration: ({ params }) => params as unknown[],
  ArrowFunctionExpression: ({ params }) => params as unknown[],
  TSFunctionType: ({ params }) => params as unknown[],
};

/** The names of options, attributes and arguments in all declarations. */
const options = new Set(
  sources
    .flatMap(({ statements }) => [...nodesIn(statements)])
    .flatMap((node) => named[node.type]?.(node) ?? [])
    .map(nameIn),
);

/** Functions and classes that files of the packages share. */
const declared = new Set(
  sources
    .flatMap(({ statements }) => statements)
    .filter(({ type }) => type === "ExportNamedDeclaration")
    .flatMap(({ declaration }) => {
      const { id, declarations = [] } = (declaration ?? {}) as {
        id?: unknown;
        declarations?: { id: unknown }[];
      };
      return [id, ...declarations.map((each) => each.id)].map(nameIn);
    }),
);

/** Types of the umbrella, and words that are not code. */
const others = new Set([
  ...exportedNames(index("nnx")).map((name) => name.replace("type ", "")),
  ...Object.keys(tf),
  "TypeScript",
]);

const isCallable = (name: string): boolean =>
  functions.has(name) || methods.has(name.replace(/^(?!tf\.)\w*\./, ""));

/**
 * Whether users know a word that looks like code. They do not know a name that only our files
 * share.
 */
const isKnown = (word: string): boolean =>
  isCallable(word) || others.has(word) || (options.has(word) && !declared.has(word));

/**
 * The names in a text that users do not have: calls such as `split(`, and words such as
 * `registerRules`.
 */
function unknownIn(text: string): string[] {
  const plain = text.replaceAll(/\b(?:nnx|random|initializers|metrics)\./g, "");
  const calls = Array.from(
    plain.matchAll(/(?<![\w.}])((?:\w+\.)?[A-Za-z]\w*)\(/g),
    ([, name]) => name as string,
  );
  const words = Array.from(
    plain.matchAll(/(?<![\w.@/"#])(?:tf\.\w+|[A-Za-z]*[a-z][A-Z]\w*)(?![\w(])/g),
    ([name]) => name,
  );
  return [
    ...calls.filter((name) => !isCallable(name) && !options.has(name)),
    ...words.filter((name) => !isKnown(name)),
  ];
}

describe("messages", () => {
  it("tell users to call what they can call", () => {
    const unknown = sources.flatMap(({ file, statements }) =>
      textsIn(statements)
        .filter((text) => text.includes(" "))
        .flatMap((text) => unknownIn(text).map((name) => `${name} in ${file}: ${text}`)),
    );
    expect(unknown).toEqual([]);
  });

  it("are read closely enough to find names that do not exist", () => {
    const said = [
      "Call initCaches first.",
      "Cast it: p.toFloat().",
      "Pass tf.tensor9(x).",
      "Use describe(x) or isOwner.",
    ];
    expect(said.map(unknownIn)).toEqual([
      ["initCaches"],
      ["p.toFloat"],
      ["tf.tensor9"],
      ["describe", "isOwner"],
    ]);
  });
});

/**
 * @file Compares docs/deviations.md with the names of Flax, JAX and optax, and with the exports of
 * the umbrella.
 */
import { readdirSync, readFileSync } from "node:fs";
import * as nnx from "@nnxjs/nnx";
import { describe, expect, it } from "vitest";
import { readGolden } from "./golden.ts";

const { names } = readGolden<{ names: Readonly<Record<string, readonly string[]>> }>("parity");

/**
 * A row of the page: its verdict, and the names that it is about. Each name maps to its name here,
 * if that differs.
 */
interface Row {
  readonly verdict: string;
  readonly names: ReadonlyMap<string, string | undefined>;
}

/** A section of the page: "### flax.nnx" and the rows below it. */
function sectionOf(text: string): [module: string, rows: Row[]] {
  const [module, ...lines] = text.split("\n") as [string, ...string[]];
  const rows = lines.flatMap((line): Row[] => {
    const [, verdict, topic, cell] = /^\| (there|absent)(?:: ([^|]*))? \| (.*) \|$/.exec(line) ?? [];
    if (verdict === undefined || cell === undefined) return [];
    // A row about all names does not list them.
    if (topic === "all")
      return [{ verdict, names: new Map(names[module]?.map((name) => [name, undefined])) }];
    const listed = cell.matchAll(/`(\w+)`(?: → (?:`(\w+)`|[^,]+))?(?:, |$)/g);
    return [{ verdict, names: new Map(Array.from(listed, ([, name, here]) => [name as string, here])) }];
  });
  return [module, rows];
}

const page = readFileSync(new URL("../docs/deviations.md", import.meta.url), "utf8");
const sections = new Map(page.split("## Every name\n")[1]?.split("\n### ").slice(1).map(sectionOf));

const camelCase = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** The objects that have the names of a module here. For other modules it is the umbrella. */
const places: Readonly<Record<string, object>> = {
  "flax.nnx.initializers": nnx.initializers,
  "flax.nnx.metrics": nnx.metrics,
  "flax.nnx.Module": nnx.Module.prototype,
  "flax.nnx.Variable": nnx.Variable.prototype,
  "flax.nnx.Rngs": nnx.Rngs.prototype,
  "flax.nnx.RngStream": nnx.RngStream.prototype,
  "jax.random": nnx.random,
};

/**
 * Names of exported types, which do not exist at run time. They are read from the packages' index
 * files.
 */
const types = new Set(
  readdirSync("packages")
    .map((name) => readFileSync(`packages/${name}/src/index.ts`, "utf8"))
    .flatMap((text) => [...text.matchAll(/\btype (\w+)|^export type \{([^}]*)\}/gm)])
    .flatMap(([, one, many = ""]) => one ?? many.split(/[\s,]+/)),
);

describe.each(Object.keys(names))("docs/deviations.md on %s", (module) => {
  const all = names[module] as readonly string[];
  const rows = sections.get(module) ?? [];
  const place = places[module] ?? nnx;
  const called = (verdicts: readonly string[]): (readonly [string, string | undefined])[] =>
    rows.filter(({ verdict }) => verdicts.includes(verdict)).flatMap((row) => [...row.names]);

  it("speaks of each name once, and of no other", () => {
    expect(rows.flatMap((row) => [...row.names.keys()]).sort()).toEqual([...all].sort());
  });

  it("calls there what is exported", () => {
    const missing = called(["there"]).filter(([name, other]) => {
      const here = other ?? camelCase(name);
      const isInWords = other === undefined && page.includes(`\`${name}\` → `);
      return !isInWords && !(here in place) && !(here in nnx) && !types.has(here);
    });
    expect(missing).toEqual([]);
  });

  it("does not call absent what is exported", () => {
    // Some names of optax mean something else in Flax. Here they have Flax's meaning.
    const taken = module === "flax.nnx" ? [] : (names["flax.nnx"] as readonly string[]);
    const stale = called(["absent"]).filter(([name]) => camelCase(name) in place && !taken.includes(name));
    expect(stale).toEqual([]);
  });
});

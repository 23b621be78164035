/**
 * @file docs/deviations.md against the names that Flax, JAX and optax have, and against what the
 * umbrella exports.
 */
import { readdirSync, readFileSync } from "node:fs";
import * as nnx from "@nnxjs/nnx";
import { describe, expect, it } from "vitest";
import { readGolden } from "./golden.ts";

const { names } = readGolden<{ names: Readonly<Record<string, readonly string[]>> }>("parity");

/**
 * One row: what it says of which names, each with the name that it has here if that is another one.
 */
interface Row {
  readonly verdict: string;
  readonly names: ReadonlyMap<string, string | undefined>;
}

/** A section of the page: "### flax.nnx" and the rows below it. */
function sectionOf(text: string): [module: string, rows: Row[]] {
  const [module, ...lines] = text.split("\n") as [string, ...string[]];
  const rows = lines.flatMap((line): Row[] => {
    const [, verdict, topic, cell] = /^\| (there|later|absent)(?:: ([^|]*))? \| (.*) \|$/.exec(line) ?? [];
    if (verdict === undefined || cell === undefined) return [];
    // A row that is about all names does not list them.
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

/** Where the names of a module are to be found here; the umbrella itself for others. */
const places: Readonly<Record<string, object>> = {
  "flax.nnx.initializers": nnx.initializers,
  "flax.nnx.metrics": nnx.metrics,
  "flax.nnx.Module": nnx.Module.prototype,
  "flax.nnx.Variable": nnx.Variable.prototype,
  "flax.nnx.Rngs": nnx.Rngs.prototype,
  "flax.nnx.RngStream": nnx.RngStream.prototype,
  "jax.random": nnx.random,
};

/** Types, which leave nothing at run time: the packages' lists of exports name them. */
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

  it("calls neither later nor absent what is exported", () => {
    // optax has names that mean something else in Flax: they are Flax's here.
    const taken = module === "flax.nnx" ? [] : (names["flax.nnx"] as readonly string[]);
    const stale = called(["later", "absent"]).filter(
      ([name]) => camelCase(name) in place && !taken.includes(name),
    );
    expect(stale).toEqual([]);
  });
});

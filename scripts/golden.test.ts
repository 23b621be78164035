import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const folder = new URL("../conformance/", import.meta.url);
const names = readdirSync(new URL("golden/", folder)).filter((name) => name.endsWith(".json"));

it.each(names)("%s says which command and which versions made it", (name) => {
  const { provenance, ...content } = JSON.parse(readFileSync(new URL(`golden/${name}`, folder), "utf8")) as {
    readonly provenance: Readonly<Record<string, unknown>>;
  };
  const [, script] = /^python (conformance\/\w+\.py)$/.exec(String(provenance.command)) ?? [];
  expect(script && existsSync(new URL(`../${script}`, folder))).toBe(true);
  const versions = ["jax", "flax", "optax", "sklearn"].map((library) => provenance[library]);
  expect(versions.some((version) => /^\d+\.\d+/.test(String(version)))).toBe(true);
  expect(Object.keys(content).length).toBeGreaterThan(0);
});

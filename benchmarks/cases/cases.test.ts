import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Runs } from "../peers/run.ts";
import { GROUPS } from "./index.ts";

const runsOf = async (group: string, library: string): Promise<string[]> =>
  Object.keys(((await import(`./${group}/${library}.ts`)) as { runs: Runs }).runs);

describe.each(GROUPS)("$name", ({ name, entries, slow = [] }) => {
  it("has all its entries in ours and in tensorflow.js", async () => {
    expect(await runsOf(name, "ours")).toEqual(entries);
    expect(await runsOf(name, "tfjs")).toEqual(entries);
  });

  it("has files for jax-js and JAX", () => {
    for (const file of ["jax-js.ts", "jax.py"])
      expect(existsSync(new URL(`${name}/${file}`, import.meta.url))).toBe(true);
  });

  it("has a recorded step wherever it has a file for one", async () => {
    if (existsSync(new URL(`${name}/ours-jit.ts`, import.meta.url)))
      expect(await runsOf(name, "ours-jit")).toEqual(entries);
  });

  it("calls only its own entries slow", () => {
    expect(entries).toEqual(expect.arrayContaining([...slow]));
  });
});

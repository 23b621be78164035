import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as nnx from "@nnxjs/nnx";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { joinProgram } from "../../scripts/join-program.mjs";
import { distances, gridOf, twoMoons } from "./data.ts";
import { mapOf, svgOf } from "./draw.ts";

const folder = mkdtempSync(join(tmpdir(), "two-moons-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
/** The program, joined once: compiling it takes longer than it does. */
const program = join(folder, "main.mjs");
beforeAll(async () => writeFileSync(program, (await joinProgram("examples/two-moons/main.ts")).code));
const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });

describe("the two-moons example", () => {
  it("draws four classifiers in the terminal and as SVG, the same for the same seed", () => {
    const out = join(folder, "moons.svg");
    const short = ["--steps", "20", "--samples", "3", "--out", out];
    const first = run(...short);
    expect(first.stderr).toBe("");
    expect(first.status).toBe(0);
    for (const part of [
      "one net, one pass",
      "Dropout 0.25",
      "DropConnect 0.25",
      "ensemble of 5",
      "far away",
    ]) {
      expect(first.stdout).toContain(part);
    }
    const svg = readFileSync(out, "utf8");
    expect(svg.match(/<g /g)).toHaveLength(8);
    expect(svg).not.toContain("NaN");
    expect(run(...short).stdout).toBe(first.stdout);
    expect(readFileSync(out, "utf8")).toBe(svg);
  });

  it("explains itself, and answers bad flags with one line", () => {
    expect(run("--help").stdout).toContain("--rate <p>");
    for (const [flag, value] of [
      ["--rate", "1"],
      ["--steps", "0"],
      ["--seed", "x"],
    ] as const) {
      const { status, stderr } = run(flag, value);
      expect(stderr).toMatch(new RegExp(`^error: ${flag}: expected .*, got "${value}"\\.\n$`));
      expect(status).toBe(2);
    }
  });

  it("makes moons that noise moves and seeds decide", () => {
    const still = twoMoons(6, 0, nnx.random.key(0));
    expect([...still.labels]).toEqual([0, 1, 0, 1, 0, 1]);
    expect([...still.xy].map((v) => Math.round(v * 100) / 100)).toEqual([
      1, 0, 0, 0.5, 0, 1, 1, -0.5, -1, 0, 2, 0.5,
    ]);
    expect(twoMoons(6, 0.1, nnx.random.key(0)).xy).not.toEqual(twoMoons(6, 0.1, nnx.random.key(1)).xy);
  });

  it("draws values where they are, denser where higher", () => {
    const grid = gridOf(4, 2);
    const nothing = { xy: new Float32Array(), labels: new Int32Array(), count: 0 };
    expect(mapOf(grid, [0, 1, 0.5, 2, 0, 0, 0, 0], 1, nothing)).toEqual([" @+@", "    "]);
    const one = {
      xy: Float32Array.of(grid.xy[8] as number, grid.xy[9] as number),
      labels: Int32Array.of(1),
      count: 1,
    };
    expect(mapOf(grid, new Float32Array(8), 1, one)).toEqual(["    ", "x   "]);
    expect(distances(one, one)[0]).toBe(0);
    const svg = svgOf(grid, one, [[{ title: "t", values: [0, 1, 1, 1, 0, 0, 0, 0] }]], 1);
    expect(svg.match(/fill="rgb/g)).toHaveLength(1);
    expect(svg).toContain("rgb(0,0,0)");
    expect(svg.match(/<circle/g)).toHaveLength(1);
  });
});

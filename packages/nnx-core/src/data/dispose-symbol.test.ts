import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";

describe("an engine without Symbol.dispose", () => {
  it("has the dispose methods under one symbol, and none under the name undefined", () => {
    const script = "packages/nnx-core/test/dispose-in-old-engine.ts";
    const text = execFileSync(process.execPath, ["scripts/run.mjs", script], { encoding: "utf8" });
    expect(JSON.parse(text.trim().split("\n").at(-1) as string)).toEqual({
      native: false,
      strays: [],
      count: 8,
      modelIsDisposed: true,
      leaked: 0,
    });
  });
});

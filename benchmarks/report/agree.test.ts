import { describe, expect, it } from "vitest";
import { disagreements } from "./agree.ts";

describe("disagreements", () => {
  it("names a peer whose numbers are further away than 1e-3", () => {
    const lines = disagreements("MLP", [
      { peer: "ours", numbers: [2, 100] },
      { peer: "close", numbers: [2.001, 100.05] },
      { peer: "far", numbers: [2.01, 100] },
    ]);
    expect(lines).toEqual(["MLP: far computes 2.01000, 100.000, ours 2.00000, 100.000"]);
  });

  it("names a peer that computes NaN", () => {
    const lines = disagreements("MLP", [
      { peer: "ours", numbers: [2] },
      { peer: "lost", numbers: [NaN] },
    ]);
    expect(lines).toHaveLength(1);
  });

  it("leaves out peers that compute nothing comparable, and those that failed", () => {
    const lines = disagreements("randint", [
      { peer: "ours", numbers: [1] },
      { peer: "other bits", numbers: [] },
      { peer: "no kernel", error: "no kernel" },
    ]);
    expect(lines).toEqual([]);
  });
});

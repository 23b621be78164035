import { afterEach, describe, expect, it, vi } from "vitest";
import { hasRelaxedSimd, withRelaxedSimd } from "../../../../scripts/relaxed-simd.ts";
import { isKnown } from "./module.ts";
import { relaxedDepthwiseModule } from "./relaxed-depthwise.generated.ts";
import { relaxedProductModule } from "./relaxed-product.generated.ts";
import { relaxedStepsModule } from "./relaxed-steps.generated.ts";
import { useRelaxedSimd } from "./relaxed.ts";

interface Outcome {
  readonly name: string;
  /** From the plain kernel, and from float64, as shares of the size of what is added. */
  readonly difference: number;
  readonly error: number;
  readonly isSameAgain: boolean;
}

/** What the kernels give in a process that has relaxed SIMD, by backend. */
const outcomes = (): Readonly<Record<string, readonly Outcome[]>> =>
  withRelaxedSimd(new URL("../../test/programs/relaxed.ts", import.meta.url)) as Record<string, Outcome[]>;

describe("useRelaxedSimd", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    useRelaxedSimd(false);
  });

  it("says whether this engine has it", () => {
    expect(useRelaxedSimd(true)).toBe(hasRelaxedSimd);
    expect(useRelaxedSimd(false)).toBe(hasRelaxedSimd);
  });

  it("says no where there is no WebAssembly", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    // A copy that did not ask before.
    vi.resetModules();
    const copy = await import("./relaxed.ts");
    expect(copy.useRelaxedSimd(true)).toBe(false);
  });

  it("stands for modules that an engine takes or refuses together", () => {
    const known = [relaxedProductModule, relaxedDepthwiseModule, relaxedStepsModule].map(isKnown);
    expect(new Set(known).size).toBe(1);
  });

  it("rounds otherwise, within the tolerance, on cpu and wasm", () => {
    for (const [backend, cases] of Object.entries(outcomes())) {
      expect([backend, cases.length]).toEqual([backend, 30]);
      for (const { name, difference, error, isSameAgain } of cases) {
        const isClose = difference < 2e-6 && error < 2e-6;
        expect({ name, backend, difference, error, isClose }).toMatchObject({ isClose: true });
        expect([name, isSameAgain]).toEqual([name, true]);
      }
      // Some sums must have other last bits, or nothing was relaxed.
      for (const kind of ["product", "convolution", "depthwise", "recurrent"]) {
        const isRelaxed = cases.some(({ name, difference }) => name.startsWith(kind) && difference > 0);
        expect([kind, isRelaxed]).toEqual([kind, true]);
      }
    }
  });
});

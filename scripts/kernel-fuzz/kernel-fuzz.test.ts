import { expect, it } from "vitest";
import { allCases } from "./all-cases.ts";
import { Random } from "./random.ts";
import { runCases } from "./run.ts";

// A long run: node scripts/run.mjs scripts/kernel-fuzz.ts SEED COUNT [MAKER].
it.each([1, 2])("kernels agree with float64 and with tensorflow.js (seed %i)", async (seed) => {
  const random = new Random(seed);
  const cases = Array.from({ length: 6 }, () => allCases.map((make) => make(random))).flat();
  expect(await runCases(cases)).toEqual([]);
});

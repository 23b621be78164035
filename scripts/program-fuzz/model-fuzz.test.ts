/**
 * @file Random programs on models do the same plain and recorded, also from a checkpoint on, and by `vmap` in
 * one run and slice by slice: results, models, and tensors that are left.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as nnx from "../../packages/nnx/src/index.ts";
import { rounds } from "../rounds.ts";
import { useBackend } from "../use-backend.ts";
import { ensembleFaultOf } from "./ensembles.ts";
import { faultOf } from "./models.ts";

const PROGRAMS = rounds(60, 3000);

describe.each(["cpu", "wasm"] as const)("on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
    nnx.installGradients();
  });
  afterAll(() => useBackend("cpu"));

  it.each([
    ["plain and recorded", faultOf],
    ["in one run and slice by slice", ensembleFaultOf],
  ])("random programs on models do the same, %s", async (_, find) => {
    const from = backend === "cpu" ? 1 : 1 + PROGRAMS;
    const faults: string[] = [];
    for (let seed = from; seed < from + PROGRAMS; seed++) {
      const what = await find(seed);
      if (what !== undefined) faults.push(`seed ${seed}: ${what}`);
    }
    expect(faults).toEqual([]);
  });
});

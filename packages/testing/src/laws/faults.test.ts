/** @file Planted faults: which law catches which. */
import { Linear, random, Rngs } from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../../scripts/use-backend.ts";
import { type CheckName, type Faulty, faults, tableOfFaults } from "../../test/fault-table.ts";
import * as faulty from "../../test/faulty.ts";
import * as kit from "../index.ts";
import { LawError } from "../index.ts";

const checks: Pick<typeof kit, CheckName> = kit;

const inputs = (key: random.PRNGKey, batch: number) => random.normal(key, [batch, 3]);
const options = { inputs, numRuns: 1, seed: 1 };
const forward = (model: Faulty, x: tf.Tensor): tf.Tensor => model.forward(x);

describe.each(faults)("$what", ({ model, caught, options: given }) => {
  const make = (rngs: Rngs): Faulty => new model(rngs);

  it.each(Object.entries(caught) as [CheckName, RegExp][])("is caught by %s", async (name, message) => {
    const error = await checks[name](make, forward, { ...options, ...given }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LawError);
    expect(String(error)).toMatch(message);
  });

  it("is caught by all laws together", async () => {
    // Those run forward in a scope, which frees what it forgets.
    if (model === faulty.LeaksInCall) return;
    await expect(kit.checkModel(make, forward, { ...options, ...given })).rejects.toThrow(LawError);
  });
});

it("catches a step that leaves its gradients", async () => {
  const make = (rngs: Rngs): Linear => new Linear(3, 2, { rngs });
  const step = (model: Linear, x?: tf.Tensor): void => faulty.leakingStep(model, x!);
  await expect(kit.checkNoLeaks(make, step, options)).rejects.toThrow(/A call leaves nothing behind/);
});

describe("on two backends", () => {
  beforeAll(() => useBackend("wasm"));
  afterAll(() => useBackend("cpu"));

  it("catches a model that differs, and uses the backend of before again", async () => {
    const make = (): Faulty => new faulty.DiffersOnWasm();
    await expect(kit.checkBackends(["cpu", "wasm"], make, forward, options)).rejects.toThrow(
      /computes the same on wasm and cpu/,
    );
    await kit.checkBackends(["cpu", "wasm"], (rngs) => new Linear(3, 2, { rngs }), forward, options);
    await expect(kit.checkBackends(["cpu", "none"], make, forward, options)).rejects.toThrow(/none/);
  });
});

it.each([
  ["a shared key", (rngs: Rngs) => new faulty.SharesKey(rngs)],
  ["a shared seed", (rngs: Rngs) => new faulty.SharesSeed(rngs)],
  ["an ignored count", (rngs: Rngs) => new faulty.IgnoresCount(rngs)],
])("catches a key that is used twice: %s", (_, make: (rngs: Rngs) => Faulty) => {
  const run = (): unknown => {
    const model = make(new Rngs(0));
    return [0, 1].map(() => model.forward(tf.ones([2, 3])));
  };
  expect(() => kit.checkKeyReuse(run)).toThrow(kit.KeyReuseError);
});

it("says the seed, and the same seed tries the same models", async () => {
  const make = (rngs: Rngs): Faulty => new faulty.SharesKey(rngs);
  const first = await kit.checkRngDeterminism(make, forward, options).catch((error: unknown) => error);
  const again = await kit.checkRngDeterminism(make, forward, options).catch((error: unknown) => error);
  expect((first as LawError).modelSeed).toBe((again as LawError).modelSeed);
  expect(String(first)).toContain("{ seed: 1 }");
});

it("are at least 30, and the guide lists them", () => {
  expect(faults.length).toBeGreaterThanOrEqual(30);
  expect(readFileSync("docs/testing.md", "utf8")).toContain(tableOfFaults());
});

/** @file A thousand steps of training leave nothing behind. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { child } from "../../test/child.ts";
import type { MemoryUse } from "../../test/memory-use.ts";

const root = mkdtempSync(join(tmpdir(), "nnx-flat-"));
afterAll(() => rmSync(root, { recursive: true }));

const KIB = 1024;
/**
 * How much more than after step 200 there may be: 800 steps that keep anything cost more. V8's heap
 * moves by up to 300 KiB as it likes, even when it compiles nothing.
 */
const MARGINS = { heap: 512 * KIB, buffers: 32 * KIB, wasmTop: 4 * KIB } as const;
/** Without a compiler, what the functions of the program take is known after their first call. */
const QUIET = [
  "--expose-gc",
  "--no-opt",
  "--no-sparkplug",
  "--no-flush-bytecode",
  "--no-lazy-feedback-allocation",
];

describe.concurrent.each(["cpu", "wasm"])("on %s, from step 200 to step 1,000", (backend) => {
  it("the numbers of tensors and of their bytes stay, and no heap grows", async () => {
    const folder = mkdtempSync(join(root, backend));
    const { code, lines } = await child("thousand-steps", [backend, folder], { nodeFlags: QUIET });
    expect(code).toBe(0);
    const uses = lines.map((line) => JSON.parse(line) as MemoryUse);
    expect(uses.map((use) => use.step)).toEqual([200, 400, 600, 800, 1000]);
    const [first, ...later] = uses as [MemoryUse, ...MemoryUse[]];
    const { tensors, bytes, wasmHeap } = first;
    expect(tensors).toBeGreaterThan(0);
    expect(wasmHeap > 0).toBe(backend === "wasm");
    for (const use of later) {
      expect(use).toMatchObject({ tensors, bytes, wasmHeap });
      for (const name of ["heap", "buffers", "wasmTop"] as const)
        expect(use[name] - first[name], `${name} after step ${use.step}`).toBeLessThan(MARGINS[name]);
    }
    expect(readdirSync(folder).sort()).toEqual(["1000.safetensors", "750.safetensors"]);
  }, 180_000);
});

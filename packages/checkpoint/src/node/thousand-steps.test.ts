/** @file Hundreds of steps of training leave nothing behind; in long runs a thousand. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { rounds } from "../../../../scripts/rounds.ts";
import { child } from "../../test/child.ts";
import type { MemoryUse } from "../../test/memory-use.ts";

const root = mkdtempSync(join(tmpdir(), "nnx-flat-"));
afterAll(() => rmSync(root, { recursive: true }));

const KIB = 1024;
/**
 * How much more than after the first fifth there may be: 800 steps that keep anything cost more. V8's
 * heap moves by up to 300 KiB as it likes, even when it compiles nothing.
 */
const MARGINS = { heap: 512 * KIB, buffers: 32 * KIB, wasmTop: 4 * KIB } as const;
/** Without a compiler, what the functions of the program take is known after their first call. */
const QUIET = [
  "--expose-gc",
  "--no-opt",
  "--no-sparkplug",
  "--no-maglev",
  "--no-flush-bytecode",
  "--no-lazy-feedback-allocation",
];

/** Steps between two looks. The tensors are counted in each, so that few steps show one that is kept. */
const EVERY = rounds(40, 200);

describe.concurrent.each(["cpu", "wasm"])(`on %s, from step ${EVERY} to step ${5 * EVERY}`, (backend) => {
  it(
    "the numbers of tensors and of their bytes stay, and no heap grows",
    async () => {
      const folder = mkdtempSync(join(root, backend));
      const { code, lines } = await child("thousand-steps", [backend, folder, `${EVERY}`], {
        nodeFlags: QUIET,
      });
      expect(code).toBe(0);
      const uses = lines.map((line) => JSON.parse(line) as MemoryUse);
      expect(uses.map((use) => use.step)).toEqual([1, 2, 3, 4, 5].map((i) => i * EVERY));
      const [first, ...later] = uses as [MemoryUse, ...MemoryUse[]];
      const { tensors, bytes, wasmHeap } = first;
      expect(tensors).toBeGreaterThan(0);
      expect(wasmHeap > 0).toBe(backend === "wasm");
      for (const use of later) {
        expect(use).toMatchObject({ tensors, bytes, wasmHeap });
        for (const name of ["heap", "buffers", "wasmTop"] as const)
          expect(use[name] - first[name], `${name} after step ${use.step}`).toBeLessThan(MARGINS[name]);
      }
      expect(readdirSync(folder).sort()).toEqual(
        [`${5 * EVERY}.safetensors`, `${3.75 * EVERY}.safetensors`].sort(),
      );
    },
    rounds(180_000, 600_000),
  );
});

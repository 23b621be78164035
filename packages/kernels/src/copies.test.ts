import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import * as first from "./index.ts";

type Kernels = typeof first;

/** Inside of the package, so that it finds tensorflow.js. */
let folder: string;
let second: Kernels;

beforeAll(async () => {
  const here = import.meta.dirname;
  folder = mkdtempSync(join(here, "../.copy-"));
  cpSync(here, folder, { recursive: true, filter: (from) => !from.endsWith(".test.ts") });
  second = (await import(join(folder, "index.ts"))) as Kernels;
});
afterAll(() => rmSync(folder, { recursive: true }));

onEachBackend("two copies", (backend) => {
  afterEach(() => {
    for (const { restoreKernels } of [first, second]) restoreKernels();
  });

  it.each(["AB ab", "AB ba", "ABa Aba", "ABab Aa", "BAa bBb", "ABaB bAa"])(
    "restore tensorflow.js's kernels, whichever comes first: %s",
    (order) => {
      const all = (): Map<string, unknown> =>
        new Map(tf.getKernelsForBackend(backend).map((each) => [each.kernelName, each.kernelFunc]));
      for (const { restoreKernels } of [first, second]) restoreKernels();
      const stock = all();
      const active = new Set<Kernels>();
      for (const letter of order.replace(" ", "")) {
        const copy = letter.toUpperCase() === "A" ? first : second;
        if (letter === letter.toUpperCase()) {
          copy.mendKernels();
          active.add(copy);
        } else {
          copy.restoreKernels();
          active.delete(copy);
        }
        const x = tf.tensor4d([1, Number.NaN, 2, 3], [1, 2, 2, 1]);
        const isMended = Number.isNaN(tf.maxPool(x, 2, 1, "valid").dataSync()[0]);
        expect([letter, isMended]).toEqual([letter, active.size > 0]);
      }
      expect(all()).toEqual(stock);
    },
  );
});

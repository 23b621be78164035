/** @file What could not run once for all slices is tried again, less and less often. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { dispose, Module, Param, vmap } from "../index.ts";
import { Structure } from "../undo/structure.ts";
import { Attempts } from "./attempts.ts";

class Scale extends Module {
  readonly w = new Param(tf.tensor2d([1, 2, 3, 4], [2, 2]));
  reads = true;
}

/** How many calls run the function once for all slices. */
function runs(call: (m: Scale) => tf.Tensor, model: Scale, count: () => number, calls: number): number[] {
  return Array.from({ length: calls }, () => {
    const before = count();
    const made = call(model);
    expect([...made.dataSync()]).toEqual([2, 4, 6, 8]);
    made.dispose();
    return count() - before;
  });
}

describe("attempts", () => {
  it("are made in the first two calls, then in every second, fourth, eighth and sixteenth one", () => {
    const attempts = new Attempts();
    const structure = new Structure([]);
    const due = Array.from({ length: 64 }, (_, i) => {
      const isDue = attempts.isDue(structure);
      if (isDue) attempts.note(structure, false);
      return isDue ? [i] : [];
    }).flat();
    expect(due).toEqual([0, 1, 3, 7, 15, 31, 47, 63]);
    expect(attempts.isDue(new Structure([]))).toBe(true);
  });

  it("are made in each call after one that worked", () => {
    const attempts = new Attempts();
    const structure = new Structure([]);
    for (let i = 0; i < 4; i++) attempts.note(structure, false);
    attempts.note(structure, true);
    expect([1, 2, 3].map(() => attempts.isDue(structure))).toEqual([true, true, true]);
  });

  it("find out that the function has changed, and give the same numbers", () => {
    const model = new Scale();
    let [calls, isOpen] = [0, true];
    const call = vmap((m: Scale) => {
      calls++;
      if (m.reads && isOpen) m.w.value.dataSync();
      return tf.mul(m.w.value, 2);
    });
    expect(runs(call, model, () => calls, 6)).toEqual([2, 2, 2, 2, 2, 2]);
    // An attribute is seen at once, what the function closes over after some calls.
    model.reads = false;
    expect(runs(call, model, () => calls, 3)).toEqual([1, 1, 1]);
    model.reads = true;
    expect(runs(call, model, () => calls, 6)).toEqual([2, 2, 2, 2, 2, 2]);
    isOpen = false;
    const after = runs(call, model, () => calls, 6);
    expect(after.indexOf(1)).toBeLessThan(4);
    expect(after.at(-1)).toBe(1);
    dispose(model);
  });
});

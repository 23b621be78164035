import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { NnxError } from "../errors.ts";
import { ShapeDtypeStruct } from "../transforms/shape-dtype.ts";
import { checkParam } from "./parameter.ts";

it("takes tensors of the shape", () => {
  for (const shape of [[], [3], [2, 3]])
    expect(() => checkParam("f", "kernel", tf.zeros(shape), shape)).not.toThrow();
});

it.each([
  ["another size", tf.zeros([2, 4]), "float32[2,4]"],
  ["another rank", tf.zeros([2, 3, 1]), "float32[2,3,1]"],
  ["the sizes swapped", tf.zeros([3, 2]), "float32[3,2]"],
  ["a number", 3, "got 3"],
  ["nothing", undefined, "got undefined"],
  [
    "an abstract value",
    new ShapeDtypeStruct([2, 3], "float32"),
    "got an abstract float32[2,3]. An abstract model has no numbers: restore a checkpoint into it first, or call it in evalShape.",
  ],
])("refuses %s, and names layer, parameter and shapes", (_what, value, text) => {
  const run = () => checkParam("Linear.forward", "kernel", value, [2, 3]);
  expect(run).toThrow(NnxError);
  expect(run).toThrow(/^Linear\.forward: expected kernel to have the shape \[2, 3\]/);
  expect(run).toThrow(text);
});

/** @file What changes from one call of a recorded function to the next, by the call itself or by others. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import * as nnx from "../index.ts";

class Box extends nnx.Module {
  readonly w: nnx.Param<tf.Tensor> = new nnx.Param(tf.tensor1d([1, 2]));
}

onEachBackend("a recorded call", () => {
  it("may give a Variable another dtype each time", () => {
    const f = nnx.jit((m: Box) => {
      m.w.value = tf.cast(m.w.value, m.w.value.dtype === "int32" ? "float32" : "int32");
    });
    const box = new Box();
    const seen = Array.from({ length: 6 }, () => {
      f(box);
      return [box.w.value.dtype, ...box.w.value.dataSync()];
    });
    const [odd, even] = [
      ["int32", 1, 2],
      ["float32", 1, 2],
    ];
    expect(seen).toEqual([odd, even, odd, even, odd, even]);
    expect(f.programs.map(({ replays }) => replays)).toEqual([2, 2]);
    f.dispose();
    nnx.dispose(box);
  });
});

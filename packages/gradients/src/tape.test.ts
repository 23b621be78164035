import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { afterEach, beforeAll, expect, it } from "vitest";
import { useBackend } from "../../../scripts/use-backend.ts";

// `rule` and `onNextNode` rely on this order. If a new version of tensorflow.js fails here, read
// its `Engine.runKernelFunc` and `Engine.addTapeNode` again before you widen the peer range.
const NAME = "TapeOrderProbe";
beforeAll(() => useBackend("cpu"));
afterEach(() => {
  tf.unregisterGradient(NAME);
  tf.unregisterKernel(NAME, "cpu");
});

it("is written by tensorflow.js in the order that the rules rely on", () => {
  const seen: string[] = [];
  class Inputs extends Array<string> {
    override map<U>(read: (name: string, index: number, all: string[]) => U): U[] {
      seen.push("inputsToSave.map(name => inputs[name])");
      const saved = new Saved();
      saved.push(read("x", 0, this) as unknown as tf.Tensor);
      return saved as unknown as U[];
    }
  }
  class Saved extends Array<tf.Tensor> {
    override concat(...outputs: (tf.Tensor | ConcatArray<tf.Tensor>)[]): tf.Tensor[] {
      seen.push(`saved.concat(${outputs.flat().length} outputs)`);
      return [...this, ...(outputs.flat() as tf.Tensor[])];
    }
  }
  tf.registerKernel({
    kernelName: NAME,
    backendName: "cpu",
    kernelFunc: ({ inputs }) => {
      seen.push("kernelFunc");
      return tf.engine().runKernel("Identity", { x: inputs.x as tf.Tensor }) as tf.Tensor;
    },
  });
  tf.registerGradient({
    kernelName: NAME,
    inputsToSave: new Inputs(),
    outputsToSave: [true],
    get gradFunc() {
      seen.push("rule.gradFunc");
      return (dy: tf.Tensor | tf.Tensor[]) => ({ x: () => tf.mul(dy as tf.Tensor, 2) });
    },
  });
  const slope = tf.grad((x) => {
    const tape = tf.engine().state.activeTape;
    tape.push = (...nodes) => {
      if (nodes.some(({ kernelName }) => kernelName === NAME)) seen.push("tape.push(node)");
      return Array.prototype.push.apply(tape, nodes);
    };
    return tf.engine().runKernel(NAME, { x }) as tf.Tensor;
  });
  expect([...slope(tf.tensor1d([1, 2])).dataSync()]).toEqual([2, 2]);
  expect(seen).toEqual([
    "kernelFunc",
    "inputsToSave.map(name => inputs[name])",
    "saved.concat(1 outputs)",
    "rule.gradFunc",
    "tape.push(node)",
  ]);
});

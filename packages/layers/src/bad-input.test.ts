import { NnxError } from "@nnxjs/nnx-core";
import { Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import {
  Conv,
  DropConnectConv,
  DropConnectLinear,
  Dropout,
  dotProductAttention,
  Embed,
  LayerNorm,
  Linear,
  type OutOfRange,
} from "./index.ts";

const rngs = new Rngs(0);
// Values that plain JavaScript can pass.
const wrong = <T>(value: unknown): T => value as T;
const heads = (n: number): tf.Tensor => tf.ones([1, n, 2, 3]);

it.each<[string, () => unknown, RegExp]>([
  [
    "a constructor without rngs",
    () => new Linear(2, 3, wrong({})),
    /expected rngs to be Rngs, got undefined/,
  ],
  ["a seed as rngs", () => new LayerNorm(2, { rngs: wrong(0) }), /expected rngs to be Rngs, got 0/],
  [
    "an initializer of another shape",
    () => new Linear(2, 3, { rngs, kernelInit: () => tf.ones([3, 2]) }),
    /expected the initializer to return a tensor of shape \[2, 3\], got a float32\[3,2\]/,
  ],
  [
    "an initializer that returns no tensor",
    () => new Conv(2, 3, 3, { rngs, biasInit: wrong(() => 0) }),
    /expected the initializer to return a tensor of shape \[3\], got 0/,
  ],
  [
    "numbers as input",
    () => new Linear(2, 3, { rngs }).forward(wrong([1, 2])),
    /Linear\.forward: expected x to be a tensor, got an array of length 2/,
  ],
  [
    "no input",
    () => new Linear(2, 3, { rngs }).forward(wrong(undefined)),
    /Linear\.forward: .* got undefined/,
  ],
  [
    "a rate as text",
    () => new Dropout(wrong("0.5"), { rngs }),
    /expected a rate between 0 and 1, got "0\.5"/,
  ],
  [
    "a word that Embed does not know",
    () => new Embed(2, 3, { rngs, outOfRange: wrong<OutOfRange>("throw") }),
    /Embed: expected outOfRange to be "nan" or "error", got "throw"/,
  ],
  [
    "a convolution as base of DropConnectLinear",
    () => new DropConnectLinear(wrong(new Conv(1, 1, 1, { rngs })), 0.5),
    /DropConnectLinear: expected a Linear layer to start from, got an instance of Conv/,
  ],
  [
    "a dense layer as base of DropConnectConv",
    () => new DropConnectConv(wrong(new Linear(1, 1, { rngs })), 0.5),
    /DropConnectConv: expected a Conv layer to start from, got an instance of Linear/,
  ],
  [
    "a mask of other lengths",
    () => dotProductAttention(heads(2), heads(2), heads(2), { mask: tf.ones([1, 1, 3, 3], "bool") }),
    /expected a mask that broadcasts to .* \[1, 2, 2, 2\], got a bool\[1,1,3,3\]/,
  ],
  [
    "a bias of other lengths",
    () => dotProductAttention(heads(2), heads(2), heads(2), { bias: tf.ones([3]) }),
    /expected a bias that broadcasts to .* \[1, 2, 2, 2\], got a float32\[3\]/,
  ],
])("refuses %s", (_what, run, message) => {
  expect(run).toThrow(message);
  const error: unknown = (() => {
    try {
      return run();
    } catch (thrown) {
      return thrown;
    }
  })();
  // The message must not be tensorflow.js's own.
  expect(error instanceof NnxError || error instanceof TypeError || error instanceof RangeError).toBe(true);
});

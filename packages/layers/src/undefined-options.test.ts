import { type Tensor, ones } from "@nnxjs/kernels/internal";
import { Rngs } from "@nnxjs/rnglib";
import { describe, expect, it } from "vitest";
import {
  BatchNorm,
  Dropout,
  dotProductAttention,
  GRUCell,
  LayerNorm,
  Linear,
  MultiHeadAttention,
  RNN,
  Sequential,
  SpectralNorm,
} from "./index.ts";

const rngs = (): Rngs => new Rngs(0);
const x = (): Tensor => ones([2, 3, 4]);

type Calls = [without: () => Tensor, withUndefined: () => Tensor];
const both = <O>(call: (...options: [] | [O]) => Tensor, options: O): Calls => [
  () => call(),
  () => call(options),
];

/** Calls that hand on options which their caller left out, as layers of users do. */
const calls: Record<string, Calls> = {
  Sequential: both(
    (...options) =>
      new Sequential<[Tensor], Tensor>(new Dropout(0.5, { rngs: rngs() })).forward(x(), ...options),
    { rngs: undefined },
  ),
  Dropout: both((...options) => new Dropout(0.5, { rngs: rngs() }).forward(x(), ...options), {
    deterministic: undefined,
    rngs: undefined,
  }),
  BatchNorm: both(
    (...options) => new BatchNorm(4, { useRunningAverage: true, rngs: rngs() }).forward(x(), ...options),
    { useRunningAverage: undefined, mask: undefined },
  ),
  LayerNorm: both((...options) => new LayerNorm(4, { rngs: rngs() }).forward(x(), ...options), {
    mask: undefined,
  }),
  SpectralNorm: both(
    (...options) =>
      new SpectralNorm(new Linear(4, 4, { rngs: rngs() }), { rngs: rngs() }).forward(x(), ...options),
    { updateStats: undefined },
  ),
  MultiHeadAttention: both(
    (...options) =>
      new MultiHeadAttention(2, 4, {
        decode: false,
        deterministic: false,
        dropoutRate: 0.5,
        rngs: rngs(),
      }).forward(x(), ...options),
    {
      mask: undefined,
      deterministic: undefined,
      rngs: undefined,
      sowWeights: undefined,
      decode: undefined,
      isCausal: undefined,
    },
  ),
  dotProductAttention: both((...options) => dotProductAttention(x(), x(), x(), ...options), {
    bias: undefined,
    mask: undefined,
    broadcastDropout: undefined,
    dropoutRng: undefined,
    dropoutRate: undefined,
    deterministic: undefined,
    module: undefined,
    isCausal: undefined,
  }),
  RNN: both(
    (...options) =>
      new RNN(new GRUCell(4, 5, { rngs: rngs() }), { reverse: true, keepOrder: true }).forward(
        x(),
        ...options,
      ),
    {
      initialCarry: undefined,
      seqLengths: undefined,
      timeMajor: undefined,
      reverse: undefined,
      keepOrder: undefined,
      rngs: undefined,
    },
  ),
};

describe("an option of a call that is undefined counts as left out", () => {
  it.each(Object.entries(calls))("%s", (_, [without, withUndefined]) => {
    expect([...withUndefined().dataSync()]).toEqual([...without().dataSync()]);
  });
});

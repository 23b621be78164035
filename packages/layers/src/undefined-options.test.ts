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

/** Calls that hand on options which their caller left out, as layers of users do. */
const calls: Record<string, [without: () => Tensor, withUndefined: () => Tensor]> = {
  Sequential: [
    () => new Sequential<[Tensor], Tensor>(new Dropout(0.5, { rngs: rngs() })).forward(x()),
    () =>
      new Sequential<[Tensor], Tensor>(new Dropout(0.5, { rngs: rngs() })).forward(x(), { rngs: undefined }),
  ],
  Dropout: [
    () => new Dropout(0.5, { rngs: rngs() }).forward(x()),
    () => new Dropout(0.5, { rngs: rngs() }).forward(x(), { deterministic: undefined, rngs: undefined }),
  ],
  BatchNorm: [
    () => new BatchNorm(4, { useRunningAverage: true, rngs: rngs() }).forward(x()),
    () =>
      new BatchNorm(4, { useRunningAverage: true, rngs: rngs() }).forward(x(), {
        useRunningAverage: undefined,
        mask: undefined,
      }),
  ],
  LayerNorm: [
    () => new LayerNorm(4, { rngs: rngs() }).forward(x()),
    () => new LayerNorm(4, { rngs: rngs() }).forward(x(), { mask: undefined }),
  ],
  SpectralNorm: [
    () => new SpectralNorm(new Linear(4, 4, { rngs: rngs() }), { rngs: rngs() }).forward(x()),
    () =>
      new SpectralNorm(new Linear(4, 4, { rngs: rngs() }), { rngs: rngs() }).forward(x(), {
        updateStats: undefined,
      }),
  ],
  MultiHeadAttention: [
    () =>
      new MultiHeadAttention(2, 4, {
        decode: false,
        deterministic: false,
        dropoutRate: 0.5,
        rngs: rngs(),
      }).forward(x()),
    () =>
      new MultiHeadAttention(2, 4, {
        decode: false,
        deterministic: false,
        dropoutRate: 0.5,
        rngs: rngs(),
      }).forward(x(), {
        mask: undefined,
        deterministic: undefined,
        rngs: undefined,
        sowWeights: undefined,
        decode: undefined,
        isCausal: undefined,
      }),
  ],
  dotProductAttention: [
    () => dotProductAttention(x(), x(), x()),
    () =>
      dotProductAttention(x(), x(), x(), {
        bias: undefined,
        mask: undefined,
        broadcastDropout: undefined,
        dropoutRng: undefined,
        dropoutRate: undefined,
        deterministic: undefined,
        module: undefined,
        isCausal: undefined,
      }),
  ],
  RNN: [
    () => new RNN(new GRUCell(4, 5, { rngs: rngs() }), { reverse: true, keepOrder: true }).forward(x()),
    () =>
      new RNN(new GRUCell(4, 5, { rngs: rngs() }), { reverse: true, keepOrder: true }).forward(x(), {
        initialCarry: undefined,
        seqLengths: undefined,
        timeMajor: undefined,
        reverse: undefined,
        keepOrder: undefined,
        rngs: undefined,
      }),
  ],
};

describe("an option of a call that is undefined counts as left out", () => {
  it.each(Object.entries(calls))("%s", (_, [without, withUndefined]) => {
    expect([...withUndefined().dataSync()]).toEqual([...without().dataSync()]);
  });
});

import { DropConnectLinear, Linear } from "@nnxjs/layers";
import type { Path } from "@nnxjs/nnx-core";
import { random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import * as uncertainty from "./index.ts";

const rngs = (): Rngs => new Rngs(0);
const linear = new Linear(2, 2, { rngs: rngs() });
const net = [linear, new Linear(2, 2, { rngs: rngs() })];
const stochastic = new DropConnectLinear(linear, 0.5);
const x = tf.ones([1, 2]);
const p = { data: [0.2, 0.8], shape: [1, 2] };
const two = { data: [0.2, 0.8], shape: [1, 1, 2] };
const key = random.key(0);
const members = uncertainty.ensemble(linear, 2, { rngs: rngs() });

/** Calls everything that takes options, with the given options besides the required ones. */
const calls: Readonly<Record<string, (options: object) => unknown>> = {
  BatchEnsembleLinear: (o) => new uncertainty.BatchEnsembleLinear(linear, 2, { nextKey: () => key, ...o }),
  batchEnsemble: (o) => uncertainty.batchEnsemble(linear, 2, { rngs: rngs(), ...o }),
  dropconnect: (o) => uncertainty.dropconnect(net, 0.5, { rngs: rngs(), ...o }),
  dropout: (o) => uncertainty.dropout(net, 0.5, { rngs: rngs(), ...o }),
  DropoutLinear: (o) => new uncertainty.DropoutLinear(linear, 0.5, o),
  ensemble: (o) => uncertainty.ensemble(linear, 2, { rngs: rngs(), ...o }),
  entropy: (o) => uncertainty.entropy(p, o),
  entropyDecomposition: (o) => uncertainty.entropyDecomposition(two, o),
  expectedCalibrationError: (o) => uncertainty.expectedCalibrationError(p, [1], o),
  fprAtTpr: (o) => uncertainty.fprAtTpr([1], [2], o),
  reliabilityBins: (o) => uncertainty.reliabilityBins(p, [1], o),
  sample: (o) => uncertainty.sample(stochastic, x, 1, { key, ...o }),
  sampleMembers: (o) => uncertainty.sampleMembers(members, x, o),
  selectivePrediction: (o) => uncertainty.selectivePrediction([1], [2], o),
};

describe("options by name", () => {
  it.each(Object.entries(calls))("%s refuses those that it does not have", (name, call) => {
    expect(() => call({ zzz: 1 })).toThrow(`${name}: expected options among {`);
    expect(() => call({ zzz: 1 })).toThrow('got "zzz". Leave it out.');
    expect(() => call({})).not.toThrow();
  });

  it("sampleAsync does, too", async () => {
    const options = { key, sliceMS: 5 } as object as { key: random.PRNGKey };
    await expect(uncertainty.sampleAsync(stochastic, x, 1, options)).rejects.toThrow("Did you mean sliceMs?");
    const negative = { key, sliceMs: -1 };
    await expect(uncertainty.sampleAsync(stochastic, x, 1, negative)).rejects.toThrow(
      "sliceMs of at least 0",
    );
  });

  it.each<[string, () => unknown]>([
    ["base", () => calls.entropy?.({ bse: 2 })],
    ["bins", () => calls.reliabilityBins?.({ bin: 5 })],
    ["skipFirst", () => calls.dropconnect?.({ skip_first: false })],
    ["rngCollection", () => calls.dropout?.({ rngColection: "a" })],
    ["batchSize", () => calls.sample?.({ batch_size: 5 })],
    ["outputs", () => calls.sampleMembers?.({ output: "logits" })],
  ])("the nearest one is named: %s", (name, call) => {
    expect(call).toThrow(`Did you mean ${name}?`);
  });
});

describe("values of options", () => {
  const unknown = <T>(value: unknown): T => value as T;
  it.each<[string, () => unknown, string]>([
    [
      "outputs",
      () => calls.sample?.({ outputs: "logit" }),
      'sample: expected outputs to be "values", "logits" or "probabilities", got "logit"',
    ],
    [
      "keep",
      () => calls.sampleMembers?.({ keep: "moment" }),
      'sampleMembers: expected keep to be "samples" or "moments", got "moment"',
    ],
    [
      "onProgress",
      () => calls.sample?.({ onProgress: 5 }),
      "sample: expected onProgress to be a function, got 5",
    ],
    [
      "call",
      () => calls.sample?.({ call: "forward" }),
      'sample: expected call to be a function, got "forward"',
    ],
    [
      "batchSize",
      () => calls.sample?.({ batchSize: 0 }),
      "sample: expected batchSize to be a positive integer, got 0",
    ],
    [
      "init of factors",
      () => calls.batchEnsemble?.({ init: "sign" }),
      'batchEnsemble: expected init to be "normal" or "randomSign", got "sign"',
    ],
    [
      "std",
      () => calls.BatchEnsembleLinear?.({ std: Number.NaN }),
      "BatchEnsembleLinear: expected std to be a finite number, got NaN",
    ],
    [
      "init of members",
      () => calls.ensemble?.({ init: "zeros" }),
      'ensemble: expected init to be a function, got "zeros"',
    ],
    [
      "base below 1",
      () => calls.entropy?.({ base: 0.5 }),
      'entropy: expected a finite base above 1, or "normalize", got 0.5',
    ],
    [
      "infinite base",
      () => calls.entropyDecomposition?.({ base: Number.POSITIVE_INFINITY }),
      "got Infinity. Leave it out for nats.",
    ],
    ["base as text", () => calls.entropy?.({ base: "2" }), 'got "2". Leave it out for nats.'],
    [
      "bins",
      () => calls.expectedCalibrationError?.({ bins: 0 }),
      "expectedCalibrationError: expected a positive number of bins, got 0",
    ],
    [
      "no options",
      () => uncertainty.dropconnect(net, 0.5, unknown(undefined)),
      "dropconnect: expected options with rngs, got none",
    ],
    [
      "no options",
      () => uncertainty.ensemble(linear, 2, unknown(undefined)),
      "ensemble: expected rngs to be Rngs, got undefined",
    ],
    [
      "no options",
      () => uncertainty.sample(stochastic, x, 1, unknown(undefined)),
      "sample: expected a single key, got undefined",
    ],
    [
      "an order",
      () => calls.dropconnect?.({ order: "reverse" }),
      'expected order to be "definition" or "graph", got "reverse"',
    ],
  ])("%s is checked", (_what, call, message) => {
    expect(call).toThrow(message);
  });

  it("no stream advances for a call that is refused", () => {
    const streams = rngs();
    for (const options of [{ init: "sign" }, { std: Number.NaN }, { zzz: 1 }]) {
      expect(() => calls.batchEnsemble?.({ rngs: streams, ...options })).toThrow();
    }
    expect(streams.stream().count.value).toBe(0);
    const init = (_path: Path): tf.Tensor => tf.zeros([2]);
    expect(() => calls.ensemble?.({ rngs: streams, int: init })).toThrow("Did you mean init?");
    expect(streams.stream().count.value).toBe(0);
  });
});

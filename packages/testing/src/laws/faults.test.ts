/** @file Planted faults: which law catches which. */
import "@tensorflow/tfjs-backend-cpu";
import { Linear, random, type Rngs } from "@nnxjs/nnx";
import type * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import * as faulty from "../../test/faulty.ts";
import {
  checkCapture,
  checkCheckpoint,
  checkGradients,
  checkModel,
  checkModes,
  checkNoLeaks,
  checkRngDeterminism,
  checkSplitMerge,
  LawError,
} from "../index.ts";

const inputs = (key: random.PRNGKey, batch: number) => random.normal(key, [batch, 3]);
const options = { inputs, numRuns: 1, seed: 1 };
type Model = { forward(x: tf.Tensor): tf.Tensor };
const forward = (model: Model, x?: tf.Tensor): tf.Tensor => model.forward(x!);
const check = {
  checkRngDeterminism,
  checkModes,
  checkSplitMerge,
  checkCheckpoint,
  checkGradients,
  checkNoLeaks,
  checkCapture,
};

/** Fault, the check that catches it, and what the error says. */
const table: readonly (readonly [new (rngs: Rngs) => Model, keyof typeof check, RegExp])[] = [
  [faulty.IgnoresCount, "checkRngDeterminism", /Every pass in training draws new numbers/],
  [
    faulty.SharesKey,
    "checkRngDeterminism",
    /expected second\.kernel to have other values than first\.kernel/,
  ],
  [faulty.SharesSeed, "checkRngDeterminism", /No two streams have one key.*second\.rngs/],
  [faulty.ForgetsDeterministic, "checkRngDeterminism", /Evaluation draws nothing.*stream default/],
  [faulty.ForgetsDeterministic, "checkModes", /Evaluation draws nothing/],
  [faulty.DrawsInEval, "checkModes", /Evaluation draws nothing/],
  [
    faulty.DrawsElsewhere,
    "checkRngDeterminism",
    /The same seed gives the same model: expected .* kernel|at kernel/,
  ],
  [faulty.CountsOutside, "checkRngDeterminism", /Equal models give equal outputs/],
  [faulty.UsesOtherRows, "checkRngDeterminism", /do not depend on the number of the rows/],
  [faulty.UsesRowNumber, "checkRngDeterminism", /do not depend on the order of the rows/],
  [faulty.ReadsOtherStream, "checkRngDeterminism", /draws from streams that the pass does not use/],
  [faulty.CountsInAttribute, "checkSplitMerge", /After update\(model, state\)/],
  [faulty.CountsInAttribute, "checkCheckpoint", /saved and loaded/],
  [faulty.CountsInPrivate, "checkModes", /Evaluation gives the same outputs twice/],
  [faulty.CountsByModule, "checkSplitMerge", /After update\(model, state\)/],
  [faulty.CountsByModule, "checkCheckpoint", /goes on as the model does/],
  [faulty.ClosesOverKernel, "checkSplitMerge", /clone|merge/],
  [faulty.UpdatesInEval, "checkModes", /Evaluation gives the same outputs twice|changes no Variable/],
  [faulty.TogglesMode, "checkModes", /Evaluation twice is evaluation/],
  [faulty.StaysInEval, "checkModes", /Evaluation changes no Variable|Training after evaluation/],
  [faulty.LeaksWhenMade, "checkNoLeaks", /Disposing the model frees all of it/],
  [faulty.LeaksInCall, "checkNoLeaks", /A call leaves nothing behind: .* 1\.0 tensors/],
  [faulty.KeepsInCall, "checkNoLeaks", /A call leaves nothing behind/],
  [faulty.WrongSign, "checkGradients", /The gradient is the slope: .* at kernel/],
  [faulty.WrongFactor, "checkGradients", /The gradient is the slope: .* at kernel/],
  [faulty.MissingSum, "checkGradients", /The gradient is the slope: .* at kernel/],
  [faulty.CutGradient, "checkGradients", /The gradient is the slope: .* at kernel/],
  [faulty.KnowsOfCaptures, "checkCapture", /A captured call is the plain call/],
  [faulty.KnowsOfCaptures, "checkRngDeterminism", /A capture changes nothing/],
];

it.each(table)("%o: caught by %s", async (type, name, message) => {
  const found = check[name]((rngs: Rngs) => new type(rngs), forward, options);
  await expect(found).rejects.toThrow(LawError);
  await expect(check[name]((rngs: Rngs) => new type(rngs), forward, options)).rejects.toThrow(message);
  // Also by all laws together, which run forward in a scope.
  if (type === faulty.LeaksInCall) return;
  await expect(checkModel((rngs: Rngs) => new type(rngs), forward, options)).rejects.toThrow(LawError);
});

it("catches a draw from a stream that is not declared, and a declared one that is not used", async () => {
  const make = (rngs: Rngs): faulty.WrongStream => new faulty.WrongStream(rngs);
  await expect(checkRngDeterminism(make, forward, { ...options, streams: ["dropout"] })).rejects.toThrow(
    /expected draws from dropout/,
  );
});

it("catches a step that leaves its gradients", async () => {
  const make = (rngs: Rngs): Linear => new Linear(3, 2, { rngs });
  const step = (model: Linear, x?: tf.Tensor): void => faulty.leakingStep(model, x!);
  await expect(checkNoLeaks(make, step, options)).rejects.toThrow(/A call leaves nothing behind/);
});

it("says the seed, and the same seed tries the same models", async () => {
  const make = (rngs: Rngs): Model => new faulty.SharesKey(rngs);
  const first = await checkRngDeterminism(make, forward, options).catch((error: unknown) => error);
  const again = await checkRngDeterminism(make, forward, options).catch((error: unknown) => error);
  expect((first as LawError).modelSeed).toBe((again as LawError).modelSeed);
  expect(String(first)).toContain("{ seed: 1 }");
});

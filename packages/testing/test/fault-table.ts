/** @file Planted faults: what each is, which check catches it, and what the error says. */
import type { Rngs } from "@nnxjs/nnx";
import type * as tf from "@tensorflow/tfjs-core";
import type * as kit from "../src/index.ts";
import * as faulty from "./faulty.ts";

/** A model with a fault. */
export type Faulty = { forward(x: tf.Tensor): tf.Tensor };

/** The checks that get a model. */
export type CheckName = Extract<
  keyof typeof kit,
  | "checkRngDeterminism"
  | "checkModes"
  | "checkSplitMerge"
  | "checkCheckpoint"
  | "checkGradients"
  | "checkNoLeaks"
  | "checkCapture"
  | "checkJit"
  | "checkVmap"
>;

/** A fault. */
export interface Fault {
  readonly what: string;
  readonly model: new (rngs: Rngs) => Faulty;
  /** Each check that catches it, with what the error says. */
  readonly caught: Readonly<Partial<Record<CheckName, RegExp>>>;
  /** Options of the checks. */
  readonly options?: kit.RngOptions & kit.GradientsOptions;
}

const wrongGradient = { checkGradients: /The gradient is the slope: .* at kernel/ };

/** All planted faults that are models. */
export const faults: readonly Fault[] = [
  {
    what: "a draw that ignores the count of its stream",
    model: faulty.IgnoresCount,
    caught: { checkRngDeterminism: /Every pass in training draws new numbers/ },
  },
  {
    what: "two layers that share a key",
    model: faulty.SharesKey,
    caught: { checkRngDeterminism: /expected second\.kernel to have other values than first\.kernel/ },
  },
  {
    what: "two layers with streams of one seed",
    model: faulty.SharesSeed,
    caught: { checkRngDeterminism: /No two streams have one key.*second\.rngs/ },
  },
  {
    what: "a layer that forgets `deterministic`",
    model: faulty.ForgetsDeterministic,
    caught: {
      checkRngDeterminism: /Evaluation draws nothing.*stream default/,
      checkModes: /Evaluation draws nothing/,
    },
  },
  {
    what: "a draw in evaluation that is not used",
    model: faulty.DrawsInEval,
    caught: { checkRngDeterminism: /Evaluation draws nothing/, checkModes: /Evaluation draws nothing/ },
  },
  {
    what: "a parameter from `Math.random`",
    model: faulty.DrawsElsewhere,
    caught: { checkRngDeterminism: /The same seed gives the same model: at kernel/ },
  },
  {
    what: "a seed that is counted outside of the model",
    model: faulty.CountsOutside,
    caught: { checkRngDeterminism: /Equal models give equal outputs/ },
  },
  {
    what: "an output that depends on the other rows",
    model: faulty.UsesOtherRows,
    caught: { checkRngDeterminism: /do not depend on the number of the rows/ },
  },
  {
    what: "an output that depends on where its row is",
    model: faulty.UsesRowNumber,
    caught: { checkRngDeterminism: /do not depend on the order of the rows/ },
  },
  {
    what: "a draw from another stream than is declared",
    model: faulty.WrongStream,
    options: { streams: ["dropout"] },
    caught: { checkRngDeterminism: /expected draws from dropout/ },
  },
  {
    what: "a stream that is declared and not used",
    model: faulty.ForgetsDropout,
    options: { streams: ["dropout"] },
    caught: { checkRngDeterminism: /expected draws from dropout, got none from dropout/ },
  },
  {
    what: "a key that is in no stream",
    model: faulty.KeepsKey,
    caught: { checkRngDeterminism: /A fork of the streams is independent of them: expected key / },
  },
  {
    what: "a statistic of the first batch, kept for later ones",
    model: faulty.RemembersFirst,
    options: { batch: null },
    caught: {
      checkRngDeterminism: /Evaluation does not depend on an earlier pass/,
      checkModes: /Evaluation does not depend on an earlier pass/,
    },
  },
  {
    what: "a key made from another stream's count",
    model: faulty.ReadsOtherStream,
    caught: { checkRngDeterminism: /draws from streams that the pass does not use/ },
  },
  {
    what: "a stream in a private field",
    model: faulty.HidesStream,
    caught: { checkSplitMerge: /got the error: .*#private members/, checkModes: /the same outputs twice/ },
  },
  {
    what: "a count in a plain attribute, which a checkpoint loses",
    model: faulty.CountsInAttribute,
    caught: {
      checkSplitMerge: /After update\(model, state\)/,
      checkCheckpoint: /saved and loaded/,
      checkModes: /the same outputs twice/,
    },
  },
  {
    what: "a count in a private field",
    model: faulty.CountsInPrivate,
    caught: {
      checkModes: /Evaluation gives the same outputs twice/,
      checkSplitMerge: /got the error: .*#private members/,
      checkJit: /A call can be recorded: .* with #count, which nobody sees from outside/,
    },
  },
  {
    what: "a count outside, by model",
    model: faulty.CountsByModule,
    caught: {
      checkSplitMerge: /After update\(model, state\)/,
      checkCheckpoint: /goes on as the model does/,
      checkJit: /A replay computes what the call computes/,
    },
  },
  {
    what: "a closure over the original's parameter",
    model: faulty.ClosesOverKernel,
    caught: { checkSplitMerge: /clone|merge/ },
  },
  {
    what: "a tie that merge and clone lose",
    model: faulty.LosesSharing,
    caught: { checkSplitMerge: /merge\(split\(model\)\) is the model/ },
  },
  {
    what: "running statistics that change in evaluation",
    model: faulty.UpdatesInEval,
    caught: { checkModes: /Evaluation gives the same outputs twice/ },
  },
  {
    what: "a mode that is toggled, not set",
    model: faulty.TogglesMode,
    caught: { checkModes: /Evaluation twice is evaluation/ },
  },
  {
    what: "training that stays in evaluation",
    model: faulty.StaysInEval,
    caught: { checkModes: /Evaluation changes no Variable|Training after evaluation/ },
  },
  {
    what: "a constructor that leaves a tensor",
    model: faulty.LeaksWhenMade,
    caught: { checkNoLeaks: /Disposing the model frees all of it/ },
  },
  {
    what: "a step that leaves one tensor",
    model: faulty.LeaksInCall,
    caught: { checkNoLeaks: /A call leaves nothing behind: .* 1\.0 tensors/ },
  },
  {
    what: "a step that keeps a copy",
    model: faulty.KeepsInCall,
    caught: { checkNoLeaks: /A call leaves nothing behind/ },
  },
  { what: "a gradient with the wrong sign", model: faulty.WrongSign, caught: wrongGradient },
  {
    what: "a gradient of the input with the wrong sign",
    model: faulty.WrongInputSign,
    caught: { checkGradients: /The gradient is the slope: .* at inputs\.0/ },
  },
  { what: "a gradient with a factor too much", model: faulty.WrongFactor, caught: wrongGradient },
  { what: "a gradient without the sum over the batch", model: faulty.MissingSum, caught: wrongGradient },
  { what: "a gradient that is cut", model: faulty.CutGradient, caught: wrongGradient },
  {
    what: "a right gradient with a wrong gradient of its own",
    model: faulty.WrongSecondGradient,
    options: { secondOrder: true },
    caught: { checkGradients: /The second derivative is the slope: .* at scale/ },
  },
  {
    what: "another result while it is captured",
    model: faulty.KnowsOfCaptures,
    caught: {
      checkCapture: /A captured call is the plain call/,
      checkRngDeterminism: /A capture changes nothing/,
    },
  },
  {
    what: "another result while it is profiled",
    model: faulty.KnowsOfProfiles,
    caught: { checkRngDeterminism: /A profile changes nothing/ },
  },
  {
    what: "a value read when `jit` records",
    model: faulty.ReadsValue,
    caught: { checkJit: /A call can be recorded/ },
  },
  {
    what: "a number from outside that `jit` would bake in",
    model: faulty.UsesClock,
    caught: { checkJit: /A replay computes what the call computes/ },
  },
  {
    what: "an ensemble whose members share numbers",
    model: faulty.SharesWithMembers,
    caught: {
      checkVmap: /A member of an ensemble is the model on its own/,
    },
  },
];

/** Faults that are no single model, and which check catches them. `faults.test.ts` tests each. */
const otherFaults: readonly (readonly [what: string, check: string])[] = [
  ["a training step that leaves its gradients", "checkNoLeaks"],
  ["a model that computes something else on another backend", "checkBackends"],
  ["a key that is used twice", "checkKeyReuse"],
  ["a generator with a bit that is stuck", "checkUniformBits"],
  ["streams that overlap", "checkIndependentStreams"],
  ["similar seeds that give similar numbers", "checkAvalanche"],
  ["a sampler of another distribution", "checkDistribution"],
];

/** The table in docs/testing.md. */
export const tableOfFaults = (): string =>
  [
    "| fault | caught by |",
    "| --- | --- |",
    ...faults.map(
      ({ what, caught }) =>
        `| ${what} | ${Object.keys(caught)
          .map((name) => `\`${name}\``)
          .join(", ")} |`,
    ),
    ...otherFaults.map(([what, check]) => `| ${what} | \`${check}\` |`),
  ].join("\n");

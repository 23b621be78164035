/** @file Gradients with noise. */
import { add, mul } from "@nnxjs/kernels/internal";
import { StructureError, registerFactory } from "@nnxjs/nnx-core";
import { describe, recordRecipe } from "@nnxjs/nnx-core/internal";
import { PRNGKey, random } from "@nnxjs/rnglib";
import { checkFinite, checkNotNegative } from "../../checks.ts";
import { leavesOf, mapTree } from "../../tree/tree.ts";
import { finite, notNegative, type Option, type OptionTable, readOptions, refuse } from "../options.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";

/** Options of {@link addNoise}. */
export interface AddNoiseOptions {
  /** A seed, or a key as `random.key` makes it. @defaultValue 0 */
  key?: number | PRNGKey;
}

const keyOption: Option<number | PRNGKey> = {
  standard: 0,
  check: (where, name, value) => {
    if (PRNGKey.isKey(value) ? value.shape.length === 0 : Number.isSafeInteger(value)) return;
    refuse(where, `${name} to be one key or an integer seed`, value, "Pass 0, or nnx.random.key(0).");
  },
};

type NoiseState = { readonly count: number; readonly rngKey: PRNGKey };

const wordsOf = (key: PRNGKey): readonly number[] => [...random.keyData(key)];

/** Definitions go through JSON, which has no keys: there a key is its words. */
const keyFactory = "tx.key";
registerFactory(keyFactory, (...words: number[]) => random.wrapKeyData(Uint32Array.from(words)));

/**
 * Adds normal noise of variance `eta / t ** gamma` in step `t`, which starts at 1. The key is part of
 * the state: each step splits it, and each tensor draws with a key of its own, in the order of the
 * tree.
 * @param eta - The variance in the first step.
 * @param gamma - How fast it falls.
 * @throws RangeError for numbers and keys that cannot be.
 * @see Neelakantan et al. 2015, https://arxiv.org/abs/1511.06807; `optax.add_noise`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.chain(nnx.addNoise(0.01, 0.55, { key: nnx.random.key(7) }), nnx.sgd(0.1));
 * ```
 */
export const addNoise: (
  eta: number,
  gamma: number,
  options?: AddNoiseOptions,
) => GradientTransformation<NoiseState> = registerFactory("tx.addNoise", (eta, gamma, options = {}) => {
  checkNotNegative("addNoise", "eta", eta);
  checkFinite("addNoise", "gamma", gamma);
  const { key } = readOptions<AddNoiseOptions>("addNoise", options, { key: keyOption });
  const first = typeof key === "number" ? random.key(key) : key;
  recordRecipe(first, keyFactory, wordsOf(first));
  return {
    init: () => ({ count: 0, rngKey: first }),
    update: (updates, { count, rngKey }) => {
      const t = count + 1;
      const deviation = Math.sqrt(eta / t ** gamma);
      const pair = random.split(checkKey(rngKey));
      const keys = random.split(pair.at(1), Math.max(1, leavesOf(updates).length));
      let next = 0;
      const noisy = mapTree((u) => add(u, mul(random.normal(keys.at(next++), u.shape), deviation)), updates);
      return [noisy, { count: t, rngKey: pair.at(0) }];
    },
  };
});

function checkKey(key: unknown): PRNGKey {
  if (PRNGKey.isKey(key) && key.shape.length === 0) return key;
  throw new StructureError(
    `addNoise at rngKey: expected one key, got ${describe(key)}. Restore the state of an optimizer of the same kind.`,
  );
}

/** Options of {@link noisySgd}. */
export interface NoisySgdOptions extends AddNoiseOptions {
  /** The variance in the first step. @defaultValue 0.01 */
  eta?: number;
  /** How fast it falls: as `t ** -gamma`. @defaultValue 0.55 */
  gamma?: number;
}

const noisySgdTable: OptionTable<NoisySgdOptions> = {
  eta: notNegative(0.01),
  gamma: finite(0.55),
  key: keyOption,
};

/**
 * Gradient descent with noise that falls from step to step.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Neelakantan et al. 2015, https://arxiv.org/abs/1511.06807; `optax.noisy_sgd`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.noisySgd(0.1, { eta: 0.3, key: 7 });
 * ```
 */
export const noisySgd: (
  learningRate: number | Schedule,
  options?: NoisySgdOptions,
) => GradientTransformation = registerFactory("tx.noisySgd", (learningRate, options = {}) => {
  const { eta, gamma, key } = readOptions("noisySgd", options, noisySgdTable);
  return chain(addNoise(eta, gamma, { key }), scaleByLearningRate(learningRate));
});

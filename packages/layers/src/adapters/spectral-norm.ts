/** @file Weights with largest singular value 1. */
import {
  registerModule,
  BatchStat,
  type ModeValues,
  Module,
  NnxError,
  Param,
  stopGradient,
} from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { initializers, type Rngs } from "@nnxjs/rnglib";
import { callForward, checkForward, type ForwardModule } from "../callable.ts";
import { dtypesOf, FLOAT_CHECKS, type FloatDtype, type FloatOptions } from "../dtypes.ts";
import {
  checkGiven,
  checkLayerOptions,
  checkRngs,
  count,
  flag,
  nonNegative,
  type OptionChecks,
} from "../options.ts";
import { div, equal, matMul, reshape, type Tensor, transpose, where } from "@nnxjs/kernels/internal";
import { callWith, checkFits, statisticOf, type Weight, weightsOf } from "./reparametrize.ts";
import { l2Normalize } from "./weight-norm.ts";

/** Options of {@link SpectralNorm}; the names are Flax's. */
export interface SpectralNormOptions extends FloatOptions {
  /** A source of keys. Its `params` stream gives the first vectors. */
  rngs: Rngs;
  /** Steps of power iteration at each call. @defaultValue 1 */
  nSteps?: number;
  /** Added to squared lengths. @defaultValue 1e-12 */
  epsilon?: number;
  /**
   * Whether to throw for weights with more than two axes, instead of flattening all but the last.
   * @defaultValue false
   */
  errorOnNonMatrix?: boolean;
  /** Whether calls store the result of the power iteration for the next call. @defaultValue true */
  updateStats?: boolean;
  /** Whether the normalised values stay in the layer, as in Flax. @defaultValue true */
  overwrite?: boolean;
}

/** Options of a call; they take precedence over the layer's attributes. */
export interface SpectralNormCallOptions {
  /** @defaultValue the layer's mode */
  updateStats?: boolean | undefined;
}

const NAME = "SpectralNorm";

const OPTIONS: OptionChecks<SpectralNormOptions> = {
  rngs: checkRngs,
  nSteps: count,
  epsilon: nonNegative,
  ...FLOAT_CHECKS,
  errorOnNonMatrix: flag,
  updateStats: flag,
  overwrite: flag,
};
const CALL: OptionChecks<SpectralNormCallOptions> = { updateStats: flag };

/**
 * A layer whose weights with two or more axes are divided by their largest singular value at every
 * call. Power iteration estimates that value.
 * @see Flax `nnx.SpectralNorm`; Miyato et al. 2018, https://arxiv.org/abs/1802.05957
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const rngs = new nnx.Rngs(0);
 * const layer = new nnx.SpectralNorm(new nnx.Linear(64, 32, { rngs }), { rngs });
 * const y = layer.forward(tf.ones([8, 64])); // [8, 32]
 * ```
 */
export class SpectralNorm<X = Tensor, R = Tensor> extends Module {
  /** What each mode does, for `viewInfo`. */
  static readonly modes: Readonly<Record<string, string>> = {
    useRunningAverage: "Leave the statistics of the power iteration unchanged.",
  };

  /** Named as in Flax's State. */
  readonly layer_instance: ForwardModule<[X], R>;
  /** `u` and `sigma` of each weight, by its path joined with `/`. Named as in Flax's State. */
  readonly batch_stats: Readonly<Record<string, BatchStat<Tensor>>>;
  readonly nSteps: number;
  readonly epsilon: number;
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  readonly errorOnNonMatrix: boolean;
  /** Whether calls leave the statistics unchanged. `train` and `eval` set it. */
  useRunningAverage: boolean;
  readonly overwrite: boolean;

  /**
   * @throws NnxError for invalid dtypes, and with `errorOnNonMatrix` for a weight with more than
   * two axes.
   */
  constructor(layerInstance: ForwardModule<[X], R>, options: SpectralNormOptions) {
    super();
    checkForward(NAME, layerInstance);
    checkLayerOptions(NAME, options, OPTIONS);
    const { rngs, nSteps = 1, epsilon = 1e-12 } = options;
    const { dtype, paramDtype } = dtypesOf(options);
    const { errorOnNonMatrix = false, updateStats = true, overwrite = true } = options;
    this.layer_instance = layerInstance;
    this.nSteps = nSteps;
    this.epsilon = epsilon;
    this.dtype = dtype;
    this.paramDtype = paramDtype;
    this.errorOnNonMatrix = errorOnNonMatrix;
    this.useRunningAverage = !updateStats;
    this.overwrite = overwrite;
    const statistics: [string, BatchStat<Tensor>][] = [];
    for (const weight of matricesOf(this)) {
      const key = rngs.nextKey("params");
      const columns = weight.variable.value.shape.at(-1) as number;
      statistics.push([
        `${weight.key}/u`,
        new BatchStat(initializers.normal()(key, [1, columns], paramDtype)),
      ]);
      statistics.push([`${weight.key}/sigma`, new BatchStat(initializers.ones(key, [], paramDtype))]);
    }
    this.batch_stats = Object.fromEntries(statistics);
  }

  /**
   * @param x - The argument of the layer.
   * @returns the layer's result with normalised weights. With `overwrite`, these stay in the layer.
   * @throws NnxError when the layer has weights that it did not have at construction.
   */
  forward(x: X, options?: SpectralNormCallOptions): R {
    const where = "SpectralNorm.forward";
    checkGiven(where, options, CALL);
    const found = matricesOf(this).map((weight) => normalized(this, weight));
    const values = found.map(({ variable, value }) => [variable, value] as const);
    const call = (): unknown => callForward(where, this.layer_instance, [x]);
    // `call` returns the result of the layer, so it has the type R.
    const result = callWith(values, this.overwrite, call) as R;
    // Updated after the call, so that a call that throws leaves the statistics unchanged.
    if (options?.updateStats ?? !this.useRunningAverage) for (const { update } of found) update();
    return result;
  }

  /** Sets the modes that this layer has, and returns the others. */
  setMode({ useRunningAverage, ...rest }: ModeValues): ModeValues {
    if (typeof useRunningAverage === "boolean") this.useRunningAverage = useRunningAverage;
    return rest;
  }
}

/**
 * A weight divided by its largest singular value, and a function that stores the result of the
 * power iteration.
 */
interface Normalized {
  readonly variable: Weight["variable"];
  readonly value: Tensor;
  readonly update: () => void;
}

type Config = Pick<SpectralNorm, "batch_stats" | "nSteps" | "epsilon">;

function normalized({ batch_stats, nSteps, epsilon }: Config, weight: Weight): Normalized {
  const { key, variable } = weight;
  const name = "SpectralNorm.forward";
  const shape = variable.value.shape;
  const columns = shape.at(-1) as number;
  const matrix = reshape(variable.value, [-1, columns]);
  const stored = {
    u: statisticOf(name, batch_stats, `${key}/u`, variable.value),
    sigma: statisticOf(name, batch_stats, `${key}/sigma`, variable.value),
  };
  checkFits(name, `batch_stats.${key}/u`, stored.u.value, [1, columns], weight);
  checkFits(name, `batch_stats.${key}/sigma`, stored.sigma.value, [], weight);
  const turned = transpose(matrix);
  let u = stored.u.value;
  let v = u;
  for (let step = 0; step < nSteps; step++) {
    v = l2Normalize(matMul(u, turned), [0, 1], epsilon);
    u = l2Normalize(matMul(v, matrix), [0, 1], epsilon);
  }
  const [left, right] = [stopGradient(v), stopGradient(u)];
  const sigma = reshape(matMul(matMul(left, matrix), transpose(right)), []);
  return {
    variable,
    value: reshape(div(matrix, where(equal(sigma, 0), 1, sigma)), shape),
    update: () => {
      stored.u.value = right;
      stored.sigma.value = stopGradient(sigma);
    },
  };
}

function matricesOf({
  layer_instance,
  nSteps,
  errorOnNonMatrix,
}: Pick<SpectralNorm<never, unknown>, "layer_instance" | "nSteps" | "errorOnNonMatrix">): Weight[] {
  if (nSteps < 1) return [];
  const weights = weightsOf(layer_instance, (_path, variable) => variable instanceof Param);
  const matrices = weights.filter(({ variable }) => variable.value.rank > 1);
  const other = matrices.find(({ variable }) => variable.value.rank > 2);
  if (errorOnNonMatrix && other) {
    throw new NnxError(
      `SpectralNorm: expected weights with at most two axes, got ${describe(other.variable.value)} at ${other.key}. ` +
        "Leave errorOnNonMatrix out to flatten all axes but the last.",
    );
  }
  return matrices;
}

registerModule("SpectralNorm", SpectralNorm);

/** @file Weights whose largest singular value is one. */
import {
  registerModule,
  BatchStat,
  describe,
  type ModeValues,
  Module,
  NnxError,
  Param,
  stopGradient,
} from "@nnxjs/nnx-core";
import { initializers, type Rngs } from "@nnxjs/rnglib";
import { callForward, type ForwardModule } from "../callable.ts";
import { checkFloat, type FloatDtype } from "../linear/dot-general.ts";
import type { DtypeOptions } from "../params.ts";
import { div, equal, matMul, reshape, type Tensor, transpose, where } from "../tensor.ts";
import { callWith, statisticOf, type Weight, weightsOf } from "./reparametrize.ts";
import { l2Normalize } from "./weight-norm.ts";

/** Options of {@link SpectralNorm}; the names are Flax's. */
export interface SpectralNormOptions extends Omit<DtypeOptions, "promoteDtype"> {
  /** Whose `params` stream the first vectors are drawn from. */
  rngs: Rngs;
  /** Steps of power iteration at each call. @defaultValue 1 */
  nSteps?: number;
  /** Added to squared lengths. @defaultValue 1e-12 */
  epsilon?: number;
  /** Throw for weights with more than two axes, rather than flatten all but the last. @defaultValue false */
  errorOnNonMatrix?: boolean;
  /** Keep what the power iteration found for the next call. @defaultValue true */
  updateStats?: boolean;
  /** Leave the normalised values in the layer, as Flax does. @defaultValue true */
  overwrite?: boolean;
}

/** Options of a call; they win over the layer's attributes. */
export interface SpectralNormCallOptions {
  /** @defaultValue the layer's mode */
  updateStats?: boolean;
}

/**
 * A layer whose weights with two or more axes are divided by their largest singular value at every call, as power iteration estimates it.
 * @see Flax `nnx.SpectralNorm`; Miyato et al. 2018, https://arxiv.org/abs/1802.05957
 * @example
 * ```ts
 * const rngs = new nnx.Rngs(0);
 * const layer = new nnx.SpectralNorm(new nnx.Linear(64, 32, { rngs }), { rngs });
 * const y = layer.forward(tf.ones([8, 64])); // [8, 32]
 * ```
 */
export class SpectralNorm<X = Tensor, R = Tensor> extends Module {
  /** What the modes do, for `viewInfo`. */
  static readonly modes: Readonly<Record<string, string>> = {
    useRunningAverage: "Leave the statistics of the power iteration alone.",
  };

  /** The name is that of Flax's state. */
  readonly layer_instance: ForwardModule<[X], R>;
  /** `u` and `sigma` of each weight, by its path joined with `/`. The name is that of Flax's state. */
  readonly batch_stats: Readonly<Record<string, BatchStat<Tensor>>>;
  readonly nSteps: number;
  readonly epsilon: number;
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  readonly errorOnNonMatrix: boolean;
  /** Whether calls leave the statistics alone; `train` and `eval` set it. */
  useRunningAverage: boolean;
  readonly overwrite: boolean;

  /** @throws NnxError for dtypes that cannot be, and with `errorOnNonMatrix` for a weight with more than two axes. */
  constructor(layerInstance: ForwardModule<[X], R>, options: SpectralNormOptions) {
    super();
    const { rngs, nSteps = 1, epsilon = 1e-12, dtype = null, paramDtype = "float32" } = options;
    const { errorOnNonMatrix = false, updateStats = true, overwrite = true } = options;
    checkFloat("SpectralNorm", "dtype", dtype);
    checkFloat("SpectralNorm", "paramDtype", paramDtype);
    this.layer_instance = layerInstance;
    this.nSteps = nSteps;
    this.epsilon = epsilon;
    this.dtype = dtype;
    this.paramDtype = paramDtype;
    this.errorOnNonMatrix = errorOnNonMatrix;
    this.useRunningAverage = !updateStats;
    this.overwrite = overwrite;
    const statistics: [string, BatchStat<Tensor>][] = [];
    for (const weight of this.weights()) {
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
   * @param x - For the layer.
   * @returns what the layer returns with normalised weights. With `overwrite`, they stay in the layer.
   * @throws NnxError when the layer has got weights since construction.
   */
  forward(x: X, { updateStats = !this.useRunningAverage }: SpectralNormCallOptions = {}): R {
    const values = this.weights().map(
      (weight) => [weight.variable, this.normalized(weight, updateStats)] as const,
    );
    const call = (): unknown => callForward("SpectralNorm.forward", this.layer_instance, [x]);
    // The layer's own type.
    return callWith(values, this.overwrite, call) as R;
  }

  /** Takes the modes that this layer knows; returns the others. */
  setMode({ useRunningAverage, ...rest }: ModeValues): ModeValues {
    if (typeof useRunningAverage === "boolean") this.useRunningAverage = useRunningAverage;
    return rest;
  }

  private normalized({ key, variable }: Weight, updateStats: boolean): Tensor {
    const shape = variable.value.shape;
    const matrix = reshape(variable.value, [-1, shape.at(-1) as number]);
    const stored = {
      u: statisticOf("SpectralNorm.forward", this.batch_stats, `${key}/u`),
      sigma: statisticOf("SpectralNorm.forward", this.batch_stats, `${key}/sigma`),
    };
    const turned = transpose(matrix);
    let u = stored.u.value;
    let v = u;
    for (let step = 0; step < this.nSteps; step++) {
      v = l2Normalize(matMul(u, turned), [0, 1], this.epsilon);
      u = l2Normalize(matMul(v, matrix), [0, 1], this.epsilon);
    }
    const [left, right] = [stopGradient(v), stopGradient(u)];
    const sigma = reshape(matMul(matMul(left, matrix), transpose(right)), []);
    if (updateStats) {
      stored.u.value = right;
      stored.sigma.value = stopGradient(sigma);
    }
    return reshape(div(matrix, where(equal(sigma, 0), 1, sigma)), shape);
  }

  private weights(): Weight[] {
    if (this.nSteps < 1) return [];
    const weights = weightsOf(this.layer_instance, (_path, variable) => variable instanceof Param);
    const matrices = weights.filter(({ variable }) => variable.value.rank > 1);
    const other = matrices.find(({ variable }) => variable.value.rank > 2);
    if (this.errorOnNonMatrix && other) {
      throw new NnxError(
        `SpectralNorm: expected weights with at most two axes, got ${describe(other.variable.value)} at ${other.key}. ` +
          "Leave errorOnNonMatrix out to flatten all axes but the last.",
      );
    }
    return matrices;
  }
}

registerModule("SpectralNorm", SpectralNorm);

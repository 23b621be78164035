/** @file Weights with a learned or fixed length. */
import { floats } from "../checks.ts";
import {
  registerFunction,
  registerModule,
  type Filter,
  type Metadata,
  Param,
  pathContains,
  toPredicate,
  Variable,
  type VariableType,
} from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { initializers, type Initializer, random, type Rngs } from "@nnxjs/rnglib";
import { type Axes, normalizeAxes, otherAxes } from "../axes.ts";
import { callForward, checkForward, type ForwardModule } from "../callable.ts";
import { DtypeLayer } from "../dtype-layer.ts";
import { DTYPE_CHECKS, type DtypeOptions } from "../dtypes.ts";
import {
  axisListOrNull,
  checkLayerOptions,
  checkRngs,
  filter,
  flag,
  func,
  nonNegative,
  type OptionChecks,
} from "../options.ts";
import { allOrNothing, drawValue } from "../params.ts";
import { add, mul, reshape, rsqrt, square, sum, type Tensor } from "@nnxjs/kernels/internal";
import { callWith, checkFits, statisticOf, type Weight, weightsOf } from "./reparametrize.ts";

/** Options of {@link WeightNorm}; the names are Flax's. */
export interface WeightNormOptions extends DtypeOptions {
  /**
   * A source of keys. Its `params` stream gives the scales. The default initializer draws no key.
   */
  rngs: Rngs;
  /**
   * The axes along which every position has its own length; `null` for one length for the whole
   * weight. @defaultValue -1
   */
  featureAxes?: Axes | null;
  /** @defaultValue true */
  useScale?: boolean;
  /** @defaultValue ones */
  scaleInit?: Initializer;
  /** Added to the squared length. @defaultValue 1e-12 */
  epsilon?: number;
  /** Which Variables are normalised. @defaultValue pathContains("kernel") */
  variableFilter?: Filter;
  /** Whether the normalised values stay in the layer, as in Flax. @defaultValue true */
  overwrite?: boolean;
  /**
   * The Variable class of scales. Flax does not train them; pass `Param` to train them as in the
   * paper.
   * @defaultValue Variable
   */
  scaleType?: VariableType;
}

const NAME = "WeightNorm";

const OPTIONS: OptionChecks<WeightNormOptions> = {
  rngs: checkRngs,
  featureAxes: axisListOrNull,
  useScale: flag,
  scaleInit: func,
  epsilon: nonNegative,
  variableFilter: filter,
  overwrite: flag,
  scaleType: func,
  ...DTYPE_CHECKS,
};

const KERNELS: Filter = pathContains("kernel");

/** `x / sqrt(Σ x² + epsilon)`, with the sum over these axes. */
export const l2Normalize = (x: Tensor, axes: number[], epsilon: number): Tensor =>
  mul(x, rsqrt(add(sum(square(x), axes, true), epsilon)));

/**
 * A layer whose weights are normalised at every call: `scale * w / ‖w‖`. Each position along
 * `featureAxes` has its own length.
 * @see Flax `nnx.WeightNorm`; Salimans and Kingma 2016, https://arxiv.org/abs/1602.07868
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const rngs = new nnx.Rngs(0);
 * const base = new nnx.Linear(64, 32, { rngs });
 * const layer = new nnx.WeightNorm(base, { rngs, scaleType: nnx.Param });
 * const y = layer.forward(tf.ones([8, 64])); // [8, 32]
 * ```
 */
export class WeightNorm<A extends readonly unknown[] = readonly unknown[], R = Tensor> extends DtypeLayer {
  /** Named as in Flax's State. */
  readonly layer_instance: ForwardModule<A, R>;
  /** The scales by the paths of their weights, joined with `/`; `null` without scales. */
  readonly scales: Readonly<Record<string, Variable<Tensor>>> | null;
  readonly featureAxes: Axes | null;
  readonly useScale: boolean;
  readonly epsilon: number;
  readonly variableFilter: Filter;
  readonly overwrite: boolean;

  /** @throws NnxError for invalid dtypes, or axes that a weight does not have. */
  constructor(layerInstance: ForwardModule<A, R>, options: WeightNormOptions) {
    checkForward(NAME, layerInstance);
    checkLayerOptions(NAME, options, OPTIONS);
    super(options);
    const { rngs, featureAxes = -1, useScale = true, epsilon = 1e-12, overwrite = true } = options;
    const { scaleInit = initializers.ones, scaleType = Variable, variableFilter = KERNELS } = options;
    this.layer_instance = layerInstance;
    this.featureAxes = featureAxes;
    this.useScale = useScale;
    this.epsilon = epsilon;
    this.variableFilter = variableFilter;
    this.overwrite = overwrite;
    const matches = toPredicate(variableFilter);
    const weights = weightsOf(
      layerInstance,
      (path, variable) => variable instanceof Param && matches(path, variable),
    );
    const create = scaleType as new (value: Tensor, metadata?: Metadata) => Variable<Tensor>;
    const make = allOrNothing();
    const drawn = weights.map(({ key, variable }) => {
      const shape = scaleShape(this, variable.value, key);
      // Flax draws no key for ones. So a key is drawn only for other initializers.
      const scaleKey = scaleInit === initializers.ones ? random.key(0) : rngs.nextKey("params");
      return [
        key,
        make(() => new create(drawValue(NAME, scaleInit, scaleKey, shape, this.paramDtype))),
      ] as const;
    });
    this.scales = useScale ? Object.fromEntries(drawn) : null;
  }

  /**
   * @param args - The arguments of the layer.
   * @returns the layer's result with normalised weights. With `overwrite`, these stay in the layer.
   * @throws NnxError when the layer has weights that it did not have at construction.
   */
  forward(...args: A): R {
    const matches = toPredicate(this.variableFilter);
    const values = weightsOf(this.layer_instance, matches).map(
      (weight) => [weight.variable, normalized(this, weight)] as const,
    );
    const call = (): unknown => callForward("WeightNorm.forward", this.layer_instance, args);
    // `call` returns the result of the layer, so it has the type R.
    return callWith(values, this.overwrite, call) as R;
  }
}

type Axed = Pick<WeightNorm, "featureAxes">;

const featuresOf = ({ featureAxes }: Axed, weight: Tensor, key: string): number[] =>
  featureAxes === null
    ? []
    : normalizeAxes(`${NAME} of ${key}, ${describe(weight)}`, featureAxes, weight.rank);

/** The shape of a scale: one length for each position along the feature axes. */
const scaleShape = (layer: Axed, weight: Tensor, key: string): number[] =>
  featuresOf(layer, weight, key).map((axis) => weight.shape[axis] as number);

function normalized(layer: Axed & Pick<WeightNorm, "epsilon" | "scales">, found: Weight): Tensor {
  const { key } = found;
  const weight = floats("WeightNorm.forward", found.variable.value);
  const features = featuresOf(layer, weight, key);
  const direction = l2Normalize(weight, otherAxes(features, weight.rank), layer.epsilon);
  if (!layer.scales) return direction;
  const where = "WeightNorm.forward";
  const scale = statisticOf(where, layer.scales, key, weight).value;
  checkFits(where, `scales.${key}`, scale, scaleShape(layer, weight, key), found);
  const shape = weight.shape.map((n, axis) => (features.includes(axis) ? n : 1));
  return mul(direction, reshape(scale, shape));
}

registerModule("WeightNorm", WeightNorm);
registerFunction("WeightNorm.kernels", KERNELS);

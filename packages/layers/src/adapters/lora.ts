/** @file Low-rank adapters. */
import {
  registerModule,
  registerVariableName,
  type Metadata,
  type Module,
  Param,
  type Variable,
} from "@nnxjs/nnx-core";
import { checkParam } from "@nnxjs/nnx-core/internal";
import { initializers, type Initializer, type Rngs } from "@nnxjs/rnglib";
import { callForward } from "../callable.ts";
import { checkFeatures, checkSize } from "../checks.ts";
import { DtypeLayer } from "../dtype-layer.ts";
import { DTYPE_CHECKS, type DtypeOptions, type FloatDtype, promoted, type PromoteDtype } from "../dtypes.ts";
import { dense } from "../linear/dense-layer.ts";
import { dotGeneral } from "../linear/dot-general.ts";
import { Linear, LINEAR_CHECKS, type LinearOptions } from "../linear/linear.ts";
import {
  anything,
  checkLayerOptions,
  checkRngs,
  func,
  given,
  metadata,
  moduleOrNull,
  type OptionChecks,
} from "../options.ts";
import { allOrNothing, drawValue } from "../params.ts";
import { add, type Tensor } from "@nnxjs/kernels/internal";

/**
 * A factor of a low-rank update. It is also a Param. To tell the two apart in filters, list
 * LoRAParam before Param.
 * @see Flax `nnx.LoRAParam`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs(0);
 * const layer = new nnx.LoRA(64, 4, 32, { baseModule: new nnx.Linear(64, 32, { rngs }), rngs });
 * nnx.flattenState(nnx.state(layer, nnx.LoRAParam)).map(([path]) => path.join(".")); // => ["lora_a", "lora_b"]
 * ```
 */
export class LoRAParam<T = unknown> extends Param<T> {
  static override readonly typeName: string = "LoRAParam";
  declare protected readonly nominal: {
    readonly variable: true;
    readonly param: true;
    readonly loraParam: true;
  };
}

/** A Variable class of factors. */
export type LoRAParamType = new (value: Tensor, metadata?: Metadata) => Variable<Tensor>;

/** Options of the factors; the names are Flax's. */
export interface LoRAFactorOptions {
  /** @defaultValue heUniform() */
  aInitializer?: Initializer;
  /** @defaultValue zeros */
  bInitializer?: Initializer;
  /** The Variable class of the factors. @defaultValue LoRAParam */
  loraParamType?: LoRAParamType;
  /** Metadata of `lora_a`. */
  aMetadata?: Metadata;
  /** Metadata of `lora_b`. */
  bMetadata?: Metadata;
}

/** Options of {@link LoRA}; the names are Flax's. */
export interface LoRAOptions extends DtypeOptions, LoRAFactorOptions {
  /** A source of keys. Its `params` stream gives the factors, `lora_a` first. */
  rngs: Rngs;
  /** The module to whose output the update is added. @defaultValue none */
  baseModule?: Module | null;
}

const FACTOR_CHECKS: OptionChecks<LoRAFactorOptions> = {
  aInitializer: func,
  bInitializer: func,
  loraParamType: func,
  aMetadata: metadata,
  bMetadata: metadata,
};
const LORA_CHECKS: OptionChecks<LoRAOptions> = {
  rngs: checkRngs,
  baseModule: moduleOrNull,
  ...DTYPE_CHECKS,
  ...FACTOR_CHECKS,
};

const DEFAULT_A_INIT: Initializer = initializers.heUniform();

/**
 * `x @ lora_a @ lora_b`, added to the output of a base module for x. The update is not scaled.
 * @see Flax `nnx.LoRA`; Hu et al. 2021, https://arxiv.org/abs/2106.09685
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs(0);
 * const base = new nnx.Linear(64, 32, { rngs });
 * const layer = new nnx.LoRA(64, 4, 32, { baseModule: base, rngs });
 * const [graphdef, factors, rest] = nnx.split(layer, nnx.LoRAParam, true); // train the factors
 * ```
 */
export class LoRA extends DtypeLayer {
  /** `[inFeatures, loraRank]`. Named as in Flax's State. */
  readonly lora_a: Variable<Tensor>;
  /** `[loraRank, outFeatures]`. Named as in Flax's State. */
  readonly lora_b: Variable<Tensor>;
  /** Named as in Flax's State. */
  readonly base_module: Module | null;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly loraRank: number;
  readonly loraParamType: LoRAParamType;
  /** The initializer of `lora_a`, which can draw it again. */
  readonly aInitializer: Initializer;
  /** The initializer of `lora_b`. */
  readonly bInitializer: Initializer;

  /** @throws NnxError for invalid sizes or dtypes. */
  constructor(inFeatures: number, loraRank: number, outFeatures: number, options: LoRAOptions) {
    checkLayerOptions("LoRA", options, LORA_CHECKS);
    super(options);
    const { rngs, baseModule = null, loraParamType = LoRAParam } = options;
    const { aInitializer = DEFAULT_A_INIT, bInitializer = initializers.zeros } = options;
    checkSize("LoRA", "inFeatures", inFeatures);
    checkSize("LoRA", "loraRank", loraRank);
    checkSize("LoRA", "outFeatures", outFeatures);
    const make = allOrNothing();
    const draw = (init: Initializer, shape: readonly number[], own: Metadata | undefined) =>
      make(
        () => new loraParamType(drawValue("LoRA", init, rngs.nextKey("params"), shape, this.paramDtype), own),
      );
    this.lora_a = draw(aInitializer, [inFeatures, loraRank], options.aMetadata);
    this.lora_b = draw(bInitializer, [loraRank, outFeatures], options.bMetadata);
    this.loraRank = loraRank;
    this.base_module = baseModule;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.loraParamType = loraParamType;
    this.aInitializer = aInitializer;
    this.bInitializer = bInitializer;
  }

  /**
   * The layer to whose output the update is added. This is the name of the option; States have
   * `base_module`.
   */
  get baseModule(): Module | null {
    return this.base_module;
  }

  /** The initializer of a factor. */
  initializerOf(name: "lora_a" | "lora_b"): Initializer {
    return name === "lora_a" ? this.aInitializer : this.bInitializer;
  }

  /**
   * @param x - `[..., inFeatures]`
   * @param rest - Further arguments for the base module.
   * @returns `[..., outFeatures]`
   * @throws NnxError when the last axis has another size, TypeError when the base module has no
   * `forward`.
   */
  forward<T extends Tensor>(x: T, ...rest: readonly unknown[]): T {
    const where = "LoRA.forward";
    checkFeatures(where, x, this.inFeatures);
    checkFactors(where, this);
    const [inputs, a, b] = promoted(this, [x, this.lora_a.value, this.lora_b.value]);
    const options = { precision: null };
    const update = dotGeneral(dotGeneral(inputs, a, options), b, options);
    // The rank is that of x, so the type T still holds.
    if (this.base_module === null) return update as T;
    return add(update, callForward("LoRA.forward", this.base_module, [inputs, ...rest]) as Tensor) as T;
  }
}

/** @throws NnxError unless both factors have their original shapes. */
function checkFactors(where: string, layer: LoRA): void {
  const { inFeatures, outFeatures, lora_a, lora_b } = layer;
  // Layers from definitions written before this attribute existed do not have it.
  const { loraRank: stored } = layer as Partial<Pick<LoRA, "loraRank">>;
  const loraRank = stored ?? lora_a.value.shape.at(-1)!;
  checkParam(where, "lora_a", lora_a.value, [inFeatures, loraRank]);
  checkParam(where, "lora_b", lora_b.value, [loraRank, outFeatures]);
}

/** Options of {@link LoRALinear}: those of Linear, and of the factors. */
export interface LoRALinearOptions extends LinearOptions, LoRAFactorOptions {
  /** Rank of the update. */
  loraRank: number;
  /** @defaultValue the dtype of inputs and parameters */
  loraDtype?: FloatDtype | null;
  /** @defaultValue "float32" */
  loraParamDtype?: FloatDtype;
  /** @defaultValue integers and bools become float32 */
  loraPromoteDtype?: PromoteDtype;
}

const LORA_LINEAR_CHECKS: OptionChecks<LoRALinearOptions> = {
  ...LINEAR_CHECKS,
  ...FACTOR_CHECKS,
  // Checked where sizes are checked.
  loraRank: anything,
  loraDtype: DTYPE_CHECKS.dtype,
  loraParamDtype: DTYPE_CHECKS.paramDtype,
  loraPromoteDtype: DTYPE_CHECKS.promoteDtype,
};

/**
 * A {@link Linear} layer with a low-rank update: `x @ kernel + bias + x @ lora_a @ lora_b`. Its
 * State has all paths of Linear.
 * @see Flax `nnx.LoRALinear`; Hu et al. 2021, https://arxiv.org/abs/2106.09685
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.LoRALinear(64, 32, { loraRank: 4, rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.ones([8, 64])); // [8, 32]
 * ```
 */
export class LoRALinear extends Linear {
  readonly lora: LoRA;

  /** @throws NnxError for invalid sizes or dtypes. */
  constructor(inFeatures: number, outFeatures: number, options: LoRALinearOptions) {
    checkLayerOptions("LoRALinear", options, LORA_LINEAR_CHECKS);
    checkSize("LoRALinear", "loraRank", options.loraRank);
    const { loraRank, loraDtype, loraParamDtype, loraPromoteDtype, ...others } = options;
    const { aInitializer, bInitializer, loraParamType, aMetadata, bMetadata, ...linear } = others;
    super(inFeatures, outFeatures, linear);
    const factors = { aInitializer, bInitializer, loraParamType, aMetadata, bMetadata };
    const dtypes = { dtype: loraDtype, paramDtype: loraParamDtype, promoteDtype: loraPromoteDtype };
    const own = { rngs: options.rngs, ...given(factors), ...given(dtypes) };
    this.lora = allOrNothing(this.kernel, this.bias)(() => new LoRA(inFeatures, loraRank, outFeatures, own));
  }

  /**
   * @param x - `[..., inFeatures]`
   * @returns `[..., outFeatures]`
   * @throws NnxError when the last axis has another size.
   */
  override forward<T extends Tensor>(x: T): T {
    // Both terms have the rank of x, so the type T holds.
    return add(
      dense("LoRALinear", this, x, this.kernel.value, this.bias?.value ?? null),
      this.lora.forward(x),
    ) as T;
  }
}

registerModule("LoRA", LoRA);
registerModule("LoRALinear", LoRALinear);
registerVariableName("lora_params", LoRAParam);

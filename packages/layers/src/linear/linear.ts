/** @file The dense layer. */
import { registerModule, describe, type Metadata, Module, NnxError, type Param } from "@nnxjs/nnx-core";
import { checkParam, checkTensor } from "@nnxjs/nnx-core/internal";
import { initializers, type Initializer, type Rngs } from "@nnxjs/rnglib";
import { checkSize } from "../checks.ts";
import {
  checkLayerOptions,
  checkRngs,
  DTYPE_CHECKS,
  flag,
  func,
  KERNEL_CHECKS,
  type OptionChecks,
} from "../options.ts";
import { allOrNothing, drawParam } from "../params.ts";
import { add, fusedMatMul, type Tensor } from "@nnxjs/kernels/internal";
import {
  type DotGeneral,
  dotGeneral as defaultDotGeneral,
  type FloatDtype,
  type Precision,
  type PromoteDtype,
  promoteDtype as defaultPromoteDtype,
} from "./dot-general.ts";

// One function each for all layers: definitions of equal layers are to be equal.
const DEFAULT_KERNEL_INIT: Initializer = initializers.lecunNormal();
const DEFAULT_BIAS_INIT: Initializer = initializers.zeros;

/** Options of {@link Linear}; the names are Flax's. */
export interface LinearOptions {
  /** Whose `params` stream the initial values are drawn from: the kernel's first, then the bias's. */
  rngs: Rngs;
  /** @defaultValue true */
  useBias?: boolean;
  /** @defaultValue lecunNormal() */
  kernelInit?: Initializer;
  /** @defaultValue zeros */
  biasInit?: Initializer;
  /** The dtype computed in. @defaultValue that of inputs and parameters */
  dtype?: FloatDtype | null;
  /** The dtype parameters are stored in. @defaultValue "float32" */
  paramDtype?: FloatDtype;
  /** Kept for the record: tensorflow.js has one precision. @defaultValue null */
  precision?: Precision;
  /** The product. @defaultValue the last axis of the inputs with the first of the kernel */
  dotGeneral?: DotGeneral;
  /** @defaultValue integers and bools become float32 */
  promoteDtype?: PromoteDtype;
  /** Passed to `dotGeneral` where given. @defaultValue null */
  preferredElementType?: FloatDtype | null;
  /** Metadata of the kernel's Param. */
  kernelMetadata?: Metadata;
  /** Metadata of the bias's Param. */
  biasMetadata?: Metadata;
}

/** What Linear's options may be. */
export const LINEAR_CHECKS: OptionChecks<LinearOptions> = {
  rngs: checkRngs,
  useBias: flag,
  dotGeneral: func,
  ...DTYPE_CHECKS,
  ...KERNEL_CHECKS,
};

/** The part of a dense layer that its product needs; DropConnectLinear has it too. */
export interface DenseConfig {
  readonly inFeatures: number;
  /** Size of the last axis of outputs; where it is given, kernel and bias are held to it. */
  readonly outFeatures?: number;
  readonly dtype: FloatDtype | null;
  readonly precision: Precision;
  readonly dotGeneral: DotGeneral;
  readonly promoteDtype: PromoteDtype;
  readonly preferredElementType: FloatDtype | null;
}

/**
 * `x @ kernel + bias` over the last axis.
 * @see Flax `nnx.Linear`
 * @example
 * ```ts
 * const layer = new nnx.Linear(64, 128, { rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.ones([32, 64])); // [32, 128]
 * ```
 */
export class Linear extends Module implements DenseConfig {
  /** `[inFeatures, outFeatures]` */
  readonly kernel: Param<Tensor>;
  /** `[outFeatures]`, or `null` without bias. */
  readonly bias: Param<Tensor> | null;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly useBias: boolean;
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  readonly precision: Precision;
  readonly dotGeneral: DotGeneral;
  readonly promoteDtype: PromoteDtype;
  readonly preferredElementType: FloatDtype | null;
  /** What the kernel was drawn with, so that it can be drawn again. */
  readonly kernelInit: Initializer;
  /** What the bias was drawn with. */
  readonly biasInit: Initializer;

  /**
   * @param inFeatures - Size of the last axis of inputs.
   * @param outFeatures - Size of the last axis of outputs.
   * @throws NotFoundError when `rngs` has neither a `params` nor a default stream; NnxError for sizes or dtypes that cannot be.
   */
  constructor(inFeatures: number, outFeatures: number, options: LinearOptions) {
    super();
    const name = "Linear";
    checkLayerOptions(name, options, LINEAR_CHECKS);
    const { rngs, useBias = true, dtype = null, paramDtype = "float32", precision = null } = options;
    checkSize(name, "inFeatures", inFeatures);
    checkSize(name, "outFeatures", outFeatures);
    const { kernelInit = DEFAULT_KERNEL_INIT, biasInit = DEFAULT_BIAS_INIT } = options;
    const make = allOrNothing();
    const shape = [inFeatures, outFeatures];
    this.kernel = make(() => drawParam(name, kernelInit, rngs, shape, paramDtype, options.kernelMetadata));
    // Zeros consume a key too, so that what is drawn next is Flax's.
    this.bias = make(() =>
      useBias ? drawParam(name, biasInit, rngs, [outFeatures], paramDtype, options.biasMetadata) : null,
    );
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.useBias = useBias;
    this.dtype = dtype;
    this.paramDtype = paramDtype;
    this.precision = precision;
    this.dotGeneral = options.dotGeneral ?? defaultDotGeneral;
    this.promoteDtype = options.promoteDtype ?? defaultPromoteDtype;
    this.preferredElementType = options.preferredElementType ?? null;
    this.kernelInit = kernelInit;
    this.biasInit = biasInit;
  }

  /**
   * @param x - `[..., inFeatures]`
   * @returns `[..., outFeatures]`
   * @throws NnxError when the last axis has another size.
   */
  forward<T extends Tensor>(x: T): T {
    return dense("Linear", this, x, this.kernel.value, this.bias?.value ?? null);
  }
}

/**
 * The product of a dense layer with whatever kernel it has this time, for layers that change their kernel.
 * @param where - The layer's name, for errors.
 * @param x - `[..., inFeatures]`
 * @param kernel - `[inFeatures, outFeatures]`
 * @param bias - `[outFeatures]`, or `null` for none.
 * @param prepare - What is done to `x` once everything is known to fit; the shape stays.
 * @throws NnxError when the last axis of `x`, the kernel or the bias has another size.
 */
export function dense<T extends Tensor>(
  where: string,
  config: DenseConfig,
  x: T,
  kernel: Tensor,
  bias: Tensor | null,
  prepare?: (x: T) => T,
): T {
  checkDense(where, config, x, kernel, bias);
  // The rank stays, and so does the type that says it.
  return product(config, prepare ? prepare(x) : x, kernel, bias) as T;
}

function product(config: DenseConfig, x: Tensor, kernel: Tensor, bias: Tensor | null): Tensor {
  const promoted = config.promoteDtype([x, kernel, bias], { dtype: config.dtype });
  const [inputs, weights, offset] = promoted as [Tensor, Tensor, Tensor | null];
  if (config.dotGeneral === defaultDotGeneral) {
    return fusedMatMul(inputs, weights, offset);
  }
  const { precision, preferredElementType } = config;
  const y = config.dotGeneral(inputs, weights, {
    precision,
    ...(preferredElementType === null ? {} : { preferredElementType }),
  });
  return offset ? add(y, offset) : y;
}

/** @throws NnxError unless input, kernel and bias fit; DisposedError for an input that was disposed. */
export function checkDense(
  layer: string,
  { inFeatures, outFeatures }: DenseConfig,
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | null,
): void {
  const where = `${layer}.forward`;
  const columns = outFeatures ?? (kernel.shape[1] as number);
  checkTensor(where, "x", x);
  checkParam(where, "kernel", kernel, [inFeatures, columns]);
  if (bias) checkParam(where, "bias", bias, [columns]);
  if (x.shape[x.rank - 1] === inFeatures) return;
  throw new NnxError(
    `${where}: expected an input of shape [..., ${inFeatures}] for a kernel of shape [${kernel.shape.join(", ")}], got ` +
      `${describe(x)}. Check which axis holds the features: it must be the last.`,
  );
}

registerModule("Linear", Linear);

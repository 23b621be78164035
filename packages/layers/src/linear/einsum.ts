/** @file A learned operand of an einsum. */
import {
  registerFunction,
  registerModule,
  type Metadata,
  Module,
  NnxError,
  type Param,
} from "@nnxjs/nnx-core";
import { checkParam, checkTensor } from "@nnxjs/nnx-core/internal";
import { initializers, type Initializer, type Rngs } from "@nnxjs/rnglib";
import { checkSizes, listOf, shapeText } from "../checks.ts";
import {
  checkGiven,
  checkLayerOptions,
  checkRngs,
  DTYPE_CHECKS,
  func,
  KERNEL_CHECKS,
  type OptionChecks,
  text,
} from "../options.ts";
import { allOrNothing, type DtypeOptions, drawParam } from "../params.ts";
import { add, reshape, sizeOf, type Tensor } from "@nnxjs/kernels/internal";
import { einsum } from "./contract.ts";
import {
  type DotGeneralOptions,
  type FloatDtype,
  type Precision,
  type PromoteDtype,
  promoteDtype as defaultPromoteDtype,
} from "./dot-general.ts";
import { checkEquation, parseEquation } from "./einsum-parse.ts";

/** An einsum of two operands. @see `jax.numpy.einsum` */
export type EinsumOp = (
  equation: string,
  inputs: Tensor,
  kernel: Tensor,
  options: DotGeneralOptions,
) => Tensor;

/** Options of {@link Einsum}; the names are Flax's. */
export interface EinsumOptions extends DtypeOptions {
  /** Whose `params` stream the initial values are drawn from: the kernel's first, then the bias's. */
  rngs: Rngs;
  /** @defaultValue lecunNormal() */
  kernelInit?: Initializer;
  /** @defaultValue zeros */
  biasInit?: Initializer;
  /** Kept for the record: tensorflow.js has one precision. @defaultValue null */
  precision?: Precision;
  /** The einsum. @defaultValue one of transposes and a matrix product */
  einsumOp?: EinsumOp;
  /** Passed to `einsumOp` where given. @defaultValue null */
  preferredElementType?: FloatDtype | null;
  /** Metadata of the kernel's Param. */
  kernelMetadata?: Metadata;
  /** Metadata of the bias's Param. */
  biasMetadata?: Metadata;
}

const NAME = "Einsum";

const OPTIONS: OptionChecks<EinsumOptions> = {
  rngs: checkRngs,
  einsumOp: func,
  ...DTYPE_CHECKS,
  ...KERNEL_CHECKS,
};
const CALL: OptionChecks<{ einsumStr?: string }> = { einsumStr: text };

const defaultEinsum: EinsumOp = (equation, inputs, kernel) =>
  einsum(equation, inputs, kernel, "Einsum.forward");

/**
 * `einsum(equation, x, kernel) + bias`. Axes of the bias go where the result has the kernel's axes.
 * @see Flax `nnx.Einsum`
 * @example
 * ```ts
 * const layer = new nnx.Einsum("nta,hab->nthb", [8, 2, 4], [8, 4], { rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.ones([16, 11, 2])); // [16, 11, 8, 4]
 * ```
 */
export class Einsum extends Module {
  /** `kernelShape` */
  readonly kernel: Param<Tensor>;
  /** `biasShape`, or `null` without bias. */
  readonly bias: Param<Tensor> | null;
  readonly einsumStr: string;
  readonly kernelShape: readonly number[];
  readonly biasShape: readonly number[] | null;
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  readonly precision: Precision;
  readonly promoteDtype: PromoteDtype;
  readonly einsumOp: EinsumOp;
  readonly preferredElementType: FloatDtype | null;
  /** What the kernel was drawn with, so that it can be drawn again. */
  readonly kernelInit: Initializer;
  /** What the bias was drawn with. */
  readonly biasInit: Initializer;

  /**
   * @param einsumStr - The input's axes, a comma, the kernel's axes, `->`, the result's axes. Spaces do not count.
   * @param biasShape - `null` for none.
   * @throws NnxError for an equation without arrow or with other than two operands.
   */
  constructor(
    einsumStr: string,
    kernelShape: readonly number[],
    biasShape: readonly number[] | null,
    options: EinsumOptions,
  ) {
    super();
    checkLayerOptions(NAME, options, OPTIONS);
    const { rngs, dtype = null, paramDtype = "float32", precision = null } = options;
    const { kernelInit = initializers.lecunNormal(), biasInit = initializers.zeros } = options;
    this.einsumStr = checkEquation("Einsum", einsumStr);
    this.kernelShape = listOf(NAME, "kernelShape", kernelShape);
    this.biasShape = biasShape && listOf(NAME, "biasShape", biasShape);
    checkSizes(NAME, "kernelShape", this.kernelShape);
    checkSizes(NAME, "biasShape", this.biasShape ?? []);
    const make = allOrNothing();
    const draw = (init: Initializer, shape: readonly number[], metadata: Metadata | undefined) =>
      make(() => drawParam(NAME, init, rngs, shape, paramDtype, metadata));
    this.kernel = draw(kernelInit, this.kernelShape, options.kernelMetadata);
    this.bias = this.biasShape && draw(biasInit, this.biasShape, options.biasMetadata);
    this.dtype = dtype;
    this.paramDtype = paramDtype;
    this.precision = precision;
    this.promoteDtype = options.promoteDtype ?? defaultPromoteDtype;
    this.einsumOp = options.einsumOp ?? defaultEinsum;
    this.preferredElementType = options.preferredElementType ?? null;
    this.kernelInit = kernelInit;
    this.biasInit = biasInit;
  }

  /**
   * @param x - The first operand.
   * @param options - `einsumStr` for another equation in this call.
   * @throws NnxError when axes with one label differ in size.
   */
  forward(x: Tensor, options?: { einsumStr?: string }): Tensor {
    const where = "Einsum.forward";
    checkTensor(where, "x", x);
    checkGiven(where, options, CALL);
    const equation = checkEquation(where, options?.einsumStr ?? this.einsumStr);
    checkParam(where, "kernel", this.kernel.value, this.kernelShape);
    if (this.bias && this.biasShape) checkParam(where, "bias", this.bias.value, this.biasShape);
    const operands = [x, this.kernel.value, this.bias?.value ?? null];
    const [inputs, kernel, bias] = this.promoteDtype(operands, { dtype: this.dtype }) as [
      Tensor,
      Tensor,
      Tensor | null,
    ];
    const { precision, preferredElementType } = this;
    const y = this.einsumOp(equation, inputs, kernel, {
      precision,
      ...(preferredElementType === null ? {} : { preferredElementType }),
    });
    return bias ? add(y, placed(bias, equation, inputs, kernel)) : y;
  }
}

/** The bias with an axis of size 1 wherever the result has none of the kernel's. */
function placed(bias: Tensor, equation: string, inputs: Tensor, kernel: Tensor): Tensor {
  const { right, result } = parseEquation("Einsum.forward", equation, inputs.rank, kernel.rank);
  const shape = result.map((label) => kernel.shape[right.indexOf(label)] ?? 1);
  if (sizeOf(shape) === bias.size) return reshape(bias, shape);
  throw new NnxError(
    `Einsum.forward: expected a bias that fills ${shapeText(shape)}, the kernel's axes in the result of "${equation}", ` +
      `got ${shapeText(bias.shape)}. Choose biasShape to match.`,
  );
}

registerModule("Einsum", Einsum);
registerFunction("einsum", defaultEinsum);

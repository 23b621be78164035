/** @file An einsum with a learned operand. */
import { registerFunction, registerModule, NnxError, type Param } from "@nnxjs/nnx-core";
import { checkParam, checkTensor } from "@nnxjs/nnx-core/internal";
import { add, reshape, sizeOf, type Tensor } from "@nnxjs/kernels/internal";
import { checkSizes, listOf, shapeText } from "../checks.ts";
import { type FloatDtype, promoted, settingsOf } from "../dtypes.ts";
import { drawKernel, KERNEL_CHECKS, KernelLayer, type KernelOptions } from "../kernel-layer.ts";
import { checkGiven, checkLayerOptions, func, type OptionChecks, text } from "../options.ts";
import { einsum } from "./contract.ts";
import type { DotGeneralOptions } from "./dot-general.ts";
import { checkEquation, parseEquation } from "./einsum-parse.ts";

/** An einsum of two operands. @see `jax.numpy.einsum` */
export type EinsumOp = (
  equation: string,
  inputs: Tensor,
  kernel: Tensor,
  options: DotGeneralOptions,
) => Tensor;

/** Options of {@link Einsum}; the names are Flax's. */
export interface EinsumOptions extends KernelOptions {
  /** The function that computes the einsum. @defaultValue transposes and a matrix product */
  einsumOp?: EinsumOp;
}

const NAME = "Einsum";

const OPTIONS: OptionChecks<EinsumOptions> = { ...KERNEL_CHECKS, einsumOp: func };
const CALL: OptionChecks<{ einsumStr?: string }> = { einsumStr: text };

const defaultEinsum: EinsumOp = (equation, inputs, kernel) =>
  einsum(equation, inputs, kernel, "Einsum.forward");

/**
 * `einsum(equation, x, kernel) + bias`. The axes of the bias are the kernel's axes in the result.
 * @see Flax `nnx.Einsum`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.Einsum("nta,hab->nthb", [8, 2, 4], [8, 4], { rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.ones([16, 11, 2])); // [16, 11, 8, 4]
 * ```
 */
export class Einsum extends KernelLayer {
  /** Its shape is `kernelShape`. */
  readonly kernel: Param<Tensor>;
  /** Its shape is `biasShape`; `null` without bias. */
  readonly bias: Param<Tensor> | null;
  readonly einsumStr: string;
  readonly kernelShape: readonly number[];
  readonly biasShape: readonly number[] | null;
  readonly paramDtype: FloatDtype;
  readonly einsumOp: EinsumOp;

  /**
   * @param einsumStr - The input's axes, a comma, the kernel's axes, `->`, the result's axes.
   * Spaces are ignored.
   * @param biasShape - `null` for no bias.
   * @throws NnxError for an equation without an arrow, or without exactly two operands.
   */
  constructor(
    einsumStr: string,
    kernelShape: readonly number[],
    biasShape: readonly number[] | null,
    options: EinsumOptions,
  ) {
    checkLayerOptions(NAME, options, OPTIONS);
    const equation = checkEquation(NAME, einsumStr);
    const kernelSizes = listOf(NAME, "kernelShape", kernelShape);
    const biasSizes = biasShape && listOf(NAME, "biasShape", biasShape);
    checkSizes(NAME, "kernelShape", kernelSizes);
    checkSizes(NAME, "biasShape", biasSizes ?? []);
    const drawn = drawKernel(NAME, options, kernelSizes, biasSizes);
    super(drawn);
    this.kernel = drawn.kernel;
    this.bias = drawn.bias;
    this.einsumStr = equation;
    this.kernelShape = kernelSizes;
    this.biasShape = biasSizes;
    this.paramDtype = drawn.paramDtype;
    this.einsumOp = options.einsumOp ?? defaultEinsum;
  }

  /**
   * @param x - The first operand.
   * @param options - `einsumStr` is another equation for this call.
   * @throws NnxError when axes with the same label differ in size.
   */
  forward(x: Tensor, options?: { einsumStr?: string }): Tensor {
    const where = "Einsum.forward";
    checkTensor(where, "x", x);
    checkGiven(where, options, CALL);
    const equation = checkEquation(where, options?.einsumStr ?? this.einsumStr);
    checkParam(where, "kernel", this.kernel.value, this.kernelShape);
    if (this.bias && this.biasShape) checkParam(where, "bias", this.bias.value, this.biasShape);
    const [inputs, kernel, bias] = promoted(this, [x, this.kernel.value, this.bias?.value ?? null]);
    const y = this.einsumOp(equation, inputs, kernel, settingsOf(this));
    return bias ? add(y, placed(bias, equation, inputs, kernel)) : y;
  }
}

/**
 * The bias, with an axis of size 1 wherever the result has an axis that the kernel does not have.
 */
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

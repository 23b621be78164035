/**
 * @file What dense layers have in common: their configuration, and their product with whatever
 * kernel they have this time.
 */
import { NnxError } from "@nnxjs/nnx-core";
import { checkParam, checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { type FloatDtype, promoted, settingsOf } from "../dtypes.ts";
import { type AttributesOf, KernelLayer } from "../kernel-layer.ts";
import { add, fusedMatMul, type Tensor } from "@nnxjs/kernels/internal";
import { type DotGeneral, dotGeneral as defaultDotGeneral } from "./dot-general.ts";

/** A dense layer, or one that stands in for it: everything but its kernel and bias. */
export abstract class DenseLayer extends KernelLayer implements DenseConfig {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly useBias: boolean;
  readonly paramDtype: FloatDtype;
  readonly dotGeneral: DotGeneral;

  /** @param from - The dense layer whose place it takes, or what a new one is made of. */
  constructor(from: AttributesOf<DenseLayer>) {
    super(from);
    this.inFeatures = from.inFeatures;
    this.outFeatures = from.outFeatures;
    this.useBias = from.useBias;
    this.paramDtype = from.paramDtype;
    this.dotGeneral = from.dotGeneral;
  }
}

/** The part of a dense layer that its product needs. */
export interface DenseConfig
  extends Pick<KernelLayer, "dtype" | "precision" | "promoteDtype" | "preferredElementType"> {
  readonly inFeatures: number;
  /** Size of the last axis of outputs; where it is given, kernel and bias are held to it. */
  readonly outFeatures?: number;
  readonly dotGeneral: DotGeneral;
}

/**
 * The product of a dense layer with whatever kernel it has this time, for layers that change their
 * kernel.
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
  const [inputs, weights, offset] = promoted(config, [x, kernel, bias]);
  if (config.dotGeneral === defaultDotGeneral) return fusedMatMul(inputs, weights, offset);
  const y = config.dotGeneral(inputs, weights, settingsOf(config));
  return offset ? add(y, offset) : y;
}

/**
 * @throws NnxError unless input, kernel and bias fit; DisposedError for an input that was disposed.
 */
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

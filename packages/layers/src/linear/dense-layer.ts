/** @file What dense layers share: their configuration, and the product with a given kernel. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkParam, checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { type FloatDtype, promoted, settingsOf } from "../dtypes.ts";
import { type AttributesOf, KernelLayer } from "../kernel-layer.ts";
import { add, fusedMatMul, type Tensor } from "@nnxjs/kernels/internal";
import { type DotGeneral, dotGeneral as defaultDotGeneral } from "./dot-general.ts";

/** A dense layer, or one that replaces it, without its kernel and bias. */
export abstract class DenseLayer extends KernelLayer implements DenseConfig {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly useBias: boolean;
  readonly paramDtype: FloatDtype;
  readonly dotGeneral: DotGeneral;

  /** @param from - The dense layer to replace, or the attributes of a new one. */
  constructor(from: AttributesOf<DenseLayer>) {
    super(from);
    this.inFeatures = from.inFeatures;
    this.outFeatures = from.outFeatures;
    this.useBias = from.useBias;
    this.paramDtype = from.paramDtype;
    this.dotGeneral = from.dotGeneral;
  }
}

/** The part of a dense layer's configuration that its product needs. */
export interface DenseConfig
  extends Pick<KernelLayer, "dtype" | "precision" | "promoteDtype" | "preferredElementType"> {
  readonly inFeatures: number;
  /** The size of the last axis of outputs. If set, kernel and bias are checked against it. */
  readonly outFeatures?: number;
  readonly dotGeneral: DotGeneral;
}

/**
 * Applies a dense layer with the given kernel, for layers that change their kernel.
 * @param where - The name of the layer, for errors.
 * @param x - `[..., inFeatures]`
 * @param kernel - `[inFeatures, outFeatures]`
 * @param bias - `[outFeatures]`, or `null` for none.
 * @param prepare - Transforms `x` after all checks. It must keep the shape.
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
  // The rank is that of x, so the type T still holds.
  return product(config, prepare ? prepare(x) : x, kernel, bias) as T;
}

function product(config: DenseConfig, x: Tensor, kernel: Tensor, bias: Tensor | null): Tensor {
  const [inputs, weights, offset] = promoted(config, [x, kernel, bias]);
  if (config.dotGeneral === defaultDotGeneral) return fusedMatMul(inputs, weights, offset);
  const y = config.dotGeneral(inputs, weights, settingsOf(config));
  return offset ? add(y, offset) : y;
}

/** @throws NnxError unless input, kernel and bias fit; DisposedError for a disposed input. */
export function checkDense(
  layer: string,
  { inFeatures, outFeatures }: DenseConfig,
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | null,
): void {
  const where = `${layer}.forward`;
  const columns = outFeatures ?? kernel.shape[1]!;
  checkTensor(where, "x", x);
  checkParam(where, "kernel", kernel, [inFeatures, columns]);
  if (bias) checkParam(where, "bias", bias, [columns]);
  if (x.shape[x.rank - 1] === inFeatures) return;
  throw new NnxError(
    `${where}: expected an input of shape [..., ${inFeatures}] for a kernel of shape [${kernel.shape.join(", ")}], got ` +
      `${describe(x)}. Check which axis holds the features: it must be the last.`,
  );
}

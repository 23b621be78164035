/** @file What Conv and ConvTranspose share: options, checks and attributes. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { reshape, sizeOf, type Tensor } from "@nnxjs/kernels/internal";
import { checkSize, checkSizes, listOf, shapeText } from "../checks.ts";
import type { FloatDtype } from "../dtypes.ts";
import { type AttributesOf, KERNEL_CHECKS, KernelLayer, type KernelOptions } from "../kernel-layer.ts";
import { anything, flag, type OptionChecks, orNull } from "../options.ts";
import { canonicalPadding, type Padding } from "./padding.ts";

/** One number for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[];

/** Options of convolutions; the names are Flax's. */
export interface ConvCommonOptions extends KernelOptions {
  /** @defaultValue "SAME" */
  padding?: Padding;
  /** The distance between elements of the kernel, in elements of the input. @defaultValue 1 */
  kernelDilation?: PerAxis | null;
  /** @defaultValue true */
  useBias?: boolean;
  /** Multiplies the kernel at every call. It has the kernel's shape. @defaultValue none */
  mask?: Tensor | null;
}

/** Checks of the options that both layers have. `spatialSettings` checks sizes and paddings. */
export const CONV_CHECKS: OptionChecks<ConvCommonOptions> = {
  ...KERNEL_CHECKS,
  padding: anything,
  kernelDilation: anything,
  useBias: flag,
  mask: orNull(checkTensor),
};

/** A layer whose kernel has spatial axes, without its kernel and bias. */
export abstract class SpatialLayer extends KernelLayer {
  /** Multiplies the kernel, or `null`. */
  readonly mask: Tensor | null;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly kernelDilation: readonly number[];
  readonly useBias: boolean;
  readonly paramDtype: FloatDtype;

  constructor(from: AttributesOf<SpatialLayer>) {
    super(from);
    this.mask = from.mask;
    this.inFeatures = from.inFeatures;
    this.outFeatures = from.outFeatures;
    this.kernelSize = from.kernelSize;
    this.strides = from.strides;
    this.padding = from.padding;
    this.kernelDilation = from.kernelDilation;
    this.useBias = from.useBias;
    this.paramDtype = from.paramDtype;
  }
}

/** The attributes that {@link SpatialLayer} adds to those of all layers with a kernel. */
export type SpatialSettings = Omit<AttributesOf<SpatialLayer>, keyof KernelLayer | "paramDtype">;

/** Normalises the options. @throws NnxError for invalid sizes and paddings. */
export function spatialSettings(
  layer: string,
  inFeatures: number,
  outFeatures: number,
  window: PerAxis,
  options: ConvCommonOptions & { readonly strides?: PerAxis | null },
): SpatialSettings {
  const { padding = "SAME", useBias = true, mask = null } = options;
  checkSize(layer, "inFeatures", inFeatures);
  checkSize(layer, "outFeatures", outFeatures);
  const kernelSize = kernelSizes(layer, window);
  const axes = kernelSize.length;
  canonicalPadding(layer, padding, axes);
  const strides = perAxis(layer, "strides", options.strides ?? 1, axes);
  const kernelDilation = perAxis(layer, "kernelDilation", options.kernelDilation ?? 1, axes);
  return { mask, inFeatures, outFeatures, kernelSize, strides, padding, kernelDilation, useBias };
}

/**
 * One size for each spatial axis.
 * @throws NnxError for a number of axes over which tensorflow.js cannot convolve.
 */
function kernelSizes(where: string, kernelSize: PerAxis): readonly number[] {
  const sizes = listOf(where, "kernelSize", kernelSize);
  checkSizes(where, "kernelSize", sizes);
  if (sizes.length >= 1 && sizes.length <= 3) return sizes;
  throw new NnxError(
    `${where}: expected a kernelSize of 1 to 3 axes, got ${shapeText(sizes)}. tensorflow.js convolves over no more.`,
  );
}

/** One number for each spatial axis. */
export function perAxis(where: string, name: string, value: PerAxis | null, axes: number): readonly number[] {
  const isOne = typeof value === "number" || value === null;
  const list = isOne ? Array.from({ length: axes }, () => value ?? 1) : listOf(where, name, value);
  checkSizes(where, name, list);
  if (list.length === axes) return list;
  throw new NnxError(
    `${where}: expected ${name} to be one number or ${axes}, one per spatial axis, got ${shapeText(list)}. Write one number for all.`,
  );
}

/** @throws NnxError when the mask has another shape than the kernel. */
export function checkMask(where: string, mask: Tensor | null, kernelShape: readonly number[]): void {
  if (!mask || shapeText(mask.shape) === shapeText(kernelShape)) return;
  throw new NnxError(
    `${where}: expected a mask of the kernel's shape ${shapeText(kernelShape)}, got ${describe(mask)}. It says of each weight whether it counts.`,
  );
}

/** @throws NnxError unless x is `[...batch, ...spatial, features]`. */
export function checkConvInput(
  where: string,
  x: Tensor,
  spatial: number,
  features: number,
  kernelShape: readonly number[],
): void {
  checkTensor(where, "x", x);
  if (x.rank > spatial && x.shape.at(-1) === features) return;
  const axes = ["depth", "height", "width"].slice(-spatial);
  throw new NnxError(
    `${where}: expected an input of shape [..., ${axes.join(", ")}, ${features}] for a kernel of shape ${shapeText(kernelShape)}, got ` +
      `${describe(x)}. Channels come last.`,
  );
}

/** Runs `f` on x with its batch axes joined into one, and restores them in the result. */
export function withOneBatchAxis(x: Tensor, spatial: number, f: (x: Tensor) => Tensor): Tensor {
  const batch = x.shape.slice(0, x.rank - spatial - 1);
  if (batch.length === 1) return f(x);
  const y = f(reshape(x, [sizeOf(batch), ...x.shape.slice(batch.length)]));
  return reshape(y, [...batch, ...y.shape.slice(1)]);
}

/** @file What Conv and ConvTranspose have in common. */
import { describe, type Metadata, NnxError } from "@nnxjs/nnx-core";
import type { Initializer, Rngs } from "@nnxjs/rnglib";
import { checkSizes, listOf, shapeText } from "../checks.ts";
import { checkTensor } from "@nnxjs/nnx-core/internal";
import type { FloatDtype, Precision } from "../linear/dot-general.ts";
import {
  anything,
  checkRngs,
  DTYPE_CHECKS,
  flag,
  KERNEL_CHECKS,
  type OptionChecks,
  orNull,
} from "../options.ts";
import type { DtypeOptions } from "../params.ts";
import { reshape, sizeOf, type Tensor } from "@nnxjs/kernels/internal";
import type { Padding } from "./padding.ts";

/** One number for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[];

/** Options of convolutions; the names are Flax's. */
export interface ConvCommonOptions extends DtypeOptions {
  /** Whose `params` stream the initial values are drawn from: the kernel's first, then the bias's. */
  rngs: Rngs;
  /** @defaultValue "SAME" */
  padding?: Padding;
  /** How far apart the kernel's elements reach. @defaultValue 1 */
  kernelDilation?: PerAxis | null;
  /** @defaultValue true */
  useBias?: boolean;
  /** Multiplies the kernel at every call; of its shape. @defaultValue none */
  mask?: Tensor | null;
  /** @defaultValue lecunNormal() */
  kernelInit?: Initializer;
  /** @defaultValue zeros */
  biasInit?: Initializer;
  /** Kept for the record: tensorflow.js has one precision. @defaultValue null */
  precision?: Precision;
  /** Passed to the convolution where given. @defaultValue null */
  preferredElementType?: FloatDtype | null;
  /** Metadata of the kernel's Param. */
  kernelMetadata?: Metadata;
  /** Metadata of the bias's Param. */
  biasMetadata?: Metadata;
}

/** What the options that both have may be; sizes and paddings are checked where they are brought into one form. */
export const CONV_CHECKS: OptionChecks<ConvCommonOptions> = {
  rngs: checkRngs,
  padding: anything,
  kernelDilation: anything,
  useBias: flag,
  mask: orNull(checkTensor),
  ...DTYPE_CHECKS,
  ...KERNEL_CHECKS,
};

/** One size for each spatial axis. @throws NnxError for another number of axes than tensorflow.js has. */
export function kernelSizes(where: string, kernelSize: PerAxis): readonly number[] {
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
    `${where}: expected ${name} to be one number or ${axes}, one per spatial axis, got ${shapeText(list)}.`,
  );
}

/** @throws NnxError when the mask has another shape than the kernel. */
export function checkMask(where: string, mask: Tensor | null, kernelShape: readonly number[]): void {
  if (!mask || shapeText(mask.shape) === shapeText(kernelShape)) return;
  throw new NnxError(
    `${where}: expected a mask of the kernel's shape ${shapeText(kernelShape)}, got ${describe(mask)}.`,
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

/** Runs `f` on x with exactly one batch axis, and gives the result x's batch axes. */
export function withOneBatchAxis(x: Tensor, spatial: number, f: (x: Tensor) => Tensor): Tensor {
  const batch = x.shape.slice(0, x.rank - spatial - 1);
  if (batch.length === 1) return f(x);
  const y = f(reshape(x, [sizeOf(batch), ...x.shape.slice(batch.length)]));
  return reshape(y, [...batch, ...y.shape.slice(1)]);
}

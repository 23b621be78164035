/**
 * @file What convolution layers share: their configuration, and the convolution with a given
 * kernel.
 */
import { checkParam } from "@nnxjs/nnx-core/internal";
import { promoted, settingsOf } from "../dtypes.ts";
import type { AttributesOf } from "../kernel-layer.ts";
import { add, mul, type Tensor } from "@nnxjs/kernels/internal";
import { checkConvInput, SpatialLayer, withOneBatchAxis } from "./conv-config.ts";
import type { ConvGeneralDilated } from "./convolve.ts";
import { canonicalPadding, padContinued, type Pads, samePads } from "./padding.ts";

/** A convolution layer, or one that replaces it, without its kernel and bias. */
export abstract class ConvLayer extends SpatialLayer {
  readonly inputDilation: readonly number[];
  readonly featureGroupCount: number;
  readonly convGeneralDilated: ConvGeneralDilated;

  /** @param from - The convolution layer to replace, or the attributes of a new one. */
  constructor(from: ConvConfig) {
    super(from);
    this.inputDilation = from.inputDilation;
    this.featureGroupCount = from.featureGroupCount;
    this.convGeneralDilated = from.convGeneralDilated;
  }
}

/** The whole configuration of a convolution layer. */
export type ConvConfig = AttributesOf<ConvLayer>;

/** Applies a convolution layer with the given kernel and bias. */
export function convolution<T extends Tensor>(
  where: string,
  config: ConvConfig,
  x: T,
  kernel: Tensor,
  bias: Tensor | null,
): T {
  const axes = config.kernelSize.length;
  checkConvolution(where, config, x, kernel, bias);
  const masked = config.mask ? mul(kernel, config.mask) : kernel;
  const [inputs, weights, offset] = promoted(config, [x, masked, bias]);
  const y = withOneBatchAxis(inputs, axes, (rows) => {
    const [padded, padding] = pad(where, config, rows);
    const { strides, inputDilation, kernelDilation, featureGroupCount } = config;
    return config.convGeneralDilated(padded, weights, {
      strides,
      padding,
      inputDilation,
      kernelDilation,
      featureGroupCount,
      ...settingsOf(config),
    });
  });
  // The rank is that of x, so the type T still holds.
  return (offset ? add(y, offset) : y) as T;
}

/** @throws NnxError unless input, kernel, mask and bias fit; DisposedError for a disposed input. */
export function checkConvolution(
  layer: string,
  config: ConvConfig,
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | null,
): void {
  const where = `${layer}.forward`;
  const { kernelSize, inFeatures, outFeatures, featureGroupCount, mask } = config;
  const shape = [...kernelSize, inFeatures / featureGroupCount, outFeatures];
  checkParam(where, "kernel", kernel, shape);
  if (mask) checkParam(where, "mask", mask, shape);
  if (bias) checkParam(where, "bias", bias, [outFeatures]);
  checkConvInput(where, x, kernelSize.length, inFeatures, shape);
}

/**
 * Pads the input as far as numbers of zeros cannot express the padding. Returns it with the
 * remaining padding in numbers.
 */
function pad(where: string, config: ConvConfig, x: Tensor): [Tensor, readonly Pads[]] {
  const { kernelSize, kernelDilation, strides } = config;
  const padding = canonicalPadding(where, config.padding, kernelSize.length);
  const windows = kernelSize.map((k, i) => (k - 1) * (kernelDilation[i] as number) + 1);
  const none = kernelSize.map((): Pads => [0, 0]);
  if (typeof padding !== "string") return [x, padding];
  switch (padding) {
    case "VALID":
      return [x, none];
    case "SAME":
      return [
        x,
        windows.map((window, i) => samePads(x.shape[i + 1] as number, window, strides[i] as number)),
      ];
    case "CAUSAL":
      return [x, windows.map((window): Pads => [window - 1, 0])];
    case "CIRCULAR":
    case "REFLECT": {
      const pads = windows.map((window): Pads => [Math.floor((window - 1) / 2), Math.floor(window / 2)]);
      return [padContinued(x, pads, padding), none];
    }
    default:
      return padding satisfies never;
  }
}

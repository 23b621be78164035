/**
 * @file What convolution layers have in common: their configuration, and their product with
 * whatever kernel they have this time.
 */
import { checkParam } from "@nnxjs/nnx-core/internal";
import { promoted, settingsOf } from "../dtypes.ts";
import type { AttributesOf } from "../kernel-layer.ts";
import { add, mul, type Tensor } from "@nnxjs/kernels/internal";
import { checkConvInput, SpatialLayer, withOneBatchAxis } from "./conv-config.ts";
import type { ConvGeneralDilated } from "./convolve.ts";
import { canonicalPadding, padContinued, type Pads, samePads } from "./padding.ts";

/** A convolution layer, or one that stands in for it: everything but its kernel and bias. */
export abstract class ConvLayer extends SpatialLayer {
  readonly inputDilation: readonly number[];
  readonly featureGroupCount: number;
  readonly convGeneralDilated: ConvGeneralDilated;

  /** @param from - The convolution layer whose place it takes, or what a new one is made of. */
  constructor(from: ConvConfig) {
    super(from);
    this.inputDilation = from.inputDilation;
    this.featureGroupCount = from.featureGroupCount;
    this.convGeneralDilated = from.convGeneralDilated;
  }
}

/** All that a convolution layer is configured with. */
export type ConvConfig = AttributesOf<ConvLayer>;

/** The product of a convolution layer with whatever kernel it has this time. */
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
  // The rank stays, and so does the type that says it.
  return (offset ? add(y, offset) : y) as T;
}

/**
 * @throws NnxError unless input, kernel, mask and bias fit; DisposedError for an input that was
 * disposed.
 */
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

/** The input with what numbers cannot say, and the numbers for the rest. */
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

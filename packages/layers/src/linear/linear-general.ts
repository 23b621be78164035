/** @file The dense layer over several axes. */
import { registerModule, NnxError, type Param } from "@nnxjs/nnx-core";
import { checkParam, checkTensor, describe } from "@nnxjs/nnx-core/internal";
import type { Initializer } from "@nnxjs/rnglib";
import { type Axes, normalizeAxes } from "../axes.ts";
import { add, fusedMatMul, matMul, reshape, shaped, sizeOf, type Tensor } from "@nnxjs/kernels/internal";
import { checkSizes, listOf, shapeText } from "../checks.ts";
import { type FloatDtype, promoted, settingsOf } from "../dtypes.ts";
import {
  drawKernel,
  initializersIn,
  KERNEL_CHECKS,
  KernelLayer,
  type KernelOptions,
} from "../kernel-layer.ts";
import { axisList, checkLayerOptions, flag, funcOrNull, type OptionChecks, sizesByAxis } from "../options.ts";
import { checkDrawn } from "../params.ts";
import { arrangeAxes, groupAxes } from "./contract.ts";
import type { DotGeneral } from "./dot-general.ts";

/**
 * Options of {@link LinearGeneral}; the names are Flax's. Initializers receive the flat shapes
 * `[batch * in, out]` and `[batch * out]`.
 */
export interface LinearGeneralOptions extends KernelOptions {
  /** The axes of the input to contract, one for each size in `inFeatures`. @defaultValue -1 */
  axis?: Axes;
  /**
   * Sizes by axis, for leading axes along which every position has its own kernel.
   * @defaultValue {}
   */
  batchAxis?: Readonly<Record<number, number>>;
  /** @defaultValue true */
  useBias?: boolean;
  /** The product of `[..., rows, in]` and `[..., in, out]`. @defaultValue matrix product */
  dotGeneral?: DotGeneral | null;
}

const NAME = "LinearGeneral";

const OPTIONS: OptionChecks<LinearGeneralOptions> = {
  ...KERNEL_CHECKS,
  axis: axisList,
  batchAxis: sizesByAxis,
  useBias: flag,
  dotGeneral: funcOrNull,
};

/**
 * The dense layer over any axes. It contracts `axis` with the first axes of the kernel, and puts
 * `outFeatures` at the end.
 * @see Flax `nnx.LinearGeneral`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.LinearGeneral([2, 3], [4, 5], { axis: [1, -1], rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.ones([16, 2, 3])); // [16, 4, 5]
 * ```
 */
export class LinearGeneral extends KernelLayer {
  /** `[...batch, ...inFeatures, ...outFeatures]` */
  readonly kernel: Param<Tensor>;
  /** `[...batch, ...outFeatures]`, or `null` without bias. */
  readonly bias: Param<Tensor> | null;
  readonly inFeatures: readonly number[];
  readonly outFeatures: readonly number[];
  readonly axis: readonly number[];
  readonly batchAxis: Readonly<Record<number, number>>;
  readonly useBias: boolean;
  readonly paramDtype: FloatDtype;
  readonly dotGeneral: DotGeneral | null;

  /**
   * @param inFeatures - Sizes of the contracted axes.
   * @param outFeatures - Sizes of the new axes, at the end of the output.
   * @throws NnxError when the numbers of axes and sizes differ, or the axes in `batchAxis` are not
   * 0, 1, ….
   */
  constructor(inFeatures: Axes, outFeatures: Axes, options: LinearGeneralOptions) {
    checkLayerOptions(NAME, options, OPTIONS);
    const { axis = -1, batchAxis = {}, useBias = true, dotGeneral = null } = options;
    const sizes = {
      inFeatures: listOf(NAME, "inFeatures", inFeatures),
      outFeatures: listOf(NAME, "outFeatures", outFeatures),
      batchAxis: { ...batchAxis },
    };
    const axes = listOf(NAME, "axis", axis);
    checkConfig(sizes, axes);
    const initializers = initializersIn(options);
    const flat = { ...options, ...flattened(sizes, initializers) };
    const drawn = drawKernel(NAME, flat, shapeOf(sizes, "kernel"), useBias ? shapeOf(sizes, "bias") : null);
    super({ ...drawn, ...initializers });
    this.kernel = drawn.kernel;
    this.bias = drawn.bias;
    this.inFeatures = sizes.inFeatures;
    this.outFeatures = sizes.outFeatures;
    this.axis = axes;
    this.batchAxis = sizes.batchAxis;
    this.useBias = useBias;
    this.paramDtype = drawn.paramDtype;
    this.dotGeneral = dotGeneral;
  }

  /**
   * @param x - Has `inFeatures` along `axis`, and the sizes of `batchAxis` in front.
   * @returns the batch axes, the axes of x that are not contracted, then `outFeatures`.
   * @throws NnxError when the input has other sizes.
   */
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    checkParams(this);
    const [inputs, kernel, bias] = promoted(this, [x, this.kernel.value, this.bias?.value ?? null]);
    const batchAxes = Object.keys(this.batchAxis).map(Number);
    const where = "LinearGeneral.forward";
    if (batchAxes.length === 0 && this.dotGeneral === null) {
      return fusedMatMul(arrangeAxes(where, inputs, this.axis, []).x, kernel, bias, this.axis.length);
    }
    const { x: grouped, batchShape, rowShape } = groupAxes(where, inputs, this.axis, batchAxes);
    const flat = [sizeOf(this.inFeatures), sizeOf(this.outFeatures)];
    const weights = shaped(kernel, batchAxes.length > 0 ? [sizeOf(batchShape), ...flat] : flat);
    const shape = [...batchShape, ...rowShape, ...this.outFeatures];
    const y = shaped(product(this, grouped, weights), shape);
    return bias ? add(y, reshape(bias, [...batchShape, ...rowShape.map(() => 1), ...this.outFeatures])) : y;
  }

  /** The initializer of a Param. It flattens all input axes to one, and all output axes to one. */
  initializerOf(name: "kernel" | "bias"): Initializer {
    return flattened(this, this)[`${name}Init`];
  }
}

type Sizes = Pick<LinearGeneral, "inFeatures" | "outFeatures" | "batchAxis">;
type Drawing = Pick<KernelLayer, "kernelInit" | "biasInit">;

function shapeOf({ inFeatures, outFeatures, batchAxis }: Sizes, name: "kernel" | "bias"): number[] {
  const batch = Object.values(batchAxis);
  return name === "kernel" ? [...batch, ...inFeatures, ...outFeatures] : [...batch, ...outFeatures];
}

/** @throws NnxError for invalid sizes, and for axes that do not match them. */
function checkConfig({ inFeatures, outFeatures, batchAxis }: Sizes, axis: readonly number[]): void {
  checkSizes(NAME, "inFeatures", inFeatures);
  checkSizes(NAME, "outFeatures", outFeatures);
  checkSizes(NAME, "batchAxis", Object.values(batchAxis));
  if (inFeatures.length !== axis.length) {
    throw new NnxError(
      `${NAME}: expected as many axes as sizes in inFeatures, got axis ${shapeText(axis)} and inFeatures ${shapeText(inFeatures)}. Each size is that of one axis.`,
    );
  }
  const names = Object.keys(batchAxis);
  if (names.some((key, i) => key !== String(i))) {
    throw new NnxError(
      `${NAME}: expected batchAxis to name consecutive leading axes from 0, got {${names.join(", ")}}. Move them to the front.`,
    );
  }
}

/**
 * The initializers for the shapes of kernel and bias. They call those of the layer with all input
 * axes flattened to one, and all output axes to one.
 */
function flattened(sizes: Sizes, { kernelInit, biasInit }: Drawing): Drawing {
  const batch = sizeOf(Object.values(sizes.batchAxis));
  const outputs = sizeOf(sizes.outFeatures);
  const seen =
    (init: Initializer, flat: readonly number[]): Initializer =>
    (key, shape, dtype) =>
      reshape(checkDrawn(NAME, init(key, flat, dtype), flat), [...shape]);
  return {
    kernelInit: seen(kernelInit, [batch * sizeOf(sizes.inFeatures), outputs]),
    biasInit: seen(biasInit, [batch * outputs]),
  };
}

/** @throws NnxError unless kernel and bias have their original shapes. */
export function checkParams(layer: LinearGeneral, where = `${NAME}.forward`, prefix = ""): void {
  checkParam(where, `${prefix}kernel`, layer.kernel.value, shapeOf(layer, "kernel"));
  if (layer.bias) checkParam(where, `${prefix}bias`, layer.bias.value, shapeOf(layer, "bias"));
}

function product(layer: LinearGeneral, inputs: Tensor, kernel: Tensor): Tensor {
  const { dotGeneral } = layer;
  return dotGeneral === null ? matMul(inputs, kernel) : dotGeneral(inputs, kernel, settingsOf(layer));
}

function checkInput(layer: LinearGeneral, x: Tensor): void {
  const where = `${NAME}.forward`;
  checkTensor(where, "x", x);
  const { axis, batchAxis, inFeatures } = layer;
  const fits = axis.length + Object.keys(batchAxis).length <= x.rank;
  const along = fits ? normalizeAxes(where, axis, x.rank) : [];
  if (
    fits &&
    along.every((at, i) => x.shape[at] === inFeatures[i]) &&
    Object.entries(batchAxis).every(([at, size]) => x.shape[Number(at)] === size)
  ) {
    return;
  }
  const batch = Object.values(batchAxis);
  throw new NnxError(
    `${where}: expected an input with the sizes ${shapeText(inFeatures)} along the axes ${shapeText(axis)}` +
      `${batch.length > 0 ? ` and ${shapeText(batch)} in front` : ""}, got ${describe(x)}. The kernel is ${shapeText(shapeOf(layer, "kernel"))}.`,
  );
}

registerModule("LinearGeneral", LinearGeneral);

/** @file The dense layer over several axes. */
import { registerModule, describe, type Metadata, Module, NnxError, type Param } from "@nnxjs/nnx-core";
import { checkParam, checkTensor } from "@nnxjs/nnx-core/internal";
import { initializers, type Initializer, type Rngs } from "@nnxjs/rnglib";
import { type Axes, normalizeAxes } from "../axes.ts";
import { checkSizes, listOf, shapeText } from "../checks.ts";
import {
  axisList,
  checkLayerOptions,
  checkRngs,
  DTYPE_CHECKS,
  flag,
  funcOrNull,
  KERNEL_CHECKS,
  type OptionChecks,
  sizesByAxis,
} from "../options.ts";
import { allOrNothing, checkDrawn, type DtypeOptions, drawParam } from "../params.ts";
import { add, fusedMatMul, matMul, reshape, shaped, sizeOf, type Tensor } from "@nnxjs/kernels/internal";
import { groupAxes } from "./contract.ts";
import {
  type DotGeneral,
  type FloatDtype,
  type Precision,
  type PromoteDtype,
  promoteDtype as defaultPromoteDtype,
} from "./dot-general.ts";

/** Options of {@link LinearGeneral}; the names are Flax's. */
export interface LinearGeneralOptions extends DtypeOptions {
  /** Whose `params` stream the initial values are drawn from: the kernel's first, then the bias's. */
  rngs: Rngs;
  /** Axes of the input that are contracted, one for each size in `inFeatures`. @defaultValue -1 */
  axis?: Axes;
  /** Size by axis, for leading axes along which every position has a kernel of its own. @defaultValue {} */
  batchAxis?: Readonly<Record<number, number>>;
  /** @defaultValue true */
  useBias?: boolean;
  /** Called with the shape `[batch * in, out]`. @defaultValue lecunNormal() */
  kernelInit?: Initializer;
  /** Called with the shape `[batch * out]`. @defaultValue zeros */
  biasInit?: Initializer;
  /** Kept for the record: tensorflow.js has one precision. @defaultValue null */
  precision?: Precision;
  /** The product of `[..., rows, in]` and `[..., in, out]`. @defaultValue matrix product */
  dotGeneral?: DotGeneral | null;
  /** Passed to `dotGeneral` where given. @defaultValue null */
  preferredElementType?: FloatDtype | null;
  /** Metadata of the kernel's Param. */
  kernelMetadata?: Metadata;
  /** Metadata of the bias's Param. */
  biasMetadata?: Metadata;
}

const NAME = "LinearGeneral";

const OPTIONS: OptionChecks<LinearGeneralOptions> = {
  rngs: checkRngs,
  axis: axisList,
  batchAxis: sizesByAxis,
  useBias: flag,
  dotGeneral: funcOrNull,
  ...DTYPE_CHECKS,
  ...KERNEL_CHECKS,
};

/** The values of an initializer that sees a flattened shape. */
const flattened =
  (init: Initializer, flat: readonly number[]): Initializer =>
  (key, shape, dtype) =>
    reshape(checkDrawn(NAME, init(key, flat, dtype), flat), [...shape]);

/**
 * The dense layer over any axes: contracts `axis` with the kernel's first axes, and puts `outFeatures` at the end.
 * @see Flax `nnx.LinearGeneral`
 * @example
 * ```ts
 * const layer = new nnx.LinearGeneral([2, 3], [4, 5], { axis: [1, -1], rngs: new nnx.Rngs(0) });
 * const y = layer.forward(tf.ones([16, 2, 3])); // [16, 4, 5]
 * ```
 */
export class LinearGeneral extends Module {
  /** `[...batch, ...inFeatures, ...outFeatures]` */
  readonly kernel: Param<Tensor>;
  /** `[...batch, ...outFeatures]`, or `null` without bias. */
  readonly bias: Param<Tensor> | null;
  readonly inFeatures: readonly number[];
  readonly outFeatures: readonly number[];
  readonly axis: readonly number[];
  readonly batchAxis: Readonly<Record<number, number>>;
  readonly useBias: boolean;
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  readonly precision: Precision;
  readonly promoteDtype: PromoteDtype;
  readonly dotGeneral: DotGeneral | null;
  readonly preferredElementType: FloatDtype | null;
  /** What the kernel was drawn with, in two dimensions, so that it can be drawn again. */
  readonly kernelInit: Initializer;
  /** What the bias was drawn with, in one. */
  readonly biasInit: Initializer;

  /**
   * @param inFeatures - Sizes of the contracted axes.
   * @param outFeatures - Sizes of the axes in their place, at the end of the output.
   * @throws NnxError when there are not as many axes as sizes, or `batchAxis` does not start at 0 and go up by one.
   */
  constructor(inFeatures: Axes, outFeatures: Axes, options: LinearGeneralOptions) {
    super();
    checkLayerOptions(NAME, options, OPTIONS);
    const { rngs, axis = -1, batchAxis = {}, useBias = true, dtype = null, paramDtype = "float32" } = options;
    const {
      kernelInit = initializers.lecunNormal(),
      biasInit = initializers.zeros,
      precision = null,
    } = options;
    this.inFeatures = listOf(NAME, "inFeatures", inFeatures);
    this.outFeatures = listOf(NAME, "outFeatures", outFeatures);
    this.axis = listOf(NAME, "axis", axis);
    this.batchAxis = { ...batchAxis };
    const batch = Object.values(this.batchAxis);
    checkSizes(NAME, "inFeatures", this.inFeatures);
    checkSizes(NAME, "outFeatures", this.outFeatures);
    checkSizes(NAME, "batchAxis", batch);
    if (this.inFeatures.length !== this.axis.length) {
      throw new NnxError(
        `LinearGeneral: expected as many axes as sizes in inFeatures, got axis ${shapeText(this.axis)} and inFeatures ${shapeText(this.inFeatures)}.`,
      );
    }
    if (Object.keys(this.batchAxis).some((key, i) => key !== String(i))) {
      throw new NnxError(
        `LinearGeneral: expected batchAxis to name consecutive leading axes from 0, got {${Object.keys(this.batchAxis).join(", ")}}. Move them to the front.`,
      );
    }
    this.kernelInit = kernelInit;
    this.biasInit = biasInit;
    const drawn = { kernel: this.initializerOf("kernel"), bias: this.initializerOf("bias") };
    const make = allOrNothing();
    const draw = (name: "kernel" | "bias", metadata: Metadata | undefined) =>
      make(() => drawParam(NAME, drawn[name], rngs, shapeOf(this, name), paramDtype, metadata));
    this.kernel = draw("kernel", options.kernelMetadata);
    this.bias = useBias ? draw("bias", options.biasMetadata) : null;
    this.useBias = useBias;
    this.dtype = dtype;
    this.paramDtype = paramDtype;
    this.precision = precision;
    this.promoteDtype = options.promoteDtype ?? defaultPromoteDtype;
    this.dotGeneral = options.dotGeneral ?? null;
    this.preferredElementType = options.preferredElementType ?? null;
  }

  /**
   * @param x - Has `inFeatures` along `axis`, and the sizes of `batchAxis` in front.
   * @returns the batch axes, the axes of x that are not contracted, `outFeatures`.
   * @throws NnxError when the input has other sizes.
   */
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    checkParams(this);
    const operands = [x, this.kernel.value, this.bias?.value ?? null];
    const [inputs, kernel, bias] = this.promoteDtype(operands, { dtype: this.dtype }) as [
      Tensor,
      Tensor,
      Tensor | null,
    ];
    const batchAxes = Object.keys(this.batchAxis).map(Number);
    const {
      x: grouped,
      batchShape,
      rowShape,
    } = groupAxes("LinearGeneral.forward", inputs, this.axis, batchAxes);
    const flat = [sizeOf(this.inFeatures), sizeOf(this.outFeatures)];
    const weights = shaped(kernel, batchAxes.length > 0 ? [sizeOf(batchShape), ...flat] : flat);
    const shape = [...batchShape, ...rowShape, ...this.outFeatures];
    if (batchAxes.length === 0 && this.dotGeneral === null) {
      return shaped(fusedMatMul(grouped, weights, bias && shaped(bias, [flat[1] as number])), shape);
    }
    const y = shaped(product(this, grouped, weights), shape);
    return bias ? add(y, reshape(bias, [...batchShape, ...rowShape.map(() => 1), ...this.outFeatures])) : y;
  }

  /** How a Param is drawn: with its initializer, for one axis of all inputs and one of all outputs. */
  initializerOf(name: "kernel" | "bias"): Initializer {
    const batch = sizeOf(Object.values(this.batchAxis));
    const outputs = sizeOf(this.outFeatures);
    return name === "kernel"
      ? flattened(this.kernelInit, [batch * sizeOf(this.inFeatures), outputs])
      : flattened(this.biasInit, [batch * outputs]);
  }
}

type Sizes = Pick<LinearGeneral, "inFeatures" | "outFeatures" | "batchAxis">;

function shapeOf({ inFeatures, outFeatures, batchAxis }: Sizes, name: "kernel" | "bias"): number[] {
  const batch = Object.values(batchAxis);
  return name === "kernel" ? [...batch, ...inFeatures, ...outFeatures] : [...batch, ...outFeatures];
}

/** @throws NnxError unless kernel and bias have the shapes that they were made with. */
export function checkParams(layer: LinearGeneral, where = `${NAME}.forward`, prefix = ""): void {
  checkParam(where, `${prefix}kernel`, layer.kernel.value, shapeOf(layer, "kernel"));
  if (layer.bias) checkParam(where, `${prefix}bias`, layer.bias.value, shapeOf(layer, "bias"));
}

function product(layer: LinearGeneral, inputs: Tensor, kernel: Tensor): Tensor {
  const { precision, preferredElementType, dotGeneral } = layer;
  if (dotGeneral === null) return matMul(inputs, kernel);
  return dotGeneral(inputs, kernel, {
    precision,
    ...(preferredElementType === null ? {} : { preferredElementType }),
  });
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

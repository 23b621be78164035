/** @file What layers with a kernel and a bias share. */
import { type Metadata, Module, type Param } from "@nnxjs/nnx-core";
import { type Initializer, initializers, type Rngs } from "@nnxjs/rnglib";
import {
  dtypesOf,
  type FloatDtype,
  type Precision,
  PRODUCT_CHECKS,
  type ProductOptions,
  type PromoteDtype,
} from "./dtypes.ts";
import { checkRngs, func, metadata, type OptionChecks } from "./options.ts";
import { allOrNothing, drawParam } from "./params.ts";
import type { Tensor } from "@nnxjs/kernels/internal";

/** Options of layers with a kernel and a bias; the names are Flax's. */
export interface KernelOptions extends ProductOptions {
  /**
   * A source of keys. Its `params` stream gives the initial values: the kernel's first, then the
   * bias's.
   */
  rngs: Rngs;
  /** @defaultValue lecunNormal() */
  kernelInit?: Initializer;
  /** @defaultValue zeros */
  biasInit?: Initializer;
  /** Metadata of the kernel's Param. */
  kernelMetadata?: Metadata;
  /** Metadata of the bias's Param. */
  biasMetadata?: Metadata;
}

/** Checks of the options of layers with a kernel and a bias. */
export const KERNEL_CHECKS: OptionChecks<KernelOptions> = {
  rngs: checkRngs,
  kernelInit: func,
  biasInit: func,
  kernelMetadata: metadata,
  biasMetadata: metadata,
  ...PRODUCT_CHECKS,
};

/** The attributes of a layer, without the methods of all modules. */
export type AttributesOf<L extends Module> = Omit<L, keyof Module>;

/** A layer with a kernel and a bias: how it draws them and computes. Subclasses declare the two. */
export abstract class KernelLayer extends Module {
  readonly dtype: FloatDtype | null;
  readonly precision: Precision;
  readonly promoteDtype: PromoteDtype;
  readonly preferredElementType: FloatDtype | null;
  /** The initializer of the kernel, which can draw it again. */
  readonly kernelInit: Initializer;
  /** The initializer of the bias. */
  readonly biasInit: Initializer;

  constructor(from: AttributesOf<KernelLayer>) {
    super();
    this.dtype = from.dtype;
    this.precision = from.precision;
    this.promoteDtype = from.promoteDtype;
    this.preferredElementType = from.preferredElementType;
    this.kernelInit = from.kernelInit;
    this.biasInit = from.biasInit;
  }
}

// One function for all layers, so that equal layers have equal definitions.
const DEFAULT_KERNEL_INIT: Initializer = initializers.lecunNormal();

/** The initializers of kernel and bias. */
export const initializersIn = ({
  kernelInit = DEFAULT_KERNEL_INIT,
  biasInit = initializers.zeros,
}: Pick<KernelOptions, "kernelInit" | "biasInit">): Required<
  Pick<KernelOptions, "kernelInit" | "biasInit">
> => ({ kernelInit, biasInit });

/** A kernel and a bias, and everything from which {@link KernelLayer} is made. */
export interface DrawnKernel extends AttributesOf<KernelLayer> {
  readonly kernel: Param<Tensor>;
  readonly bias: Param<Tensor> | null;
  readonly paramDtype: FloatDtype;
}

/**
 * Draws the kernel, then the bias. Zeros also use up a key, so that later draws equal Flax's.
 * @param layer - The name of the layer, for errors.
 * @param biasShape - `null` for no bias, which uses no key.
 * @throws NnxError when the initializer returns another shape.
 */
export function drawKernel(
  layer: string,
  options: KernelOptions,
  kernelShape: readonly number[],
  biasShape: readonly number[] | null,
): DrawnKernel {
  const { rngs, kernelMetadata, biasMetadata } = options;
  const { kernelInit, biasInit } = initializersIn(options);
  const dtypes = dtypesOf(options);
  const { paramDtype } = dtypes;
  const make = allOrNothing();
  const kernel = make(() => drawParam(layer, kernelInit, rngs, kernelShape, paramDtype, kernelMetadata));
  const bias = biasShape && make(() => drawParam(layer, biasInit, rngs, biasShape, paramDtype, biasMetadata));
  return { kernel, bias, kernelInit, biasInit, ...dtypes };
}

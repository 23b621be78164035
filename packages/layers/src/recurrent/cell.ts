/** @file What all recurrent cells have in common. */
import { type Metadata, Module, NnxError } from "@nnxjs/nnx-core";
import { initializers, type Initializer, Rngs, type RngStream } from "@nnxjs/rnglib";
import { sigmoid, tanh } from "../activations/exponentials.ts";
import { checkFeatures, checkSize } from "../checks.ts";
import { DTYPE_CHECKS, type DtypeOptions, dtypesOf, type FloatDtype, type PromoteDtype } from "../dtypes.ts";
import { Linear } from "../linear/linear.ts";
import {
  checkGiven,
  checkLayerOptions,
  checkRngs,
  flag,
  func,
  funcOrNull,
  keySource,
  metadata,
  type OptionChecks,
} from "../options.ts";
import { drawValue } from "../params.ts";
import { type Tensor, tidy } from "@nnxjs/kernels/internal";

/** An activation, element by element. */
export type Activation = (x: Tensor) => Tensor;

/** Where the keys of a first carry come from. */
export type CarryRngs = Rngs | RngStream | null;

/** Options of `initializeCarry`; the names are Flax's. */
export interface CarryOptions {
  /**
   * Keys from the `carry` stream, or from this stream.
   * @defaultValue the cell's own, with keepRngs
   */
  rngs?: CarryRngs;
  /** @defaultValue the cell's, or zeros */
  carryInit?: Initializer | null;
}

/**
 * A step of a recurrent network. `C` is what it carries from step to step.
 * @see Flax `nnx.RNNCellBase`
 */
export abstract class RNNCellBase<C = unknown> extends Module {
  /** A first carry for inputs of this shape (without a time axis). */
  abstract initializeCarry(inputShape: readonly number[], options?: CarryOptions): C;
  /** One step. */
  abstract forward(carry: C, inputs: Tensor): [carry: C, output: Tensor];
  /** How many axes of an input are features rather than batch. */
  abstract get numFeatureAxes(): number;
}

/** Options of cells; the names are Flax's. */
export interface CellOptions extends DtypeOptions {
  /** Whose `params` stream the initial values are drawn from. */
  rngs: Rngs;
  /** @defaultValue tanh */
  activationFn?: Activation;
  /** Of kernels for inputs. @defaultValue lecunNormal() */
  kernelInit?: Initializer;
  /** Of kernels for the carry. @defaultValue orthogonal() */
  recurrentKernelInit?: Initializer;
  /** @defaultValue zeros */
  biasInit?: Initializer;
  /** Of first carries. @defaultValue zeros */
  carryInit?: Initializer | null;
  /** Keep a fork of the `carry` stream for first carries. @defaultValue false */
  keepRngs?: boolean;
  /** Metadata of kernels for inputs. */
  kernelMetadata?: Metadata;
  /** Metadata of kernels for the carry. */
  recurrentKernelMetadata?: Metadata;
  /** Metadata of biases. */
  biasMetadata?: Metadata;
}

/** Options of cells with gates; the names are Flax's. */
export interface GatedCellOptions extends CellOptions {
  /** @defaultValue sigmoid */
  gateFn?: Activation;
}

/** What the options of all cells may be. */
export const CELL_CHECKS: OptionChecks<CellOptions> = {
  rngs: checkRngs,
  activationFn: func,
  kernelInit: func,
  recurrentKernelInit: func,
  biasInit: func,
  carryInit: funcOrNull,
  keepRngs: flag,
  kernelMetadata: metadata,
  recurrentKernelMetadata: metadata,
  biasMetadata: metadata,
  ...DTYPE_CHECKS,
};

const GATED_CHECKS: OptionChecks<GatedCellOptions> = { ...CELL_CHECKS, gateFn: func };

const CARRY_CHECKS: OptionChecks<CarryOptions> = { rngs: keySource, carryInit: funcOrNull };

// One function each for all cells: definitions of equal cells are to be equal.
const DEFAULT_KERNEL_INIT = initializers.lecunNormal();
const DEFAULT_RECURRENT_INIT = initializers.orthogonal();

/** A cell whose carry is made of arrays `[...batch, hiddenFeatures]`. */
export abstract class HiddenCell<C> extends RNNCellBase<C> {
  readonly inFeatures: number;
  readonly hiddenFeatures: number;
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  readonly promoteDtype: PromoteDtype;
  readonly activationFn: Activation;
  readonly carryInit: Initializer | null;
  /** Where keys for first carries come from, with `keepRngs`. */
  readonly rngs: RngStream | null;

  constructor(
    name: string,
    inFeatures: number,
    hiddenFeatures: number,
    options: CellOptions,
    checks: OptionChecks<CellOptions> = CELL_CHECKS,
  ) {
    checkLayerOptions(name, options, checks);
    super();
    const { dtype, paramDtype, promoteDtype } = dtypesOf(options);
    checkSize(name, "inFeatures", inFeatures);
    checkSize(name, "hiddenFeatures", hiddenFeatures);
    this.inFeatures = inFeatures;
    this.hiddenFeatures = hiddenFeatures;
    this.dtype = dtype;
    this.paramDtype = paramDtype;
    this.promoteDtype = promoteDtype;
    this.activationFn = options.activationFn ?? tanh;
    this.carryInit = options.carryInit ?? null;
    this.rngs = options.keepRngs ? options.rngs.stream("carry").fork() : null;
  }

  override get numFeatureAxes(): number {
    return 1;
  }

  /** The product with inputs, for one or more gates. */
  protected inputLinear(options: CellOptions, gates: number, useBias: boolean): Linear {
    return new Linear(this.inFeatures, gates * this.hiddenFeatures, {
      ...this.linearOptions(options, useBias),
      kernelInit: options.kernelInit ?? DEFAULT_KERNEL_INIT,
      kernelMetadata: options.kernelMetadata ?? {},
    });
  }

  /** The product with the carry, for one or more gates. */
  protected carryLinear(options: CellOptions, gates: number, useBias: boolean): Linear {
    return new Linear(this.hiddenFeatures, gates * this.hiddenFeatures, {
      ...this.linearOptions(options, useBias),
      kernelInit: options.recurrentKernelInit ?? DEFAULT_RECURRENT_INIT,
      kernelMetadata: options.recurrentKernelMetadata ?? {},
    });
  }

  private linearOptions({ rngs, biasInit, biasMetadata }: CellOptions, useBias: boolean) {
    return {
      rngs,
      useBias,
      biasInit: biasInit ?? initializers.zeros,
      biasMetadata: biasMetadata ?? {},
      dtype: this.dtype,
      paramDtype: this.paramDtype,
      promoteDtype: this.promoteDtype,
    };
  }

  /** As many arrays `[...batch, hiddenFeatures]` as asked for, each with a key of its own. */
  protected firstCarries(
    name: string,
    count: number,
    inputShape: readonly number[],
    options: CarryOptions,
  ): Tensor[] {
    checkGiven(`${name}.initializeCarry`, options, CARRY_CHECKS);
    const { rngs = null, carryInit = null } = options;
    const source = rngs ?? this.rngs;
    if (source === null) {
      throw new NnxError(
        `${name}.initializeCarry: expected rngs for the first carry, got none. Pass { rngs }, or a carry of your own to forward.`,
      );
    }
    const stream = source instanceof Rngs ? source.stream("carry") : source;
    const init = carryInit ?? this.carryInit ?? initializers.zeros;
    const shape = [...inputShape.slice(0, -1), this.hiddenFeatures];
    // In one scope: when a draw fails, nothing is left of those before it.
    return tidy(() =>
      Array.from({ length: count }, () => drawValue(name, init, stream.nextKey(), shape, this.paramDtype)),
    );
  }
}

/** A cell with gates. */
export abstract class GatedCell<C> extends HiddenCell<C> {
  readonly gateFn: Activation;

  constructor(name: string, inFeatures: number, hiddenFeatures: number, options: GatedCellOptions) {
    super(name, inFeatures, hiddenFeatures, options, GATED_CHECKS);
    this.gateFn = options.gateFn ?? sigmoid;
  }
}

/**
 * @throws NnxError unless carry and inputs have the cell's features; DisposedError for what was
 * disposed.
 */
export function checkStep(
  name: string,
  { inFeatures, hiddenFeatures }: HiddenCell<unknown>,
  carries: readonly Tensor[],
  inputs: Tensor,
): void {
  const where = `${name}.forward`;
  for (const carry of carries) checkFeatures(where, carry, hiddenFeatures, "carry");
  checkFeatures(where, inputs, inFeatures, "inputs");
}

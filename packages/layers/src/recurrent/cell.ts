/** @file What all recurrent cells share. */
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

/** An element-wise activation. */
export type Activation = (x: Tensor) => Tensor;

/** A source of keys for the initial carry. */
export type CarryRngs = Rngs | RngStream | null;

/** Options of `initializeCarry`; the names are Flax's. */
export interface CarryOptions {
  /**
   * A source of keys: a stream, or Rngs with a `carry` stream.
   * @defaultValue the cell's own stream, with keepRngs
   */
  rngs?: CarryRngs;
  /** @defaultValue the cell's initializer, or zeros */
  carryInit?: Initializer | null;
}

/**
 * One step of a recurrent network. `C` is the type of the carry from step to step.
 * @see Flax `nnx.RNNCellBase`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * // A running mean as a cell.
 * class Mean extends nnx.RNNCellBase<tf.Tensor> {
 *   initializeCarry(inputShape: readonly number[]): tf.Tensor {
 *     return tf.zeros([...inputShape]);
 *   }
 *   forward(carry: tf.Tensor, x: tf.Tensor): [tf.Tensor, tf.Tensor] {
 *     const next = tf.add(tf.mul(carry, 0.5), tf.mul(x, 0.5));
 *     return [next, next];
 *   }
 *   get numFeatureAxes(): number {
 *     return 1;
 *   }
 * }
 * const y = new nnx.RNN(new Mean()).forward(tf.ones([1, 3, 2]));
 * y.shape; // => [1, 3, 2]
 * ```
 */
export abstract class RNNCellBase<C = unknown> extends Module {
  /** Returns an initial carry for inputs of this shape (without a time axis). */
  abstract initializeCarry(inputShape: readonly number[], options?: CarryOptions): C;
  /** Computes one step. */
  abstract forward(carry: C, inputs: Tensor): [carry: C, output: Tensor];
  /** The number of feature axes of an input; the others are batch axes. */
  abstract get numFeatureAxes(): number;
}

/** Options of cells; the names are Flax's. */
export interface CellOptions extends DtypeOptions {
  /** A source of keys. Its `params` stream gives the initial values. */
  rngs: Rngs;
  /** @defaultValue tanh */
  activationFn?: Activation;
  /** The initializer of kernels for inputs. @defaultValue lecunNormal() */
  kernelInit?: Initializer;
  /** The initializer of kernels for the carry. @defaultValue orthogonal() */
  recurrentKernelInit?: Initializer;
  /** @defaultValue zeros */
  biasInit?: Initializer;
  /** The initializer of initial carries. @defaultValue zeros */
  carryInit?: Initializer | null;
  /** Whether to keep a fork of the `carry` stream for initial carries. @defaultValue false */
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

/** Checks of the options of all cells. */
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

// One function each for all cells, so that equal cells have equal definitions.
const DEFAULT_KERNEL_INIT = initializers.lecunNormal();
const DEFAULT_RECURRENT_INIT = initializers.orthogonal();

/** A cell whose carry consists of arrays `[...batch, hiddenFeatures]`. */
export abstract class HiddenCell<C> extends RNNCellBase<C> {
  readonly inFeatures: number;
  readonly hiddenFeatures: number;
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  readonly promoteDtype: PromoteDtype;
  readonly activationFn: Activation;
  readonly carryInit: Initializer | null;
  /** Gives the keys of initial carries, with `keepRngs`. */
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

  /** Makes the layer that multiplies inputs, for one or more gates. */
  protected inputLinear(options: CellOptions, gates: number, useBias: boolean): Linear {
    return new Linear(this.inFeatures, gates * this.hiddenFeatures, {
      ...this.linearOptions(options, useBias),
      kernelInit: options.kernelInit ?? DEFAULT_KERNEL_INIT,
      kernelMetadata: options.kernelMetadata ?? {},
    });
  }

  /** Makes the layer that multiplies the carry, for one or more gates. */
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

  /** Draws `count` arrays `[...batch, hiddenFeatures]`, each with its own key. */
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
        `${name}.initializeCarry: expected rngs for the first carry, got none. Pass { rngs }, or pass your own carry to forward.`,
      );
    }
    const stream = source instanceof Rngs ? source.stream("carry") : source;
    const init = carryInit ?? this.carryInit ?? initializers.zeros;
    const shape = [...inputShape.slice(0, -1), this.hiddenFeatures];
    // One scope: when a draw fails, it frees the tensors drawn before.
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
 * @throws NnxError unless carry and inputs have the cell's features; DisposedError for disposed
 * tensors.
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

/** Whether the activation is the one that kernels know. */
export const hasUsualActivation = ({ activationFn }: HiddenCell<unknown>): boolean => activationFn === tanh;

/** Whether all activations are those that kernels know. */
export const hasUsualGates = (cell: GatedCell<unknown>): boolean =>
  cell.gateFn === sigmoid && hasUsualActivation(cell);

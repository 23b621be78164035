/** @file Cells whose carry is one array. */
import { registerModule } from "@nnxjs/nnx-core";
import type { Linear } from "../linear/linear.ts";
import { flag, type OptionChecks } from "../options.ts";
import { allOrNothing } from "../params.ts";
import { add, gruOver, mul, simpleOver, split, sub, type Tensor } from "@nnxjs/kernels/internal";
import {
  type CarryOptions,
  CELL_CHECKS,
  type CellOptions,
  checkStep,
  GatedCell,
  type GatedCellOptions,
  hasUsualActivation,
  hasUsualGates,
  HiddenCell,
} from "./cell.ts";
import { takeTogether } from "./over-time.ts";

/**
 * One step of a gated recurrent unit: `r = σ(W_ir x + b_r + W_hr h)`, `z` likewise, `n = tanh(W_in
 * x + b_n + r * W_hn h)`, `h' = (1 - z) * n + z * h`.
 * @see Flax `nnx.GRUCell`; Cho et al. 2014, https://arxiv.org/abs/1406.1078
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const rngs = new nnx.Rngs(0);
 * const cell = new nnx.GRUCell(4, 8, { rngs });
 * const first = cell.initializeCarry([2, 4], { rngs });
 * const [carry, y] = cell.forward(first, tf.ones([2, 4])); // y: [2, 8]
 * ```
 */
export class GRUCell extends GatedCell<Tensor> {
  /** The gates r, z, n side by side. Named as in Flax's State. */
  readonly dense_i: Linear;
  /** The gates r, z, n side by side, without bias. Named as in Flax's State. */
  readonly dense_h: Linear;

  /** @throws NnxError for invalid sizes or dtypes. */
  constructor(inFeatures: number, hiddenFeatures: number, options: GatedCellOptions) {
    super("GRUCell", inFeatures, hiddenFeatures, options);
    const make = allOrNothing();
    this.dense_i = make(() => this.inputLinear(options, 3, true));
    this.dense_h = make(() => this.carryLinear(options, 3, false));
  }

  /**
   * @param carry - `[...batch, hiddenFeatures]`
   * @param inputs - `[...batch, inFeatures]`
   * @returns the new carry, which is also the output.
   */
  override forward(carry: Tensor, inputs: Tensor): [carry: Tensor, output: Tensor] {
    checkStep("GRUCell", this, [carry], inputs);
    const next = gatedStep(this, this.dense_i.forward(inputs), this.dense_h.forward(carry), carry);
    return [next, next];
  }

  /** Zeros, or values of `carryInit`. Draws a key either way. @throws NnxError without rngs. */
  override initializeCarry(inputShape: readonly number[], options: CarryOptions = {}): Tensor {
    return this.firstCarries("GRUCell", 1, inputShape, options)[0] as Tensor;
  }
}

/** The next carry, from the input's and the carry's products. */
function gatedStep({ gateFn, activationFn }: GRUCell, x: Tensor, p: Tensor, carry: Tensor): Tensor {
  const [xr, xz, xn] = split(x, 3, -1) as [Tensor, Tensor, Tensor];
  const [hr, hz, hn] = split(p, 3, -1) as [Tensor, Tensor, Tensor];
  const reset = gateFn(add(xr, hr));
  const update = gateFn(add(xz, hz));
  const candidate = activationFn(add(xn, mul(reset, hn)));
  return add(mul(sub(1, update), candidate), mul(update, carry));
}

/** Options of {@link SimpleCell}; the names are Flax's. */
export interface SimpleCellOptions extends CellOptions {
  /** Whether to add the carry before the activation. @defaultValue false */
  residual?: boolean;
}

const SIMPLE_CHECKS: OptionChecks<SimpleCellOptions> = { ...CELL_CHECKS, residual: flag };

/**
 * One step of a plain recurrent network: `h' = tanh(W_i x + b + W_h h)`, with `residual` `tanh(W_i
 * x + b + W_h h + h)`.
 * @see Flax `nnx.SimpleCell`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const rngs = new nnx.Rngs(0);
 * const cell = new nnx.SimpleCell(4, 8, { rngs });
 * const first = cell.initializeCarry([2, 4], { rngs });
 * const [carry, y] = cell.forward(first, tf.ones([2, 4])); // y: [2, 8]
 * ```
 */
export class SimpleCell extends HiddenCell<Tensor> {
  /** Named as in Flax's State. */
  readonly dense_h: Linear;
  /** Named as in Flax's State. */
  readonly dense_i: Linear;
  readonly residual: boolean;

  /** @throws NnxError for invalid sizes or dtypes. */
  constructor(inFeatures: number, hiddenFeatures: number, options: SimpleCellOptions) {
    super("SimpleCell", inFeatures, hiddenFeatures, options, SIMPLE_CHECKS);
    const make = allOrNothing();
    this.residual = options.residual ?? false;
    // Flax draws `dense_h` first.
    this.dense_h = make(() => this.carryLinear(options, 1, false));
    this.dense_i = make(() => this.inputLinear(options, 1, true));
  }

  /**
   * @param carry - `[...batch, hiddenFeatures]`
   * @param inputs - `[...batch, inFeatures]`
   * @returns the new carry, which is also the output.
   */
  override forward(carry: Tensor, inputs: Tensor): [carry: Tensor, output: Tensor] {
    checkStep("SimpleCell", this, [carry], inputs);
    const next = simpleStep(this, this.dense_i.forward(inputs), this.dense_h.forward(carry), carry);
    return [next, next];
  }

  /** Zeros, or values of `carryInit`. Draws a key either way. @throws NnxError without rngs. */
  override initializeCarry(inputShape: readonly number[], options: CarryOptions = {}): Tensor {
    return this.firstCarries("SimpleCell", 1, inputShape, options)[0] as Tensor;
  }
}

function simpleStep({ activationFn, residual }: SimpleCell, x: Tensor, p: Tensor, carry: Tensor): Tensor {
  const sum = add(x, p);
  return activationFn(residual ? add(sum, carry) : sum);
}

takeTogether(GRUCell, {
  layers: (cell) => [[cell.dense_i], [cell.dense_h]],
  biases: "inputs",
  carries: 1,
  step: (cell, x, p, [h]) => [gatedStep(cell, x, p, h!)],
  over: (cell, x, kernel, [h], attrs) =>
    hasUsualGates(cell) ? gruOver({ x, kernel, h: h! }, attrs)?.slice(0, 1) : undefined,
});

takeTogether(SimpleCell, {
  layers: (cell) => [[cell.dense_i], [cell.dense_h]],
  biases: "inputs",
  carries: 1,
  step: (cell, x, p, [h]) => [simpleStep(cell, x, p, h!)],
  over: (cell, x, kernel, [h], attrs) =>
    hasUsualActivation(cell)
      ? simpleOver({ x, kernel, h: h! }, { ...attrs, residual: cell.residual })
      : undefined,
});

registerModule("GRUCell", GRUCell);
registerModule("SimpleCell", SimpleCell);

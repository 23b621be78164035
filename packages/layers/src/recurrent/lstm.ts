/** @file Long short-term memory. */
import { NnxError, registerModule } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import type { Linear } from "../linear/linear.ts";
import { allOrNothing } from "../params.ts";
import { add, lstmOver, mul, split, type Tensor } from "@nnxjs/kernels/internal";
import { type CarryOptions, checkStep, GatedCell, type GatedCellOptions, hasUsualGates } from "./cell.ts";
import { takeTogether, type Together } from "./over-time.ts";

/** The carry of an LSTM: the memory `c` and the output `h`, both `[...batch, hiddenFeatures]`. */
export type LSTMCarry = readonly [c: Tensor, h: Tensor];

type Gates = Pick<GatedCell<LSTMCarry>, "gateFn" | "activationFn">;

/** Computes `c' = f * c + i * g`, `h' = o * tanh(c')` from the inputs of the gates. */
function step({ gateFn, activationFn }: Gates, c: Tensor, gates: readonly Tensor[]): [LSTMCarry, Tensor] {
  const [i, f, g, o] = gates as [Tensor, Tensor, Tensor, Tensor];
  const memory = add(mul(gateFn(f), c), mul(gateFn(i), activationFn(g)));
  const output = mul(gateFn(o), activationFn(memory));
  return [[memory, output], output];
}

/** Checks the carry with the inputs, and returns its two parts. */
function partsOf(name: string, cell: GatedCell<LSTMCarry>, carry: LSTMCarry, inputs: Tensor): LSTMCarry {
  const given: readonly unknown[] = carry;
  if (!Array.isArray(given) || given.length !== 2) {
    throw new NnxError(
      `${name}.forward: expected carry to be the pair [c, h], got ${describe(carry)}. Take it from initializeCarry.`,
    );
  }
  checkStep(name, cell, carry, inputs);
  return carry;
}

/**
 * One step of an LSTM with a kernel for each gate: `i = σ(W_ii x + W_hi h + b_i)`, `f` and `o`
 * likewise, `g = tanh(…)`, `c' = f * c + i * g`, `h' = o * tanh(c')`.
 * @see Flax `nnx.LSTMCell`; Hochreiter and Schmidhuber 1997,
 * https://doi.org/10.1162/neco.1997.9.8.1735
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const rngs = new nnx.Rngs(0);
 * const cell = new nnx.LSTMCell(4, 8, { rngs });
 * const first = cell.initializeCarry([2, 4], { rngs });
 * const [carry, y] = cell.forward(first, tf.ones([2, 4])); // y: [2, 8]
 * ```
 */
export class LSTMCell extends GatedCell<LSTMCarry> {
  readonly ii: Linear;
  /** Named as in Flax's State. */
  readonly if_: Linear;
  readonly ig: Linear;
  readonly io: Linear;
  readonly hi: Linear;
  readonly hf: Linear;
  readonly hg: Linear;
  readonly ho: Linear;

  /** @throws NnxError for invalid sizes or dtypes. */
  constructor(inFeatures: number, hiddenFeatures: number, options: GatedCellOptions) {
    super("LSTMCell", inFeatures, hiddenFeatures, options);
    const make = allOrNothing();
    this.ii = make(() => this.inputLinear(options, 1, false));
    this.if_ = make(() => this.inputLinear(options, 1, false));
    this.ig = make(() => this.inputLinear(options, 1, false));
    this.io = make(() => this.inputLinear(options, 1, false));
    this.hi = make(() => this.carryLinear(options, 1, true));
    this.hf = make(() => this.carryLinear(options, 1, true));
    this.hg = make(() => this.carryLinear(options, 1, true));
    this.ho = make(() => this.carryLinear(options, 1, true));
  }

  /**
   * @param carry - `[c, h]`, each `[...batch, hiddenFeatures]`.
   * @param inputs - `[...batch, inFeatures]`
   * @returns the new carry, and its `h` as output.
   */
  override forward(carry: LSTMCarry, inputs: Tensor): [carry: LSTMCarry, output: Tensor] {
    const [c, h] = partsOf("LSTMCell", this, carry, inputs);
    return step(this, c, [
      add(this.ii.forward(inputs), this.hi.forward(h)),
      add(this.if_.forward(inputs), this.hf.forward(h)),
      add(this.ig.forward(inputs), this.hg.forward(h)),
      add(this.io.forward(inputs), this.ho.forward(h)),
    ]);
  }

  /** Zeros, or values of `carryInit`. Draws two keys either way. @throws NnxError without rngs. */
  override initializeCarry(inputShape: readonly number[], options: CarryOptions = {}): LSTMCarry {
    return this.firstCarries("LSTMCell", 2, inputShape, options) as [Tensor, Tensor];
  }
}

/**
 * One step of an LSTM with one kernel for all gates of the input and one for those of the carry. It
 * computes two products instead of eight.
 * @see Flax `nnx.OptimizedLSTMCell`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const rngs = new nnx.Rngs(0);
 * const cell = new nnx.OptimizedLSTMCell(4, 8, { rngs });
 * const first = cell.initializeCarry([2, 4], { rngs });
 * const [carry, y] = cell.forward(first, tf.ones([2, 4])); // y: [2, 8]
 * ```
 */
export class OptimizedLSTMCell extends GatedCell<LSTMCarry> {
  /** The gates i, f, g, o side by side. Named as in Flax's State. */
  readonly dense_i: Linear;
  /** The gates i, f, g, o side by side. Named as in Flax's State. */
  readonly dense_h: Linear;

  /** @throws NnxError for invalid sizes or dtypes. */
  constructor(inFeatures: number, hiddenFeatures: number, options: GatedCellOptions) {
    super("OptimizedLSTMCell", inFeatures, hiddenFeatures, options);
    const make = allOrNothing();
    this.dense_i = make(() => this.inputLinear(options, 4, false));
    this.dense_h = make(() => this.carryLinear(options, 4, true));
  }

  /**
   * @param carry - `[c, h]`, each `[...batch, hiddenFeatures]`.
   * @param inputs - `[...batch, inFeatures]`
   * @returns the new carry, and its `h` as output.
   */
  override forward(carry: LSTMCarry, inputs: Tensor): [carry: LSTMCarry, output: Tensor] {
    const [c, h] = partsOf("OptimizedLSTMCell", this, carry, inputs);
    const gates = add(this.dense_i.forward(inputs), this.dense_h.forward(h));
    return step(this, c, split(gates, 4, -1));
  }

  /** Zeros, or values of `carryInit`. Draws two keys either way. @throws NnxError without rngs. */
  override initializeCarry(inputShape: readonly number[], options: CarryOptions = {}): LSTMCarry {
    return this.firstCarries("OptimizedLSTMCell", 2, inputShape, options) as [Tensor, Tensor];
  }
}

/** Both kinds of cells compute the same, with other layers. */
const together: Omit<Together<GatedCell<LSTMCarry>>, "layers"> = {
  biases: "carry",
  carries: 2,
  step: (cell, x, p, [c]) => step(cell, c!, split(add(x, p), 4, -1))[0],
  over: (cell, x, kernel, [c, h], attrs) => {
    if (!hasUsualGates(cell)) return undefined;
    const [hs, cs] = lstmOver({ x, kernel, c: c!, h: h! }, attrs) ?? [];
    return hs && [cs!, hs];
  },
};

takeTogether(LSTMCell, {
  ...together,
  layers: ({ ii, if_, ig, io, hi, hf, hg, ho }) => [
    [ii, if_, ig, io],
    [hi, hf, hg, ho],
  ],
});
takeTogether(OptimizedLSTMCell, { ...together, layers: (cell) => [[cell.dense_i], [cell.dense_h]] });

registerModule("LSTMCell", LSTMCell);
registerModule("OptimizedLSTMCell", OptimizedLSTMCell);

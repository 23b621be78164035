/** @file Two recurrent layers, one of which goes backwards. */
import { registerFunction, registerModule, Module } from "@nnxjs/nnx-core";
import { checkTensor } from "@nnxjs/nnx-core/internal";
import { Rngs, type RngStream } from "@nnxjs/rnglib";
import { checkForward } from "../callable.ts";
import { keepingCount } from "../stochastic/call-options.ts";
import { anything, checkGiven, flag, func, keySource, lengthsOrNull, type OptionChecks } from "../options.ts";
import { concat, type Tensor } from "@nnxjs/kernels/internal";
import type { CarryRngs } from "./cell.ts";
import { carryStream, type RNN, type RNNResult } from "./rnn.ts";
import type { SeqLengths } from "./sequences.ts";

/** Joins the outputs of both directions. */
export type MergeFn = (forward: Tensor, backward: Tensor) => Tensor;

/** Options of {@link Bidirectional}; the names are Flax's. */
export interface BidirectionalOptions<K extends boolean = boolean> {
  /** @defaultValue along the last axis */
  mergeFn?: MergeFn;
  /** Inputs are `[time, ...batch, ...features]`. @defaultValue false */
  timeMajor?: boolean;
  /** Return `[[carry, carry], outputs]`. @defaultValue false */
  returnCarry?: K;
  /** Where keys for first carries come from: `true` for a stream of its own from seed 0, `false` for none. @defaultValue true */
  rngs?: Rngs | RngStream | boolean;
}

/** Options of a call of {@link Bidirectional}; they win over the layer's attributes. */
export interface BidirectionalCallOptions<F = unknown, B = unknown, K extends boolean = boolean> {
  /** One for each direction. @defaultValue the cells' */
  initialCarry?: readonly [F, B] | null;
  /** How many steps of each sequence count. @defaultValue all */
  seqLengths?: SeqLengths | null;
  returnCarry?: K;
  timeMajor?: boolean;
  /** Where the keys for first carries come from. @defaultValue the layer's own stream */
  rngs?: CarryRngs;
}

const OPTIONS: OptionChecks<BidirectionalOptions> = {
  mergeFn: func,
  timeMajor: flag,
  returnCarry: flag,
  // Checked where it becomes a stream.
  rngs: anything,
};
const CALL: OptionChecks<BidirectionalCallOptions> = {
  initialCarry: anything,
  seqLengths: lengthsOrNull,
  returnCarry: flag,
  timeMajor: flag,
  rngs: keySource,
};

const alongFeatures: MergeFn = (forward, backward) => concat([forward, backward], -1);

/**
 * Runs one recurrent layer forwards and another backwards, and joins their outputs step by step.
 * @see Flax `nnx.Bidirectional`; Schuster and Paliwal 1997, https://doi.org/10.1109/78.650093
 * @example
 * ```ts
 * const rngs = new nnx.Rngs(0);
 * const rnn = () => new nnx.RNN(new nnx.GRUCell(4, 8, { rngs }));
 * const y = new nnx.Bidirectional(rnn(), rnn()).forward(tf.ones([2, 10, 4])); // [2, 10, 16]
 * ```
 */
export class Bidirectional<F = unknown, B = unknown, K extends boolean = false> extends Module {
  /** The name is that of Flax's state. */
  readonly forward_rnn: RNN<F, boolean>;
  /** The name is that of Flax's state. */
  readonly backward_rnn: RNN<B, boolean>;
  readonly mergeFn: MergeFn;
  readonly timeMajor: boolean;
  readonly returnCarry: boolean;
  readonly rngs: RngStream | null;

  /**
   * @param forwardRnn - Given twice, it is shared by both directions.
   * @throws TypeError for `rngs` that give no keys.
   */
  constructor(
    forwardRnn: RNN<F, boolean>,
    backwardRnn: RNN<B, boolean>,
    options: BidirectionalOptions<K> = {},
  ) {
    super();
    checkForward("Bidirectional", forwardRnn);
    checkForward("Bidirectional", backwardRnn);
    checkGiven("Bidirectional", options, OPTIONS);
    const { mergeFn = alongFeatures, timeMajor = false, returnCarry = false, rngs = true } = options;
    this.forward_rnn = forwardRnn;
    this.backward_rnn = backwardRnn;
    this.mergeFn = mergeFn;
    this.timeMajor = timeMajor;
    this.returnCarry = returnCarry;
    this.rngs = carryStream("Bidirectional", rngs);
  }

  /**
   * @param inputs - `[...batch, time, ...features]`, or `[time, ...batch, ...features]` with `timeMajor`.
   * @returns joined outputs, in the order of the inputs; with `returnCarry` the carries of both directions too.
   */
  forward<R extends boolean = K>(
    inputs: Tensor,
    options: BidirectionalCallOptions<F, B, R> = {},
  ): RNNResult<[F, B], R> {
    checkTensor("Bidirectional.forward", "inputs", inputs);
    checkGiven("Bidirectional.forward", options, CALL);
    const { timeMajor = this.timeMajor, seqLengths = null } = options;
    const returnCarry: boolean = options.returnCarry ?? this.returnCarry;
    const source = options.rngs ?? this.rngs;
    const rngs = source instanceof Rngs ? source.stream("carry") : source;
    const shared = { rngs, seqLengths, timeMajor, returnCarry: true as const };
    const [initialForward = null, initialBackward = null] = options.initialCarry ?? [];
    const [[carryForward, ahead], [carryBackward, back]] = keepingCount(
      this.rngs,
      () =>
        [
          this.forward_rnn.forward(inputs, { ...shared, initialCarry: initialForward, reverse: false }),
          this.backward_rnn.forward(inputs, {
            ...shared,
            initialCarry: initialBackward,
            reverse: true,
            keepOrder: true,
          }),
        ] as const,
    );
    const merged = this.mergeFn(ahead, back);
    // The condition is the type's.
    return (returnCarry ? [[carryForward, carryBackward], merged] : merged) as RNNResult<[F, B], R>;
  }
}

registerModule("Bidirectional", Bidirectional);
registerFunction("concatenateFeatures", alongFeatures);

/** @file Two recurrent layers, one forwards and one backwards in time. */
import { registerFunction, registerModule, Module } from "@nnxjs/nnx-core";
import { checkTensor } from "@nnxjs/nnx-core/internal";
import { Rngs, type RngStream } from "@nnxjs/rnglib";
import { checkForward } from "../callable.ts";
import { checkGiven, func, type OptionChecks } from "../options.ts";
import { keepingCount } from "../stochastic/call-options.ts";
import { concat, type Tensor } from "@nnxjs/kernels/internal";
import type { RNN, RNNResult } from "./rnn.ts";
import {
  carryStream,
  SEQUENCE_CALL_CHECKS,
  SEQUENCE_CHECKS,
  type SequenceCallOptions,
  type SequenceOptions,
} from "./sequence-options.ts";

/** Joins the outputs of both directions. */
export type MergeFn = (forward: Tensor, backward: Tensor) => Tensor;

/** Options of {@link Bidirectional}; the names are Flax's. */
export interface BidirectionalOptions<K extends boolean = boolean> extends SequenceOptions<K> {
  /** @defaultValue joins along the last axis */
  mergeFn?: MergeFn;
}

/** Options of a call of {@link Bidirectional}; they take precedence over the layer's attributes. */
export type BidirectionalCallOptions<
  F = unknown,
  B = unknown,
  K extends boolean = boolean,
> = SequenceCallOptions<readonly [F, B], K>;

const OPTIONS: OptionChecks<BidirectionalOptions> = { ...SEQUENCE_CHECKS, mergeFn: func };

const alongFeatures: MergeFn = (forward, backward) => concat([forward, backward], -1);

/**
 * Runs one recurrent layer forwards and another backwards, and joins their outputs step by step.
 * @see Flax `nnx.Bidirectional`; Schuster and Paliwal 1997, https://doi.org/10.1109/78.650093
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const rngs = new nnx.Rngs(0);
 * const rnn = () => new nnx.RNN(new nnx.GRUCell(4, 8, { rngs }));
 * const y = new nnx.Bidirectional(rnn(), rnn()).forward(tf.ones([2, 10, 4])); // [2, 10, 16]
 * ```
 */
export class Bidirectional<F = unknown, B = unknown, K extends boolean = false> extends Module {
  /** Named as in Flax's State. */
  readonly forward_rnn: RNN<F, boolean>;
  /** Named as in Flax's State. */
  readonly backward_rnn: RNN<B, boolean>;
  readonly mergeFn: MergeFn;
  readonly timeMajor: boolean;
  readonly returnCarry: boolean;
  readonly rngs: RngStream | null;

  /**
   * @param forwardRnn - May be the same layer as `backwardRnn`; the directions then share it.
   * @throws TypeError when `rngs` gives no keys.
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
   * @param inputs - `[...batch, time, ...features]`, or `[time, ...batch, ...features]` with
   * `timeMajor`.
   * @returns joined outputs in the order of the inputs, and with `returnCarry` the carries of both
   * directions, too.
   */
  forward<R extends boolean = K>(
    inputs: Tensor,
    options: BidirectionalCallOptions<F, B, R> = {},
  ): RNNResult<[F, B], R> {
    checkTensor("Bidirectional.forward", "inputs", inputs);
    checkGiven("Bidirectional.forward", options, SEQUENCE_CALL_CHECKS);
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
    // The type depends on the same condition.
    return (returnCarry ? [[carryForward, carryBackward], merged] : merged) as RNNResult<[F, B], R>;
  }
}

registerModule("Bidirectional", Bidirectional);
registerFunction("concatenateFeatures", alongFeatures);

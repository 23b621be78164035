/** @file Runs a cell along a time axis. */
import { registerModule, type Filter, Module, NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { restoreRngs, Rngs, type RngStream, type SplitBackups, splitRngs } from "@nnxjs/rnglib";
import { checkForward } from "../callable.ts";
import { checkGiven, filter, flag, type OptionChecks } from "../options.ts";
import { keepingCount } from "../stochastic/call-options.ts";
import { isTensor, reverse as flipped, stack, type Tensor, unstack } from "@nnxjs/kernels/internal";
import type { CarryRngs, RNNCellBase } from "./cell.ts";
import { inOrder, overTime } from "./over-time.ts";
import {
  carryStream,
  SEQUENCE_CALL_CHECKS,
  SEQUENCE_CHECKS,
  type SequenceCallOptions,
  type SequenceOptions,
} from "./sequence-options.ts";
import { atLastStep, atLastSteps, flipSequences, type Lengths, lengthsOf } from "./sequences.ts";

/** Options of {@link RNN}; the names are Flax's. */
export interface RNNOptions<K extends boolean = boolean> extends SequenceOptions<K> {
  /** Whether to begin with the last step. @defaultValue false */
  reverse?: boolean;
  /** With `reverse`: whether outputs have the order of the inputs. @defaultValue false */
  keepOrder?: boolean;
  /**
   * The streams of the cell that give the same keys at every step.
   * @defaultValue none: new keys at every step
   */
  broadcastRngs?: Filter;
}

/** Options of a call of {@link RNN}; they take precedence over the layer's attributes. */
export interface RNNCallOptions<C = unknown, K extends boolean = boolean> extends SequenceCallOptions<C, K> {
  reverse?: boolean | undefined;
  keepOrder?: boolean | undefined;
}

/** The outputs, or with `returnCarry` the last carry and the outputs. */
export type RNNResult<C = unknown, K extends boolean = boolean> = K extends true
  ? [carry: C, outputs: Tensor]
  : Tensor;

const OPTIONS: OptionChecks<RNNOptions> = {
  ...SEQUENCE_CHECKS,
  reverse: flag,
  keepOrder: flag,
  broadcastRngs: filter,
};
const CALL: OptionChecks<RNNCallOptions> = { ...SEQUENCE_CALL_CHECKS, reverse: flag, keepOrder: flag };

/**
 * Runs a cell along the time axis.
 * @typeParam C - The carry of the cell.
 * @typeParam K - Whether it returns the carry, too.
 * @see Flax `nnx.RNN`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const rnn = new nnx.RNN(new nnx.GRUCell(4, 8, { rngs: new nnx.Rngs(0) }));
 * const y = rnn.forward(tf.ones([2, 10, 4])); // [2, 10, 8]
 * const [carry, z] = rnn.forward(tf.ones([2, 10, 4]), { returnCarry: true });
 * ```
 */
export class RNN<C = unknown, K extends boolean = false> extends Module {
  readonly cell: RNNCellBase<C>;
  readonly timeMajor: boolean;
  readonly returnCarry: boolean;
  readonly reverse: boolean;
  readonly keepOrder: boolean;
  readonly broadcastRngs: Filter;
  readonly rngs: RngStream | null;

  /** @throws TypeError when `rngs` gives no keys. */
  constructor(cell: RNNCellBase<C>, options: RNNOptions<K> = {}) {
    super();
    checkForward("RNN", cell);
    checkGiven("RNN", options, OPTIONS);
    const { timeMajor = false, returnCarry = false, reverse = false, keepOrder = false } = options;
    this.cell = cell;
    this.timeMajor = timeMajor;
    this.returnCarry = returnCarry;
    this.reverse = reverse;
    this.keepOrder = keepOrder;
    this.broadcastRngs = options.broadcastRngs ?? false;
    this.rngs = carryStream("RNN", options.rngs ?? true);
  }

  /**
   * @param inputs - `[...batch, time, ...features]`, or `[time, ...batch, ...features]` with
   * `timeMajor`.
   * @returns outputs in the same layout. With `returnCarry` the carry, too: after the last step, or
   * with `seqLengths` after the last step of each sequence.
   * @throws NnxError for inputs without a time axis, invalid lengths, or a missing initial carry.
   */
  forward<R extends boolean = K>(inputs: Tensor, options: RNNCallOptions<C, R> = {}): RNNResult<C, R> {
    checkTensor("RNN.forward", "inputs", inputs);
    checkGiven("RNN.forward", options, CALL);
    const {
      timeMajor = this.timeMajor,
      reverse = this.reverse,
      keepOrder = this.keepOrder,
      seqLengths = null,
    } = options;
    const returnCarry: boolean = options.returnCarry ?? this.returnCarry;
    const numBatchDims = inputs.rank - this.cell.numFeatureAxes - 1;
    const timeAxis = timeMajor ? 0 : numBatchDims;
    const steps = inputs.shape[timeAxis] ?? 0;
    if (numBatchDims < 0 || steps === 0) {
      throw new NnxError(
        `RNN.forward: expected inputs with a time axis and at least one step, got ${describe(inputs)}. Their shape is [...batch, time, features].`,
      );
    }
    const stepShape = inputs.shape.filter((_, axis) => axis !== timeAxis);
    const lengths =
      seqLengths && lengthsOf("RNN.forward", seqLengths, stepShape.slice(0, numBatchDims), steps);
    const flip = (x: Tensor): Tensor => flipSequences(x, { seqLengths: lengths, numBatchDims, timeMajor });
    // Sequences of different lengths are reversed themselves, others by the order of their steps.
    const flips = reverse && lengths !== null;
    const { outputs, carry } = keepingCount(this.rngs, () =>
      scan(this, options.initialCarry ?? firstCarry(this, stepShape, options.rngs), {
        inputs: flips ? flip(inputs) : inputs,
        timeAxis,
        timeMajor,
        reverse: reverse && !flips,
        keepOrder,
        lengths,
      }),
    );
    const y = flips && keepOrder ? flip(outputs) : outputs;
    // The type depends on the same condition.
    return (returnCarry ? [carry(), y] : y) as RNNResult<C, R>;
  }
}

function firstCarry<C>(
  { cell, rngs }: RNN<C, boolean>,
  stepShape: readonly number[],
  call: CarryRngs | undefined,
): C {
  const source = call ?? rngs;
  return cell.initializeCarry(stepShape, {
    rngs: source instanceof Rngs ? source.stream("carry").fork() : source,
  });
}

/** Sequences, and how a cell goes through them. */
interface Scan {
  readonly inputs: Tensor;
  readonly timeAxis: number;
  readonly timeMajor: boolean;
  readonly reverse: boolean;
  readonly keepOrder: boolean;
  readonly lengths: Lengths | null;
}

/** The outputs, and a function that takes the last carry of each sequence. */
interface Scanned {
  readonly outputs: Tensor;
  readonly carry: () => unknown;
}

function scan<C>({ cell, broadcastRngs }: RNN<C, boolean>, first: C, given: Scan): Scanned {
  const frozen = splitRngs(cell, { splits: 1, only: broadcastRngs, squeeze: true });
  try {
    return scanTogether(cell, first, given) ?? scanEach(cell, first, given, frozen);
  } finally {
    restoreRngs(frozen);
  }
}

function scanTogether<C>(cell: RNNCellBase<C>, first: C, given: Scan): Scanned | undefined {
  const { inputs, timeAxis, timeMajor, reverse, keepOrder, lengths } = given;
  const carries = overTime(cell, first, inputs, { timeMajor, reverse });
  const y = carries?.at(-1);
  if (!carries || !y) return undefined;
  const steps = inputs.shape[timeAxis]!;
  return {
    outputs: reverse && !keepOrder ? flipped(y, timeAxis) : y,
    carry: () => {
      const count = y.size / steps / y.shape.at(-1)!;
      const ends = lengths ?? Array<number>(count).fill(reverse ? 1 : steps);
      const parts = carries.map((each) => atLastSteps(each, ends, timeMajor));
      return parts.length === 1 ? parts[0] : parts;
    },
  };
}

function scanEach<C>(cell: RNNCellBase<C>, first: C, given: Scan, frozen: SplitBackups): Scanned {
  const { inputs, timeAxis, reverse, keepOrder, lengths } = given;
  const carries: C[] = [];
  const outputs: Tensor[] = [];
  let carry = first;
  for (const input of inOrder(unstack(inputs, timeAxis), reverse)) {
    for (const { stream } of frozen) stream.count.value = 0;
    const [next, output] = cell.forward(carry, input);
    carry = next;
    carries.push(next);
    outputs.push(output);
  }
  return {
    outputs: stack(inOrder(outputs, reverse && keepOrder), timeAxis),
    carry: () => (lengths ? lastOf(carries, lengths) : carries.at(-1)),
  };
}

/**
 * From carries at every step, which have the same structure, takes each array at the last step of
 * each sequence.
 */
function lastOf(carries: readonly unknown[], lengths: Lengths): unknown {
  const [first] = carries;
  if (isTensor(first)) return atLastStep(stack(carries as readonly Tensor[] as Tensor[], 0), lengths);
  if (Array.isArray(first))
    return first.map((_, i) =>
      lastOf(
        carries.map((carry) => (carry as unknown[])[i]),
        lengths,
      ),
    );
  if (typeof first === "object" && first !== null) {
    return Object.fromEntries(
      Object.keys(first).map((key) => [
        key,
        lastOf(
          carries.map((carry) => (carry as Record<string, unknown>)[key]),
          lengths,
        ),
      ]),
    );
  }
  return first;
}

registerModule("RNN", RNN);

/** @file Options that RNN and Bidirectional share. */
import { describe } from "@nnxjs/nnx-core/internal";
import { Rngs, RngStream } from "@nnxjs/rnglib";
import { anything, flag, keySource, lengthsOrNull, type OptionChecks } from "../options.ts";
import type { CarryRngs } from "./cell.ts";
import type { SeqLengths } from "./sequences.ts";

/** Options of layers over a time axis; the names are Flax's. */
export interface SequenceOptions<K extends boolean = boolean> {
  /**
   * Whether inputs are `[time, ...batch, ...features]`.
   * @defaultValue false: `[...batch, time, ...features]`
   */
  timeMajor?: boolean;
  /**
   * Whether to return `[carry, outputs]`. Bidirectional returns a carry for each direction.
   * @defaultValue false
   */
  returnCarry?: K;
  /**
   * Gives the keys of initial carries. `true` makes a stream with seed 0; `false` means none.
   * @defaultValue true
   */
  rngs?: Rngs | RngStream | boolean;
}

/** Options of a call; they take precedence over the layer's attributes. */
export interface SequenceCallOptions<C = unknown, K extends boolean = boolean> {
  /** The initial carry; for Bidirectional, one for each direction. @defaultValue the cell's */
  initialCarry?: C | null | undefined;
  /** The number of steps in each sequence that are not padding. @defaultValue all */
  seqLengths?: SeqLengths | null | undefined;
  returnCarry?: K;
  timeMajor?: boolean | undefined;
  /** Gives the keys of the initial carry. @defaultValue the layer's own stream */
  rngs?: CarryRngs | undefined;
}

/** Checks of the options. */
export const SEQUENCE_CHECKS: OptionChecks<SequenceOptions> = {
  timeMajor: flag,
  returnCarry: flag,
  // `carryStream` checks it.
  rngs: anything,
};

/** Checks of the options of a call. */
export const SEQUENCE_CALL_CHECKS: OptionChecks<SequenceCallOptions> = {
  initialCarry: anything,
  seqLengths: lengthsOrNull,
  returnCarry: flag,
  timeMajor: flag,
  rngs: keySource,
};

/**
 * The stream that a layer keeps for initial carries.
 * @throws TypeError when `rngs` gives no keys.
 */
export function carryStream(where: string, rngs: unknown): RngStream | null {
  if (rngs === true) return new RngStream(0, { tag: "carry" });
  if (rngs === false || rngs === null) return null;
  if (rngs instanceof Rngs) return rngs.stream("carry").fork();
  if (rngs instanceof RngStream) return rngs;
  throw new TypeError(
    `${where}: expected rngs to be Rngs, an RngStream or a boolean, got ${describe(rngs)}. Pass { rngs: new nnx.Rngs(0) }.`,
  );
}

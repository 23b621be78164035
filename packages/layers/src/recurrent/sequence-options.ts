/** @file Options that RNN and Bidirectional have in common. */
import { describe } from "@nnxjs/nnx-core/internal";
import { Rngs, RngStream } from "@nnxjs/rnglib";
import { anything, flag, keySource, lengthsOrNull, type OptionChecks } from "../options.ts";
import type { CarryRngs } from "./cell.ts";
import type { SeqLengths } from "./sequences.ts";

/** Options of layers over an axis of time; the names are Flax's. */
export interface SequenceOptions<K extends boolean = boolean> {
  /**
   * Inputs are `[time, ...batch, ...features]`.
   * @defaultValue false: `[...batch, time, ...features]`
   */
  timeMajor?: boolean;
  /**
   * Return `[carry, outputs]`, where Bidirectional has a carry for each direction.
   * @defaultValue false
   */
  returnCarry?: K;
  /**
   * Where keys for first carries come from: `true` for a stream of its own from seed 0, `false` for
   * none.
   * @defaultValue true
   */
  rngs?: Rngs | RngStream | boolean;
}

/** Options of a call; they win over the layer's attributes. */
export interface SequenceCallOptions<C = unknown, K extends boolean = boolean> {
  /** Of Bidirectional one for each direction. @defaultValue the cell's */
  initialCarry?: C | null;
  /** How many steps of each sequence count. @defaultValue all */
  seqLengths?: SeqLengths | null;
  returnCarry?: K;
  timeMajor?: boolean;
  /** Where the keys for the first carry come from. @defaultValue the layer's own stream */
  rngs?: CarryRngs;
}

/** What the options may be. */
export const SEQUENCE_CHECKS: OptionChecks<SequenceOptions> = {
  timeMajor: flag,
  returnCarry: flag,
  // Checked where it becomes a stream.
  rngs: anything,
};

/** What the options of a call may be. */
export const SEQUENCE_CALL_CHECKS: OptionChecks<SequenceCallOptions> = {
  initialCarry: anything,
  seqLengths: lengthsOrNull,
  returnCarry: flag,
  timeMajor: flag,
  rngs: keySource,
};

/**
 * The stream for first carries that a layer keeps.
 * @throws TypeError for what gives no keys.
 */
export function carryStream(where: string, rngs: unknown): RngStream | null {
  if (rngs === true) return new RngStream(0, { tag: "carry" });
  if (rngs === false || rngs === null) return null;
  if (rngs instanceof Rngs) return rngs.stream("carry").fork();
  if (rngs instanceof RngStream) return rngs;
  throw new TypeError(
    `${where}: expected rngs to be Rngs, an RngStream or a boolean, got ${describe(rngs)}.`,
  );
}

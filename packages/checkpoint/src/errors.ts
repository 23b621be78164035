/** @file What this package throws beside the errors of the others. */
import { NnxError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";

/**
 * A file, or another place that a checkpoint is read from, does not hold what it should.
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * await nnx.open(new Uint8Array(3));
 * // throws CheckpointError: the bytes: expected at least 8 bytes for the length of the header, …
 * ```
 */
export class CheckpointError extends NnxError {
  override readonly name = "CheckpointError";
}

/** @throws NnxError unless an option is true or false: a text such as "false" counts as true. */
export function checkFlag(where: string, name: string, value: unknown): void {
  if (typeof value === "boolean") return;
  throw new NnxError(
    `${where}: expected ${name} to be true or false, got ${describe(value)}. Pass a boolean.`,
  );
}

/** @file What this package throws beside the errors of the others. */
import { NnxError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";

/** A file, or another place that a checkpoint is read from, does not hold what it should. */
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

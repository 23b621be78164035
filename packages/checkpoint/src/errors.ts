/** @file What this package throws beside the errors of the others. */
import { NnxError } from "@nnxjs/nnx-core";

/** A file, or another place that a checkpoint is read from, does not hold what it should. */
export class CheckpointError extends NnxError {
  override readonly name = "CheckpointError";
}

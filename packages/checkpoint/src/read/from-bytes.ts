/** @file A State from the bytes of a file. */
import type { OwnedState } from "@nnxjs/nnx-core";
import { open } from "./checkpoint.ts";

/**
 * The State that `toBytes` wrote: with types and metadata, yours to dispose. Bytes of another
 * library give bare arrays by path.
 * @throws NotFoundError for a Variable class whose name is not registered; CheckpointError for what
 * is damaged, or no safetensors file.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const state = await nnx.fromBytes(await nnx.toBytes(model));
 * nnx.update(model, state);
 * nnx.dispose(state);
 * ```
 */
export async function fromBytes(bytes: ArrayBuffer | Uint8Array): Promise<OwnedState> {
  // Bytes need no closing.
  return (await open(bytes)).state();
}

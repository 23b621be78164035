/** @file What a recorded run used that it neither made nor was given. */
import { type TapeNode, tapeEngine, type Tensor } from "../tensor.ts";
import { watchedNow } from "./positions.ts";
import { dependents } from "./tape.ts";

/**
 * Float tensors that went into ops of the run from outside: parameters and intermediate values that
 * its function closes over.
 * @param options - `differentiated`: only those that a gradient being taken depends on.
 */
export function inputsFromOutside(
  tape: readonly TapeNode[],
  given: readonly Tensor[],
  { differentiated = false }: { differentiated?: boolean } = {},
): Tensor[] {
  const ofInterest = differentiated
    ? dependents(tapeEngine().state.activeTape ?? [], watchedNow())
    : undefined;
  const known = new Set(given.map(({ id }) => id));
  const found: Tensor[] = [];
  for (const { inputs, outputs } of tape) {
    for (const input of Object.values(inputs)) {
      if (known.has(input.id) || input.dtype !== "float32") continue;
      known.add(input.id);
      if (ofInterest?.has(input.id) ?? true) found.push(input);
    }
    for (const { id } of outputs) known.add(id);
  }
  return found;
}

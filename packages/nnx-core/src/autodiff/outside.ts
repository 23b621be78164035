/** @file The tensors that a recorded run used without having made or been given them. */
import { type TapeNode, tapeEngine, type Tensor } from "../tensor.ts";
import { watchedNow } from "./positions.ts";
import { dependents } from "./tape.ts";

/**
 * The float tensors that ops of a run got from outside: parameters and intermediate values that the
 * function closes over.
 * @param given - The tensors that the run was given.
 * @param options - `differentiated`: only tensors through which a gradient flows that is being
 * taken now.
 */
export function inputsFromOutside(
  tape: readonly TapeNode[],
  given: readonly Tensor[],
  { differentiated = false }: { differentiated?: boolean } = {},
): Tensor[] {
  const ofInterest = differentiated
    ? dependents(tapeEngine().state.activeTape ?? [], watchedNow())
    : undefined;
  // All outputs first: the copy that an op saves of its output comes before the op on the tape.
  const known = new Set([...given, ...tape.flatMap(({ outputs }) => outputs)].map(({ id }) => id));
  const found: Tensor[] = [];
  for (const { inputs } of tape) {
    for (const input of Object.values(inputs)) {
      if (known.has(input.id) || input.dtype !== "float32") continue;
      known.add(input.id);
      if (ofInterest?.has(input.id) ?? true) found.push(input);
    }
  }
  return found;
}

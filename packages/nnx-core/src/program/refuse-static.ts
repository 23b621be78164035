/** @file Refuses plain values in arguments that do not say that they are static. */
import { entriesOf, isContainer } from "../data/containers.ts";
import { describe, NnxError } from "../errors.ts";
import { isGraphState } from "../graph/graph-state.ts";
import { GraphNode } from "../graph/node.ts";
import { isLeaf } from "../state/state.ts";
import { isTensor } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";
import { isHostObject } from "./host-data.ts";

/** @throws {@link NnxError} for a plain value that is not declared as static. */
export function refuseStatic(
  arg: unknown,
  place: string,
  index: number,
  seen: Set<object> = new Set(),
): void {
  if (arg === undefined || arg === null || isTensor(arg) || isHostObject(arg)) return;
  if (arg instanceof GraphNode || arg instanceof Variable || isLeaf(arg) || isGraphState(arg)) return;
  if (isContainer(arg)) {
    // The walk has the words for containers that contain themselves.
    if (seen.has(arg)) return;
    seen.add(arg);
    for (const [key, item] of entriesOf(arg)) refuseStatic(item, `${place}.${String(key)}`, index, seen);
    return;
  }
  throw new NnxError(
    `jit: expected ${place} to be data (modules, States, tensors, keys, or containers of these), got ${describe(arg)}. ` +
      `Declare it with { staticArgs: [${index}] }, or pass a tensor.`,
  );
}

/** @file What a capture starts from. */
import { describe, NnxError } from "../errors.ts";
import type { Frame } from "../graph/frame.ts";
import { containerKind } from "../graph/node.ts";
import { formatPath, type Path, pathKey } from "../path.ts";
import { checkState } from "../state/check-state.ts";
import { countLeaves, flattenState } from "../state/flatten-state.ts";
import { below, isLeaf, type State, type StateNode } from "../state/state.ts";
import { isVariableState, type VariableState } from "../variable/variable-state.ts";
import type { Buffers } from "./buffers.ts";
import type { CapturedModules } from "../recording/session.ts";

interface Place {
  readonly module: object;
  readonly name: string;
  readonly leaf: VariableState;
}

/** Fills buffers with an earlier State's values; all of them or, when one has no place, none. Names that the run does not use do nothing. */
export function fill(buffers: Buffers, modules: CapturedModules, given: State): void {
  if (containerKind(given) !== "record") {
    throw new NnxError(
      `capture: expected init to be a State, got ${describe(given)}. Make one by a capture of the same model: its second result.`,
    );
  }
  const init = checkState("capture, init", given);
  const places = placesOf(modules, init);
  if (places.length !== countLeaves(init)) throw misplaced(modules, init);
  for (const { module, name, leaf } of places) buffers.fill(module, leaf.type, name, leaf.value);
}

/** The leaves that are directly below modules. */
function placesOf(modules: CapturedModules, init: State): Place[] {
  const nodes = new Map<Frame, StateNode | undefined>();
  const places: Place[] = [];
  // Parents first.
  for (const frame of [...modules.frames].reverse()) {
    const { value: module, parent, part } = frame;
    const node = parent ? below(nodes.get(parent), part) : init;
    nodes.set(frame, node);
    if (node === undefined || isLeaf(node) || !modules.has(module)) continue;
    for (const [name, leaf] of Object.entries(node))
      if (isVariableState(leaf)) places.push({ module, name, leaf });
  }
  return places;
}

/** The error for the first leaf that no module has a place for. */
function misplaced(modules: CapturedModules, init: State): NnxError {
  const known = new Set<string>();
  for (const module of modules) known.add(pathKey(modules.pathOf(module) as Path));
  const isBelowModule = (path: Path): boolean => path.length > 0 && known.has(pathKey(path.slice(0, -1)));
  const [path, leaf] =
    flattenState(init).find(([at, each]) => !isBelowModule(at) || !isVariableState(each)) ?? [];
  const why = leaf && isVariableState(leaf) ? "where the model has no module" : "which is no Variable";
  return new NnxError(
    `capture: expected init to have Variables of this model's modules only, got ${formatPath(path ?? [])}, ${why}. ` +
      "Make init by a capture of the same model.",
  );
}

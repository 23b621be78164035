/** @file Checks what a capture is asked for: the types to record, and the values to start from. */
import { checkState } from "../state/check-state.ts";
import { describe, NnxError } from "../errors.ts";
import type { Frame } from "../graph/frame.ts";
import { containerKind } from "../data/containers.ts";
import { formatPath, type Path, pathKey } from "../path.ts";
import type { Modules } from "../recording/running.ts";
import { countLeaves, flattenState } from "../state/flatten-state.ts";
import { below, isLeaf, type State, type StateNode } from "../state/state.ts";
import { variableTypeFromName } from "../variable/registry.ts";
import { Variable } from "../variable/variable.ts";
import { isVariableState, type VariableType } from "../variable/variable-state.ts";
import type { Recording } from "./recording.ts";

/** One Variable type, or several; a string is the registered name of one. */
export type CaptureTypes = VariableType | string | readonly (VariableType | string)[];

const isType = (x: unknown): x is VariableType | string =>
  typeof x === "string" || (typeof x === "function" && (x === Variable || x.prototype instanceof Variable));

/**
 * The class for a type. Unlike in `sow` a name must be registered: nobody could have sown values of
 * a new type, so the name must be misspelt.
 */
const typeOf = (type: VariableType | string): VariableType =>
  typeof type === "string" ? variableTypeFromName(type) : type;

/** Whether the first argument of `capture` is types, and not a model. */
export const isTypes = (x: unknown): x is CaptureTypes => isType(x) || (Array.isArray(x) && x.every(isType));

/**
 * The types as a list.
 * @throws {@link NnxError} for what is no type, and for a type that is there twice.
 */
export function listOf(types: unknown): readonly VariableType[] {
  if (!isTypes(types)) {
    throw new NnxError(
      `capture: expected Variable types (a class, its registered name, or an array of these) as the second argument, got ${describe(types)}. ` +
        "Say what to record: capture(model, nnx.Intermediate).",
    );
  }
  const list = (
    Array.isArray(types) ? (types as readonly (VariableType | string)[]) : [types as VariableType]
  ).map(typeOf);
  const twice = list.find((type, i) => list.indexOf(type) < i);
  if (!twice) return list;
  throw new NnxError(
    `capture: expected different types, got ${twice.typeName} twice. Ask for each type once: there is one State for each.`,
  );
}

/** The type under which methods' results are recorded, if they are. */
export function outputsAs(
  type: VariableType | string | undefined,
  types: readonly VariableType[],
): VariableType | undefined {
  if (type === undefined) return undefined;
  const resolved = isType(type) ? typeOf(type) : undefined;
  if (resolved && types.includes(resolved)) return resolved;
  throw new NnxError(
    `capture: expected methodOutputs to be one of the types asked for (${types.map(({ typeName }) => typeName).join(", ") || "none"}), ` +
      `got ${describe(type)}. ${resolved ? "Ask for that type too." : "Write { methodOutputs: nnx.Intermediate }."}`,
  );
}

/**
 * Puts the values of `init` into a recording.
 * @throws {@link NnxError} when the model has no place for a value. Do not use the recording then.
 */
export function fill(recording: Recording<VariableType>, given: State): void {
  const { modules } = recording;
  if (containerKind(given) !== "record") {
    throw new NnxError(
      `capture: expected init to be a State, got ${describe(given)}. Make one by a capture of the same model: its second result.`,
    );
  }
  const init = checkState("capture, init", given);
  const nodes = new Map<Frame, StateNode | undefined>();
  let placed = 0;
  // Parents first: each frame looks up its part of `init` in that of its parent.
  for (const frame of [...modules.frames].reverse()) {
    const { value: module, parent, part } = frame;
    const node = parent ? below(nodes.get(parent), part) : init;
    nodes.set(frame, node);
    if (node === undefined || isLeaf(node) || !modules.has(module)) continue;
    for (const [name, leaf] of Object.entries(node)) {
      if (!isVariableState(leaf)) continue;
      recording.give(leaf.type, { module, name, type: leaf.type }, leaf.value);
      placed++;
    }
  }
  if (placed !== countLeaves(init)) throw misplaced(modules, init);
}

/** The error for the first leaf of `init` that no module has a place for. */
function misplaced(modules: Modules, init: State): NnxError {
  const known = new Set([...modules].map((module) => pathKey(modules.pathOf(module))));
  const isBelowModule = (path: Path): boolean => path.length > 0 && known.has(pathKey(path.slice(0, -1)));
  const [path = [], leaf] =
    flattenState(init).find(([at, each]) => !isBelowModule(at) || !isVariableState(each)) ?? [];
  const why = leaf && isVariableState(leaf) ? "where the model has no module" : "which is no Variable";
  return new NnxError(
    `capture: expected init to have Variables of this model's modules only, got ${formatPath(path)}, ${why}. ` +
      "Make init by a capture of the same model.",
  );
}

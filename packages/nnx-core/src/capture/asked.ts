/** @file What a capture is asked for: types to record, and the values that it starts from. */
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
 * Unlike in `sow` a name must be registered: a new type for a name that was misspelt would just be
 * empty.
 */
const typeOf = (type: VariableType | string): VariableType =>
  typeof type === "string" ? variableTypeFromName(type) : type;

/** Whether this asks for types, rather than being what is captured. */
export const isTypes = (x: unknown): x is CaptureTypes => isType(x) || (Array.isArray(x) && x.every(isType));

/** The types, each once. */
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

/** As what methods' results are recorded. */
export function outputsAs(
  type: VariableType | string | undefined,
  types: readonly VariableType[],
): VariableType | undefined {
  if (type === undefined) return undefined;
  const resolved = isType(type) ? typeOf(type) : undefined;
  if (resolved && types.includes(resolved)) return resolved;
  throw new NnxError(
    `capture: expected methodOutputs to be one of the types asked for (${types.map(({ typeName }) => typeName).join(", ") || "none"}), ` +
      `got ${describe(type)}. Ask for that type too.`,
  );
}

/**
 * Gives a recording an earlier State's values. Names that the run does not use do nothing.
 * @throws {@link NnxError} when a value has no place in the model; the recording is of no use then.
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
  // Parents first, so that each frame finds what is under its part in the parent's.
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

/** The error for the first leaf that no module has a place for. */
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

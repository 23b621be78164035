/** @file What a capture starts from. */
import { describe, NnxError } from "../errors.ts";
import { containerKind } from "../graph/node.ts";
import { formatPath, type Path } from "../path.ts";
import { flattenState } from "../state/flatten-state.ts";
import type { State } from "../state/state.ts";
import { isVariableState } from "../variable/variable-state.ts";
import type { Buffers } from "./buffers.ts";
import type { CapturedModules } from "./session.ts";

/** Names may have dots in them, and indices may be text. */
const keyOf = (path: Path): string => JSON.stringify(path.map(String));

/** Fills buffers with an earlier State's values; all of them or, when one has no place, none. Names that the run does not use do nothing. */
export function fill(buffers: Buffers, modules: CapturedModules, init: State): void {
  if (containerKind(init) !== "record") {
    throw new NnxError(
      `capture: expected init to be a State, got ${describe(init)}. Make one by a capture of the same model: its second result.`,
    );
  }
  const byPath = new Map([...modules].map(([module, path]) => [keyOf(path), module]));
  const places = flattenState(init).map(([path, leaf]) => {
    const module = byPath.get(keyOf(path.slice(0, -1)));
    if (module && path.length > 0 && isVariableState(leaf))
      return { module, name: String(path.at(-1)), leaf };
    throw new NnxError(
      `capture: expected init to have Variables of this model's modules only, got ${formatPath(path)}, ` +
        `${module ? "which is no Variable" : "where the model has no module"}. Make init by a capture of the same model.`,
    );
  });
  for (const { module, name, leaf } of places) buffers.fill(module, leaf.type, name, leaf.value);
}

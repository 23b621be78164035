/** @file Which types a capture is asked for. */
import { describe, NnxError } from "../errors.ts";
import { Variable } from "../variable/variable.ts";
import type { VariableType } from "../variable/variable-state.ts";
import { variableTypeFromName } from "../variable/registry.ts";

/** One Variable type, or several; a string is the registered name of one. */
export type CaptureTypes = VariableType | string | readonly (VariableType | string)[];

const isType = (x: unknown): x is VariableType | string =>
  typeof x === "string" || (typeof x === "function" && (x === Variable || x.prototype instanceof Variable));

/** Unlike in `sow` a name must be registered: a new type for a name that was misspelt would just be empty. */
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

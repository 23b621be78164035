/** @file Names of Variable types, for `sow("intermediates", ...)` and for files. Flax's names are there from the start. */
import { checkOptions } from "../checks/options.ts";
import { NotFoundError, NnxError } from "../errors.ts";
import { Variable } from "./variable.ts";
import type { VariableType } from "./variable-state.ts";
import { BatchStat, Cache, Intermediate, Param, Perturbation } from "./variable-types.ts";

const byName = new Map<string, VariableType>([
  ["params", Param],
  ["batch_stats", BatchStat],
  ["cache", Cache],
  ["intermediates", Intermediate],
  ["perturbations", Perturbation],
]);

/**
 * Registers a name for a Variable class. A class of the same name and `typeName` takes the place of the one that was registered, as when a
 * file is evaluated again.
 * @throws {@link NnxError} when another class has it and `overwrite` is not set.
 */
export function registerVariableName(
  name: string,
  type: VariableType,
  options: { overwrite?: boolean } = {},
): void {
  checkOptions("registerVariableName", options, { overwrite: true });
  const { overwrite = false } = options;
  const taken = byName.get(name);
  const isNewer = taken && taken.name === type.name && taken.typeName === type.typeName;
  if (taken && taken !== type && !isNewer && !overwrite) {
    throw new NnxError(
      `registerVariableName: expected a free name, got ${JSON.stringify(name)}, which is ${taken.typeName}'s. ` +
        "Choose another name or pass { overwrite: true }.",
    );
  }
  byName.set(name, type);
}

/**
 * The class registered under `name`.
 * @param options - `allowRegister` makes and registers a subclass of `base` (default `Variable`) for an unknown name.
 * @throws {@link NotFoundError} for an unknown name.
 * @see Flax `nnx.variable_type_from_name`
 */
export function variableTypeFromName(
  name: string,
  options: { allowRegister?: boolean; base?: VariableType } = {},
): VariableType {
  checkOptions("variableTypeFromName", options, { allowRegister: true, base: true });
  const { allowRegister = false, base = Variable } = options;
  const known = byName.get(name);
  if (known) return known;
  if (!allowRegister) {
    throw new NotFoundError(
      `variableTypeFromName: expected one of {${[...byName.keys()].join(", ")}}, got ${JSON.stringify(name)}. ` +
        "Register the class with registerVariableName, or pass { allowRegister: true }.",
    );
  }
  const created = class extends (base as typeof Variable) {
    static override readonly typeName: string = name;
  };
  byName.set(name, created);
  return created;
}

/** The name that a class is registered under. @throws {@link NotFoundError} when it is not. @see Flax `nnx.variable_name_from_type` */
export function variableNameFromType(type: VariableType): string {
  for (const [name, candidate] of byName) if (candidate === type) return name;
  throw new NotFoundError(
    `variableNameFromType: expected a registered class, got ${type.typeName}. Register it with registerVariableName.`,
  );
}

/** The names of all registered classes. */
export const variableNames = (): string[] => [...byName.keys()];

/** Whether a class has a name. */
export const isNamedVariable = (type: unknown): boolean =>
  [...byName.values()].some((known) => known === type);

/**
 * @file Names of Variable types, for `sow("intermediates", ...)` and for files. Flax's names are
 * registered from the start.
 */
import { checkOptions } from "../data/options.ts";
import { describe, NotFoundError, NnxError } from "../errors.ts";
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

/** How {@link registerVariableName} treats names that are taken. */
export interface RegisterOptions {
  /** Take the name from the class that has it. @defaultValue false */
  overwrite?: boolean;
}

/** How {@link variableTypeFromName} treats unknown names. */
export interface TypeFromNameOptions {
  /** Make and register a class for the name. @defaultValue false */
  allowRegister?: boolean;
  /** The class that the new class extends. @defaultValue Variable */
  base?: VariableType;
}

/**
 * Registers a name for a Variable class. A class with the same `name` and `typeName` replaces the
 * registered one, since evaluating a file again makes its classes anew.
 * @param type - The class.
 * @throws {@link NnxError} when another class has it and `overwrite` is not set, and for what is no
 * Variable class.
 * @see Flax `nnx.register_variable_name`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * class Frozen<T = unknown> extends nnx.Param<T> {
 *   static override readonly typeName = "Frozen";
 * }
 * nnx.registerVariableName("my-app/Frozen", Frozen);
 * nnx.variableTypeFromName("my-app/Frozen") === Frozen; // => true
 * ```
 */
export function registerVariableName(name: string, type: VariableType, options: RegisterOptions = {}): void {
  checkOptions<RegisterOptions>("registerVariableName", options, { overwrite: true });
  checkType("registerVariableName", type);
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
 * @throws {@link NotFoundError} for an unknown name.
 * @see Flax `nnx.variable_type_from_name`
 */
export function variableTypeFromName(name: string, options: TypeFromNameOptions = {}): VariableType {
  checkOptions<TypeFromNameOptions>("variableTypeFromName", options, { allowRegister: true, base: true });
  const { allowRegister = false, base = Variable } = options;
  const known = byName.get(name);
  if (known) return known;
  if (!allowRegister) {
    throw new NotFoundError(
      `variableTypeFromName: expected one of {${[...byName.keys()].join(", ")}}, got ${JSON.stringify(name)}. ` +
        "Register the class with registerVariableName, or pass { allowRegister: true }.",
    );
  }
  checkType("variableTypeFromName", base);
  const created = class extends (base as typeof Variable) {
    static override readonly typeName: string = name;
  };
  byName.set(name, created);
  return created;
}

/**
 * The name that a class is registered under.
 * @param type - The class.
 * @throws {@link NotFoundError} when it is not.
 * @see Flax `nnx.variable_name_from_type`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.variableNameFromType(nnx.BatchStat); // => "batch_stats"
 * ```
 */
export function variableNameFromType(type: VariableType): string {
  for (const [name, candidate] of byName) if (candidate === type) return name;
  throw new NotFoundError(
    `variableNameFromType: expected a registered class, got ${type.typeName}. Register it with registerVariableName.`,
  );
}

/** The names of all registered classes. */
export const variableNames = (): string[] => [...byName.keys()];

/** Whether a class is registered under a name. */
export const isNamedVariable = (type: unknown): boolean =>
  [...byName.values()].some((known) => known === type);
function checkType(where: string, type: unknown): void {
  if (typeof type === "function" && (type === Variable || type.prototype instanceof Variable)) return;
  throw new NnxError(
    `${where}: expected a class of Variables, got ${describe(type)}. Extend Variable or Param.`,
  );
}

/** @file Checks and lists the registered names, for entry points that read them. */
import { NotFoundError } from "../errors.ts";
import { isNamedVariable, variableNames } from "../variable/registry.ts";
import type { NodeType } from "./graph-def.ts";
import { factoryNames, functionNames, moduleNames } from "./registry.ts";

/** A class or a function. */
interface Named {
  readonly name: string;
}

function isNamed(thing: Named): boolean {
  const f = thing as (...args: never[]) => unknown;
  return (
    moduleNames.nameOf(f as unknown as NodeType) !== undefined ||
    functionNames.nameOf(f) !== undefined ||
    factoryNames.nameOf(f) !== undefined ||
    isNamedVariable(thing)
  );
}

/**
 * Requires that things are registered. Code that reads names calls it with everything that a name
 * may stand for. This refers to the exports of the files that register names; a bundler drops a
 * file, and its registrations, when nothing refers to its exports.
 * @throws {@link NotFoundError} for the first thing that is not registered.
 */
export function requireNamed(where: string, things: readonly Named[]): void {
  for (const thing of things) {
    if (isNamed(thing)) continue;
    throw new NotFoundError(
      `${where}: expected ${thing.name} to be registered, got no name for it. ` +
        "A bundler may have dropped its registration: keep the side effects of this package's files.",
    );
  }
}

/** All registered names, by the kind of thing that they stand for. */
export const registeredNames = (): Readonly<
  Record<"modules" | "functions" | "factories" | "variables", string[]>
> => ({
  modules: moduleNames.all().sort(),
  functions: functionNames.all().sort(),
  factories: factoryNames.all().sort(),
  variables: variableNames().sort(),
});

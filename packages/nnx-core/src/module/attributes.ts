/** @file Setting attributes such as `deterministic` on all the modules that have them. */
import { describe, NotFoundError, StructureError } from "../errors.ts";
import { type Filter, toPredicate } from "../filter/filter.ts";
import { isWritable } from "../graph/node.ts";
import { formatPath, type Path } from "../path.ts";
import type { BaseModule } from "./base-module.ts";
import { iterModules } from "./iter-modules.ts";

/** New values by attribute name. */
export type AttributeValues = Readonly<Record<string, unknown>>;

export interface AttributeOptions {
  /** Which modules. @defaultValue all */
  only?: Filter;
  /** Throw when an attribute is found on no selected module. @defaultValue true */
  raiseIfNotFound?: boolean;
}

/** Whether the module's class, or one above, has an accessor of this name that can only be read: what it shows is another's. */
function isOnlyRead(module: object, name: string): boolean {
  for (let at: object | null = module; at; at = Object.getPrototypeOf(at) as object | null) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found) return found.get !== undefined && found.set === undefined;
  }
  return false;
}

/** The error for an attribute of a frozen module. */
export const unwritable = (
  where: string,
  path: Path | string,
  name: string,
  value: unknown,
): StructureError =>
  new StructureError(
    `${where} at ${typeof path === "string" ? path : formatPath(path)}: expected a module whose ${name} can be written, got a frozen one ` +
      `(for ${describe(value)}). Do not freeze modules; view gives a copy in another mode.`,
  );

/**
 * Sets each attribute on every selected module that already has it. Accessors without a setter do not count.
 * @throws {@link NotFoundError} when one is found nowhere, {@link StructureError} for a frozen module; nothing is set then (Flax sets the
 * others first).
 */
export function setAttributes(
  root: object,
  attributes: AttributeValues,
  { only = true, raiseIfNotFound = true }: AttributeOptions = {},
): void {
  const matches = toPredicate(only);
  const missing = new Set(Object.keys(attributes));
  const writes: [BaseModule, string, unknown][] = [];
  for (const [path, module] of iterModules(root)) {
    if (!matches(path, module)) continue;
    for (const [name, value] of Object.entries(attributes)) {
      if (!(name in module) || isOnlyRead(module, name)) continue;
      if (!isWritable(module, name)) throw unwritable("setAttributes", path, name, value);
      missing.delete(name);
      writes.push([module, name, value]);
    }
  }
  if (raiseIfNotFound && missing.size > 0) {
    throw new NotFoundError(
      `setAttributes: expected attributes that at least one selected module has, got {${[...missing].sort().join(", ")}}, ` +
        "which none has. Check the names and `only`, or pass { raiseIfNotFound: false }.",
    );
  }
  for (const [module, name, value] of writes) Reflect.set(module, name, value);
}

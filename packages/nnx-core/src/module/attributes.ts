/** @file Setting attributes such as `deterministic` on all the modules that have them. */
import { NotFoundError } from "../errors.ts";
import { type Filter, toPredicate } from "../filter/filter.ts";
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

/**
 * Sets each attribute on every selected module that already has it.
 * @throws {@link NotFoundError} when one is found nowhere; nothing is set then (Flax sets the others first).
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
      if (!(name in module)) continue;
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

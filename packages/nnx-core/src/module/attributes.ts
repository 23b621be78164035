/** @file Setting attributes such as `deterministic` on all the modules that have them. */
import { checkOptions } from "../checks/options.ts";
import { describe, NnxError, NotFoundError, StructureError } from "../errors.ts";
import { needsPath } from "../filter/description.ts";
import { type Filter, toPredicate } from "../filter/filter.ts";
import { pathOf } from "../graph/frame.ts";
import { framesOf } from "../graph/iterate.ts";
import { isWritable } from "../graph/node.ts";
import { formatPath, type Path } from "../path.ts";
import { isPlainObject } from "../plain-object.ts";
import { BaseModule } from "./base-module.ts";

/** New values by attribute name. */
export type AttributeValues = Readonly<Record<string, unknown>>;

export interface AttributeOptions {
  /** Which modules. @defaultValue all */
  only?: Filter;
  /** Throw when an attribute is found on no selected module. @defaultValue true */
  raiseIfNotFound?: boolean;
}

const noPath: Path = [];

/**
 * Whether the module, its class or one above has an attribute of this name. What every object has (`__proto__`, `constructor`, `toString`) is none,
 * and neither is an accessor that can only be read: what it shows is another's.
 */
function hasAttribute(module: object, name: string): boolean {
  for (let at = module; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found) return (at === module || name !== "constructor") && !(found.get && !found.set);
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
  options: AttributeOptions = {},
): void {
  checkOptions<AttributeOptions>("setAttributes", options, { only: true, raiseIfNotFound: true });
  if (!isPlainObject(attributes)) {
    throw new NnxError(
      `setAttributes: expected attributes by name, got ${describe(attributes)}. Pass them after the model: setAttributes(model, { deterministic: true }).`,
    );
  }
  const { only = true, raiseIfNotFound = true } = options;
  const matches = toPredicate(only);
  const needPaths = needsPath(matches);
  const missing = new Set(Object.keys(attributes));
  const writes: [BaseModule, string, unknown][] = [];
  for (const frame of framesOf(root)) {
    const { value: module } = frame;
    // Paths are as long as models are deep: only filters that look at them pay for them.
    if (!(module instanceof BaseModule) || !matches(needPaths ? pathOf(frame) : noPath, module)) continue;
    for (const [name, value] of Object.entries(attributes)) {
      if (!hasAttribute(module, name)) continue;
      if (!isWritable(module, name)) throw unwritable("setAttributes", pathOf(frame), name, value);
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

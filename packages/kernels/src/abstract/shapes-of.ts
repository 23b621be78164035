/** @file What a kernel would return, without running it. */
import type { Attrs, Inputs, Shaped } from "./shape-rule.ts";
import { shapeRules } from "./shapes.ts";

/**
 * The shapes and dtypes of what a kernel returns.
 * @returns nothing where they are not known, or inputs and attributes do not fit together.
 */
export function shapesOf(name: string, inputs: object, attrs: object): readonly Shaped[] | undefined {
  try {
    const made = shapeRules[name]?.(inputs as Inputs, attrs as Attrs);
    return made && (Array.isArray(made) ? (made as readonly Shaped[]) : [made as Shaped]);
  } catch {
    return undefined;
  }
}

/**
 * @file Parts of error messages, and a check of options. This file imports nothing, so that keys
 * can be used without the other packages.
 */

/** Describes a value in a few words. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value))
    return value.length > 8 ? `an array of length ${value.length}` : inBrackets(value.map(describe));
  if (typeof value === "function") return `the function ${value.name || "(anonymous)"}`;
  if (typeof value !== "object" || value === null) return String(value);
  // Not by the name of the class, which bundlers change.
  if ("equals" in value && (value as { dtype?: unknown }).dtype === "key<fry>")
    return (value as { toString(): string }).toString();
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === "string" && name !== "Object"
    ? `a ${name}`
    : `an object with keys {${Object.keys(value).join(", ")}}`;
}

/** Items as they are written in messages: `[2, 3]`. */
export const inBrackets = (items: { join(between: string): string }): string => `[${items.join(", ")}]`;

/** Every name that an options object may have. The type ensures that the list is exact. */
export type Names<O extends object> = { readonly [K in keyof Required<O>]: true };

/**
 * Refuses values that are not an options object, and unknown names in it.
 *
 * @param where - The function that the user called.
 * @throws TypeError that lists the known names.
 */
export function checkNames<O extends object>(
  where: string,
  options: O | null | undefined,
  names: Names<O>,
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    refuse(where, options, names);
  // A plain loop, because samplers that draw a few numbers at a time run this on each call.
  for (const name in options) if (names[name] !== true) refuse(where, options, names, name);
}

function refuse(where: string, options: unknown, names: object, name?: string): never {
  const known = Object.keys(names);
  if (name === undefined) {
    throw new TypeError(
      `${where}: expected an options object, got ${describe(options)}. Pass options by name, of {${known.join(", ")}}.`,
    );
  }
  const near = known.find((each) => plain(each).startsWith(plain(name).slice(0, 2)));
  throw new TypeError(
    `${where}: expected options among {${known.join(", ")}}, got ${JSON.stringify(name)}. ` +
      (near === undefined ? "Leave it out." : `Did you mean ${near}?`),
  );
}

const plain = (name: string): string => name.replaceAll("_", "").toLowerCase();

/** @file The name of a class or function in messages and printed definitions. */

/** A class or a function. */
interface Named {
  readonly name: string;
}

/** Names that classes were registered with. Minifiers rename classes, and leave these. */
const registered = new WeakMap<object, string>();

/** Shows a class by the name it is registered with, without the prefix: `my-app/Block` as `Block`. */
export function showAs(name: string, type: object): void {
  if (!registered.has(type)) registered.set(type, /[^./:]*$/.exec(name)?.[0] || name);
}

/** The `typeName` of a class, or else its `name`: the same before and after it is registered. */
export const sourceNameOf = (f: Named): string => {
  const typeName: unknown = Reflect.get(f, "typeName");
  return typeof typeName === "string" ? typeName : f.name;
};

/** The `typeName` of a class, or the name it is registered with, or else its `name`. */
export const nameOf = (f: Named): string => registered.get(f) ?? (sourceNameOf(f) || "(anonymous)");

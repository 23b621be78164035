/** @file The name of a class or function in messages and printed definitions. */

/** The `typeName` of a class, or else its `name`. */
export const nameOf = (f: { readonly name: string }): string => {
  const typeName: unknown = Reflect.get(f, "typeName");
  return (typeof typeName === "string" ? typeName : f.name) || "(anonymous)";
};

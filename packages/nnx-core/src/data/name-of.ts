/** @file What a class or function is called in messages and printed definitions. */

/** The name that a class says it has (`typeName`), or else its own. */
export const nameOf = (f: { readonly name: string }): string => {
  const typeName: unknown = Reflect.get(f, "typeName");
  return (typeof typeName === "string" ? typeName : f.name) || "(anonymous)";
};

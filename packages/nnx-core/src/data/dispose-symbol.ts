/** @file The name of the method that `using` calls. */

/** TypeScript says that it is always there; older engines disagree. */
const native = Symbol.dispose as typeof Symbol.dispose | undefined;

/**
 * `Symbol.dispose`, or in engines without it the symbol that core-js puts in its place and that
 * `using` looks for when esbuild, Babel or SWC compile it. Nothing global is changed.
 */
export const disposeSymbol: typeof Symbol.dispose =
  native ?? (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);

/**
 * For classes with a method `[Symbol.dispose]`, a name that declarations need to be literal: in
 * engines without that symbol the method is called "undefined", and this gives it its name.
 */
export function nameDisposeMethod(prototype: Disposable): void {
  if (native !== undefined) return;
  const method = Reflect.getOwnPropertyDescriptor(prototype, "undefined");
  if (method === undefined) return;
  Object.defineProperty(prototype, disposeSymbol, method);
  Reflect.deleteProperty(prototype, "undefined");
}

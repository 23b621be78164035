/** @file The name of the method that `using` calls. */

/** The engine's own symbol. TypeScript declares it always, but older engines lack it. */
const native = Symbol.dispose as typeof Symbol.dispose | undefined;

/**
 * `Symbol.dispose`, or a replacement in engines without it. The replacement is the symbol that
 * core-js defines. A `using` that esbuild, Babel or SWC compiled looks for it too. Nothing global
 * is changed.
 */
export const disposeSymbol: typeof Symbol.dispose =
  native ?? (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);

/**
 * Names the dispose method of a class in engines without `Symbol.dispose`. Classes must write
 * `[Symbol.dispose]` literally, since declarations need it. Those engines then call the method
 * "undefined", and `nameDisposeMethod` moves it to `disposeSymbol`.
 */
export function nameDisposeMethod(prototype: Disposable): void {
  if (native !== undefined) return;
  const method = Reflect.getOwnPropertyDescriptor(prototype, "undefined");
  if (method === undefined) return;
  Object.defineProperty(prototype, disposeSymbol, method);
  Reflect.deleteProperty(prototype, "undefined");
}

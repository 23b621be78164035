/** @file Makes this process an engine without `Symbol.dispose`. Import it first. */
const native = Symbol;

/** Node's own cannot be deleted, so that another function stands in for `Symbol`. */
function OldSymbol(description?: string): symbol {
  return native(description);
}

for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(native))) {
  if (key !== "dispose" && key !== "asyncDispose") Object.defineProperty(OldSymbol, key, descriptor);
}
globalThis.Symbol = OldSymbol as unknown as SymbolConstructor;

/** @file How objects say what they are: as text, in Node's console, and in failures of tests. */

/** The method that Node's `console.log` asks for. */
export const inspectSymbol: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/** The name of the method that `String(x)` calls first. No attribute can have it. */
const primitive = Symbol.toPrimitive;

function define(object: object, key: PropertyKey, value: unknown): void {
  if (Object.hasOwn(object, key)) return;
  Object.defineProperty(object, key, { value, configurable: true, writable: true });
}

function asPrimitive(this: object, hint: string): unknown {
  return hint === "number" ? Number.NaN : textOf(this);
}
function inInspector(this: object, depth: number): string {
  const text = textOf(this);
  // Node asks with a negative depth for what is nested too deep to be shown.
  return depth < 0 ? `[${text.split("\n")[0]?.replace(/:$/, "")}]` : text;
}
function asJson(this: object): string {
  return jsonTextOf(this);
}

const texts = new WeakMap<
  object,
  { readonly text: (x: object) => string; readonly json: (x: object) => string }
>();
const textOf = (x: object): string => texts.get(x)?.text(x) ?? "";
const jsonTextOf = (x: object): string => texts.get(x)?.json(x) ?? "";

/**
 * Gives a plain object a text, before it is frozen. `String`, Node's console and failures of tests
 * print it. Code that copies or compares the object does not see the methods.
 * @param json - The text in failures of tests, if it is another one.
 */
export function printsAs<T extends object>(
  object: T,
  text: (x: T) => string,
  json: (x: T) => string = text,
): T {
  texts.set(object, { text, json } as never);
  define(object, primitive, asPrimitive);
  define(object, inspectSymbol, inInspector);
  define(object, "toJSON", asJson);
  return object;
}

/**
 * Gives the instances of a class a text. Classes that define `toString` themselves keep it.
 * @param json - The text in failures of tests.
 */
export function instancesPrintAs<T extends object>(
  prototype: T,
  { line, json }: { readonly line: (x: T) => string; readonly json: (x: T) => string },
): void {
  define(prototype, inspectSymbol, function (this: T, depth: number) {
    return depth < 0 ? `[${line(this)}]` : String(this);
  });
  define(prototype, "toJSON", function (this: T) {
    return json(this);
  });
}

/** @file How objects say what they are: as text, in Node's console, and in failures of tests. */

/** The name of the method that Node's `console.log` calls. */
const inspectSymbol: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

const hidden = (value: unknown): PropertyDescriptor => ({ value, configurable: true, writable: true });

/** Adds properties that code that copies or compares an object does not see. */
function addHidden(
  object: object,
  properties: readonly (readonly [key: PropertyKey, value: unknown])[],
): void {
  for (const [key, value] of properties)
    if (!Object.hasOwn(object, key)) Object.defineProperty(object, key, hidden(value));
}

/** Whether a plain object was given a text. */
export const isPrinting = (x: object): boolean => Object.hasOwn(x, inspectSymbol);

/** What Node prints in the place of an object that is nested too deep. */
const closed = (text: string): string => `[${text.split("\n", 1)[0]?.replace(/:$/, "")}]`;

/** The methods that Node's console and test runners call. */
const printingMethods = <T>(
  whole: (x: T) => string,
  line: (x: T) => string,
  json: (x: T) => string,
): readonly (readonly [key: PropertyKey, method: unknown])[] => [
  [
    inspectSymbol,
    function (this: T, depth: number) {
      return depth < 0 ? closed(line(this)) : whole(this);
    },
  ],
  [
    "toJSON",
    function (this: T) {
      return json(this);
    },
  ],
];

/**
 * Returns a function that gives plain objects a text, before they are frozen. `String`, Node's
 * console and failures of tests print it.
 * @param json - The text in failures of tests. The methods use `this` alone, since test runners
 * print copies.
 */
export function printingAs<T extends object>(
  text: (x: T) => string,
  json: (x: T) => string = text,
): <S extends T>(object: S) => S {
  const methods = [
    [
      Symbol.toPrimitive,
      function (this: T, hint: string) {
        return hint === "number" ? Number.NaN : text(this);
      },
    ],
    ...printingMethods(text, text, json),
  ] as const;
  return (object) => {
    addHidden(object, methods);
    return object;
  };
}

/**
 * Gives the instances of a class a text in Node's console, that of their `toString`, and one in
 * failures of tests.
 */
export function instancesPrintAs<T extends { toString(): string }>(
  prototype: T,
  { line, json }: { readonly line: (x: T) => string; readonly json: (x: T) => string },
): void {
  addHidden(
    prototype,
    printingMethods((x) => String(x), line, json),
  );
}

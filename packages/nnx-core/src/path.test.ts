import fc from "fast-check";
import { expect, it } from "vitest";
import { pathKey, type PathPart } from "./path.ts";

const part = fc.oneof(fc.string(), fc.nat(20), fc.constantFrom("a", "b", "a.b", "1:a", ".", "", "__proto__"));
const parts = fc.array(part, { maxLength: 4 });

it("gives a key to each path: equal for equal ones, different for different ones", () => {
  const text = (path: readonly PathPart[]): string => JSON.stringify(path.map(String));
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      expect(pathKey(a) === pathKey(b)).toBe(text(a) === text(b));
    }),
  );
});

it("tells a dot in a name from a step down", () => {
  expect(pathKey(["a.b"])).not.toBe(pathKey(["a", "b"]));
  expect(pathKey(["a", 0])).toBe(pathKey(["a", "0"]));
});

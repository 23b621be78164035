/** @file What messages say about values, and how options are checked. */
import { describe as suite, expect, it } from "vitest";
import { key, split } from "./key.ts";
import { checkNames, describe } from "./messages.ts";
import { PRNGKey } from "./prng-key.ts";
import { dimensionsOf, formatShape, sizeOf } from "./shape.ts";

class Odd {
  readonly x = 1;
}

suite("describe", () => {
  it.each<[unknown, string]>([
    ["a\nb", '"a\\nb"'],
    [[1, "x", null], '[1, "x", null]'],
    [[[1], [2, 3]], "[[1], [2, 3]]"],
    [new Array(8).fill(0), "[0, 0, 0, 0, 0, 0, 0, 0]"],
    [new Array(9).fill(0), "an array of length 9"],
    [Math.sin, "the function sin"],
    [
      (
        () => () =>
          0
      )(),
      "the function (anonymous)",
    ],
    [null, "null"],
    [undefined, "undefined"],
    [5n, "5"],
    [Symbol("s"), "Symbol(s)"],
    [key(3), "key<fry>[] [0, 3]"],
    [new Odd(), "a Odd"],
    [{ a: 1, b: 2 }, "an object with keys {a, b}"],
    [Object.create(null), "an object with keys {}"],
    [{ constructor: 1 }, "an object with keys {constructor}"],
    [Object.create({ constructor: undefined }), "an object with keys {}"],
  ])("%#", (value, text) => {
    expect(describe(value)).toBe(text);
  });
});

suite("describe of a key", () => {
  it("does not depend on the name of its class, which bundlers change", () => {
    const { name } = PRNGKey;
    Object.defineProperty(PRNGKey, "name", { value: "_t", configurable: true });
    try {
      expect(describe(split(key(3), 9))).toMatch(/^key<fry>\[9\] /);
    } finally {
      Object.defineProperty(PRNGKey, "name", { value: name, configurable: true });
    }
  });
});

suite("checkNames", () => {
  const names = { minval: true, out: true, shape_of: true } as const;
  const check = (options: unknown) => () => checkNames("f", options as object, names);

  it("takes known names, and objects without any", () => {
    expect(check({})).not.toThrow();
    expect(check({ out: 1, minval: undefined })).not.toThrow();
  });

  it.each<[unknown, string]>([
    [null, "f: expected an options object, got null. Pass options by name, of {minval, out, shape_of}."],
    [undefined, "f: expected an options object, got undefined."],
    [3, "f: expected an options object, got 3."],
    [["out"], 'f: expected an options object, got ["out"].'],
    [
      { min_val: 0 },
      'f: expected options among {minval, out, shape_of}, got "min_val". Did you mean minval?',
    ],
    [{ OUTPUT: 0 }, 'got "OUTPUT". Did you mean out?'],
    [{ ou: 0 }, 'got "ou". Did you mean out?'],
    [{ sHapeOf: 0 }, 'got "sHapeOf". Did you mean shape_of?'],
    [{ xout: 0 }, 'got "xout". Leave it out.'],
    [{ out: 1, toString: 1 }, 'got "toString". Leave it out.'],
  ])("refuses %j", (options, message) => {
    expect(check(options)).toThrow(TypeError);
    expect(check(options)).toThrow(message);
  });
});

suite("shapes", () => {
  it("are lists of sizes, or one size", () => {
    const given = [2, 3];
    expect(dimensionsOf("f", given)).toEqual([2, 3]);
    expect(dimensionsOf("f", given)).not.toBe(given);
    expect(dimensionsOf("f", 4)).toEqual([4]);
    expect(dimensionsOf("f", [])).toEqual([]);
    expect([sizeOf([]), sizeOf([2, 3]), sizeOf([2, 0])]).toEqual([1, 6, 0]);
    expect(formatShape([2, 3])).toBe("[2, 3]");
  });

  it.each<[unknown, string]>([
    ["2", 'f: expected a shape of non-negative integers, got "2".'],
    [undefined, "got undefined. Give the size of each axis, such as [2, 3]; the key comes first."],
    [[2, -1], "f: expected a shape of non-negative integers, got [2, -1]."],
    [[2, 0.5], "got [2, 0.5]."],
    [["2"], 'got ["2"].'],
    [2 ** 53, "f: expected a shape of non-negative integers, got [9007199254740992]."],
    [
      [2 ** 16, 2 ** 16],
      "f: expected a shape of at most 4294967295 elements, got [65536, 65536]. Draw in parts.",
    ],
  ])("%j is none", (shape, message) => {
    expect(() => dimensionsOf("f", shape as number)).toThrow(message);
  });

  it("may be as large as a typed array, and not larger", () => {
    expect(dimensionsOf("f", 2 ** 32 - 1)).toEqual([2 ** 32 - 1]);
    expect(() => dimensionsOf("f", 2 ** 32)).toThrow(RangeError);
  });
});

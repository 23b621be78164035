/** @file Keys, checksums and headers, as FORMAT.md says. */
import { crc32 as zlibCrc32 } from "node:zlib";
import { type Path, pathKey, type PathPart } from "@nnxjs/nnx-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32InJavaScript as crc32, hexOf } from "./crc32.ts";
import { readHeaderText } from "./header-text.ts";
import { keyOf, pathOfKey } from "./keys.ts";
import { headerBytes, layOut } from "./layout.ts";
import { JsonFault, parseStrictly } from "./strict-json.ts";
import { compareCodePoints, isWellFormed } from "./text.ts";

describe("keys", () => {
  it.each<[Path, string]>([
    [["layers", 0, "kernel"], "layers.0.kernel"],
    [["a.b", "c\\d"], "a\\.b.c\\\\d"],
    [["12"], "12"],
    [["1234567890"], "\\1234567890"],
    [["-1"], "\\-1"],
    [[-1], "-1"],
    [["007", "-0", "1e3"], "007.-0.1e3"],
    [["", "x", ""], "\\e.x.\\e"],
    [["\\e"], "\\\\e"],
    [[], ""],
    [[""], "\\e"],
    [["__metadata__"], "\\__metadata__"],
    [["__metadata__", "a"], "__metadata__.a"],
    [["__proto__", "ä", "🙂"], "__proto__.ä.🙂"],
  ])("of %j is %s, and back", (path, key) => {
    expect(keyOf(path)).toBe(key);
    expect(pathKey(pathOfKey(key) as Path)).toBe(pathKey(path));
  });

  it("differ for different paths, and say each path again", () => {
    const part: fc.Arbitrary<PathPart> = fc.oneof(
      fc.nat(),
      fc.string(),
      fc.string({ unit: fc.constantFrom("\\", ".", "e", "0", "-", "_", "a") }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), fc.array(part, { maxLength: 4 }), (a, b) => {
        expect(pathKey(pathOfKey(keyOf(a)) as Path)).toBe(pathKey(a));
        expect(keyOf(a) === keyOf(b)).toBe(pathKey(a) === pathKey(b));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(["a.", ".a", "a..b", "a\\", "\\x", "a\\e", "."])("are not what %j is", (key) => {
    expect(pathOfKey(key)).toBeUndefined();
  });
});

describe("crc32", () => {
  it("is zlib's, at any place in memory and in any pieces", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(8), fc.nat(300), (bytes, offset, cut) => {
        const memory = new Uint8Array(bytes.length + offset);
        memory.set(bytes, offset);
        const here = memory.subarray(offset);
        expect(crc32(here)).toBe(zlibCrc32(bytes));
        expect(crc32(here.subarray(cut), crc32(here.subarray(0, cut)))).toBe(zlibCrc32(bytes));
      }),
    );
    expect(hexOf(crc32(new TextEncoder().encode("123456789")))).toBe("cbf43926");
    expect(hexOf(1)).toBe("00000001");
  });
});

describe("a header", () => {
  it("is written so that it is read the same, padded to eight bytes, the widest elements first", () => {
    const tensors = new Map([
      ["b", { dtype: "BOOL", shape: [3] }],
      ["z", { dtype: "F32", shape: [2, 2] }],
      ["a", { dtype: "F32", shape: [] }],
      ["__proto__", { dtype: "F64", shape: [0, 5] }],
      ["10", { dtype: "F64", shape: [1] }],
    ] as const);
    const placed = layOut(tensors);
    expect(placed.map(({ key, begin }) => [key, begin])).toEqual([
      ["10", 0],
      ["__proto__", 8],
      ["a", 8],
      ["z", 12],
      ["b", 28],
    ]);
    const metadata = new Map([
      ['q"\n', "ü\u0000"],
      ["__proto__", "x"],
    ]);
    const bytes = headerBytes(placed, metadata);
    expect(bytes.length % 8).toBe(0);
    const read = readHeaderText(new TextDecoder().decode(bytes.subarray(8)));
    expect(read.metadata).toEqual(metadata);
    expect([...read.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
    expect(read.tensors.get("z")).toEqual({ dtype: "F32", shape: [2, 2], begin: 12, end: 28 });
  });
});

describe("strict JSON", () => {
  it("is what JSON.parse gives, where no name comes twice", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseStrictly(text, 100)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ['{"a":1,"a":2}', /the name "a" twice/],
    ['{"a":1,"\\u0061":2}', /twice/],
    ['[{"b":{"a":"}","a":[]}}]', /twice/],
    ['{"a":[{"a":1},{"a":1}],"b":"\\"","a":0}', /twice/],
    [`${"[".repeat(12)}${"]".repeat(12)}`, /more than 10 levels/],
    ["{", /JSON/],
    ['{"a', /JSON/],
  ])("refuses %s", (text, message) => {
    const parse = (): unknown => {
      try {
        return parseStrictly(text, 10);
      } catch (error) {
        expect(error).toBeInstanceOf(JsonFault);
        return (error as JsonFault).message;
      }
    };
    expect(parse()).toMatch(message);
  });

  it("lets one name stand in several objects, and in texts", () => {
    expect(parseStrictly('[{"a":{"a":"\\"a\\":"}},{"a":["a","a"]}]', 10)).toEqual([
      { a: { a: '"a":' } },
      { a: ["a", "a"] },
    ]);
  });
});

describe("text", () => {
  it("is sorted as its UTF-8 is", () => {
    const utf8 = (text: string): Buffer => Buffer.from(text);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
        expect(Math.sign(compareCodePoints(a, b))).toBe(Buffer.compare(utf8(a), utf8(b)));
      }),
    );
    expect(compareCodePoints("\uffff", "\u{10000}")).toBeLessThan(0);
  });

  it("is whole characters, or not", () => {
    expect(["", "a", "🙂", "\ud83d\ude42"].map(isWellFormed)).toEqual([true, true, true, true]);
    expect(["\ud83d", "\ude42", "a\ud83db"].map(isWellFormed)).toEqual([false, false, false]);
  });
});

/** @file Keys, checksums and headers, as FORMAT.md says. */
import { crc32 as zlibCrc32 } from "node:zlib";
import { type Path, pathKey, type PathPart } from "@nnxjs/nnx-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32InJavaScript as crc32, crcTables, hexOf } from "./crc32.ts";
import { bytesOf, formText, isFileDtype, sizeOf } from "./dtypes.ts";
import { headerLength, mostHeaderBytes, readHeader, shownKey } from "./header.ts";
import { readHeaderText } from "./header-text.ts";
import { keyOf, pathOfKey } from "./keys.ts";
import { headerBytes, layOut } from "./layout.ts";
import { checksumOf } from "./metadata.ts";
import { JsonFault, parseStrictly } from "./strict-json.ts";
import { compareCodePoints, isWellFormed, textOfBytes } from "./text.ts";

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

  it("keep the texts that look like numbers", () => {
    expect(pathOfKey("-0")).toEqual(["-0"]);
    expect(pathOfKey("123456789")).toEqual([123456789]);
    expect(pathOfKey("-1")).toEqual(["-1"]);
  });

  it.each(["a.", ".a", "a..b", "a\\", "\\x", "a\\e", "."])("are not what %j is", (key) => {
    expect(pathOfKey(key)).toBeUndefined();
  });
});

describe("crc32", () => {
  it("is zlib's, at any place in memory and in any pieces", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300, size: "max" }),
        fc.nat(8),
        fc.nat(300),
        (bytes, offset, cut) => {
          const memory = new Uint8Array(bytes.length + offset);
          memory.set(bytes, offset);
          const here = memory.subarray(offset);
          expect(crc32(here)).toBe(zlibCrc32(bytes));
          expect(crc32(here.subarray(cut), crc32(here.subarray(0, cut)))).toBe(zlibCrc32(bytes));
        },
      ),
    );
    expect(hexOf(crc32(new TextEncoder().encode("123456789")))).toBe("cbf43926");
    expect(hexOf(1)).toBe("00000001");
  });

  it("has a table of each byte with up to fifteen zeros behind it", () => {
    const tables = crcTables();
    const right = Array.from({ length: 16 * 256 }, (_, i) => {
      const bytes = new Uint8Array(1 + (i >> 8));
      bytes[0] = i & 255;
      // The register is the complement of the sum, before and after.
      return ~zlibCrc32(bytes, 0xffffffff);
    });
    expect([...tables]).toEqual(right);
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

const headerOf = (json: string): Uint8Array => new TextEncoder().encode(json);

describe("reading a header", () => {
  const start = (length: number): Uint8Array => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
    return bytes;
  };

  it("takes as many bytes as safetensors does, and not one more", () => {
    expect(mostHeaderBytes).toBe(100_000_000);
    expect(headerLength("f", start(1e8), 1e9)).toBe(1e8);
    expect(headerLength("f", start(2), 10)).toBe(2);
    expect(() => headerLength("f", start(1e8 + 1), 1e9)).toThrow(/^f: expected a header of at most/);
    expect(() => headerLength("f", start(3), 10)).toThrow(
      "f: expected a file of at least 11 bytes, got one of 10",
    );
  });

  it("lets tensors without elements stand where another one begins or ends, in any order", () => {
    const empty = (at: number): string => `{"dtype":"F32","shape":[0],"data_offsets":[${at},${at}]}`;
    const one = '{"dtype":"F32","shape":[],"data_offsets":[0,4]}';
    const two = '{"dtype":"F32","shape":[],"data_offsets":[4,8]}';
    for (const entries of [
      [empty(0), one, two, empty(4), empty(8)],
      [empty(8), empty(4), two, one, empty(0)],
    ]) {
      const json = `{${entries.map((entry, i) => `"${i}":${entry}`).join(",")}}`;
      const { tensors, dataStart } = readHeader("f", headerOf(json), 8 + json.length + 8);
      expect(tensors.size).toBe(5);
      expect(dataStart).toBe(8 + json.length);
    }
  });

  it("refuses an entry that lacks a field", () => {
    const fields = ['"dtype":"F32"', '"shape":[]', '"data_offsets":[0,4]'];
    for (const missing of fields) {
      const json = `{"w":{${fields.filter((field) => field !== missing).join(",")}}}`;
      expect(() => readHeader("f", headerOf(json), 8 + json.length + 4)).toThrow(
        /dtype, shape and two data_offsets before this/,
      );
    }
  });

  it("shows keys in the room that a message has", () => {
    expect([shownKey(""), shownKey("a.b")]).toEqual(["(root)", "a.b"]);
    expect(shownKey("k".repeat(200))).toBe("k".repeat(200));
    expect(shownKey("k".repeat(201))).toBe(`${"k".repeat(200)}...`);
  });
});

describe("a dtype and a shape", () => {
  it("say how many elements and bytes there are, or that nobody can count them", () => {
    expect([[], [3], [2, 3], [2 ** 40, 2 ** 40, 0]].map(sizeOf)).toEqual([1, 3, 6, 0]);
    expect([2 ** 53, 2 ** 53 - 1].map((length) => sizeOf([length]))).toEqual([Number.NaN, 2 ** 53 - 1]);
    expect(bytesOf({ dtype: "C64", shape: [2, 3] })).toBe(48);
    expect(bytesOf({ dtype: "F32", shape: [2 ** 52] })).toBeNaN();
    expect(formText({ dtype: "F32", shape: [2, 3] })).toBe("F32[2,3]");
    expect(["F8_E8M0", "F4", "toString"].map(isFileDtype)).toEqual([true, false, false]);
  });
});

describe("the checksum of a header", () => {
  it("is of each key, dtype, shape and text, in the order of code points, with a NUL behind each", () => {
    const tensors = new Map([
      ["\u{1f642}", { dtype: "F32", shape: [] }],
      ["\uffff", { dtype: "F32", shape: [2, 3] }],
    ] as const);
    const metadata = new Map([
      ["z", "1"],
      ["a", "ü"],
      ["nnx.checksum", "whatever"],
    ]);
    const text = "\uffff\0F32\x002,3\0\u{1f642}\0F32\0\0a\0ü\0z\x001\0";
    expect(checksumOf(tensors, metadata)).toBe(hexOf(zlibCrc32(text)));
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

  it("goes as deep as it may, with as many beside each other as there are", () => {
    const deep = `${"[".repeat(10)}${"]".repeat(10)}`;
    expect(parseStrictly(deep, 10)).toEqual(JSON.parse(deep));
    const wide = `[${'[],{"a":{}},'.repeat(20)}"[[[[[[[[[[["]`;
    expect(parseStrictly(wide, 10)).toEqual(JSON.parse(wide));
  });

  it("tells a quote from one that ends a text", () => {
    for (const text of ['{"a\\\\":1,"a":2}', '{"a\\"":1,"a":2}', '["\\\\","\\""]'])
      expect(parseStrictly(text, 10)).toEqual(JSON.parse(text));
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
    // Of all lengths in UTF-8, and with halves of characters around those that are one.
    const point = fc.oneof(
      fc.nat(0x7f),
      fc.integer({ min: 0x80, max: 0xd7ff }),
      fc.integer({ min: 0xe000, max: 0xffff }),
      fc.integer({ min: 0x10000, max: 0x10ffff }),
    );
    const text = fc.array(point, { maxLength: 6 }).map((points) => String.fromCodePoint(...points));
    fc.assert(
      fc.property(text, text, text, (start, a, b) => {
        const [x, y] = [start + a, start + b];
        expect(Math.sign(compareCodePoints(x, y))).toBe(Buffer.compare(Buffer.from(x), Buffer.from(y)));
      }),
      { numRuns: 300 },
    );
    expect(compareCodePoints("\uffff", "\u{10000}")).toBeLessThan(0);
    expect(compareCodePoints("\ud7ff", "\ue000")).toBeLessThan(0);
    expect(compareCodePoints("\udfff", "\ue000")).toBeGreaterThan(0);
    expect(compareCodePoints("\ud800", "\ue000")).toBeGreaterThan(0);
    expect(compareCodePoints("a", "ab")).toBeLessThan(0);
  });

  it("is read as it is, with a mark of the order of bytes; or not at all", () => {
    expect(textOfBytes(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
    expect(textOfBytes(Uint8Array.of(0x61, 0xff))).toBeUndefined();
  });

  it("is whole characters, or not", () => {
    expect(["", "a", "🙂", "\ud83d\ude42"].map(isWellFormed)).toEqual([true, true, true, true]);
    expect(["\ud83d", "\ude42", "a\ud83db"].map(isWellFormed)).toEqual([false, false, false]);
  });
});

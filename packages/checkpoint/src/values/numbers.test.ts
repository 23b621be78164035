/** @file Numbers and nested lists of them as tensors, and numbers from every dtype. */
import { describe, expect, it } from "vitest";
import type { FileDtype } from "../format/dtypes.ts";
import { isNumeric, nested, numbersFrom, numbersIn } from "./numbers.ts";

const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
};

describe("numbersIn", () => {
  it.each<[unknown, "U32" | "F64", number[], number[]]>([
    [7, "U32", [], [7]],
    [4294967295, "U32", [], [4294967295]],
    [4294967296, "F64", [], [4294967296]],
    [-1, "F64", [], [-1]],
    [-0, "F64", [], [-0]],
    [0.5, "F64", [], [0.5]],
    [[], "U32", [0], []],
    [[[], []], "U32", [2, 0], []],
    [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      "U32",
      [3, 2],
      [1, 2, 3, 4, 5, 6],
    ],
    [[1, Number.NaN], "F64", [2], [1, Number.NaN]],
  ])("of %j is %s%j", (value, dtype, shape, values) => {
    const found = numbersIn(value);
    expect(found).toEqual({ dtype, shape, values: expect.anything() as unknown });
    expect([...(found?.values ?? [])]).toEqual(values);
    expect(nested(values, shape)).toEqual(value);
  });

  it.each([
    ["a text", "1"],
    ["a list with a text", [1, "1"]],
    ["rows of different lengths", [[1], [2, 3]]],
    ["a number beside a list", [1, [2]]],
    ["a list beside a number", [[1], 2]],
    ["rows where a number has none", [[], 2]],
    ["a list with a hole", new Array<number>(2)],
    ["nothing", undefined],
    ["null", null],
    ["a record", { 0: 1, length: 1 }],
    ["a typed array", Float32Array.of(1)],
  ])("of %s is nothing", (_, value) => {
    expect(numbersIn(value)).toBeUndefined();
  });

  it("goes 32 axes deep", () => {
    expect(numbersIn(deep(32))?.shape).toEqual(new Array(32).fill(1));
    expect(numbersIn(deep(33))).toBeUndefined();
  });
});

describe("numbersFrom", () => {
  const nan = Number.NaN;
  it.each<[FileDtype, number, number[], number[]]>([
    ["U8", 1, [0, 200], [0, 200]],
    ["I8", 1, [127, 200], [127, -56]],
    ["U16", 2, [1, 2, 0, 255], [513, 65280]],
    ["I16", 2, [1, 2, 0, 255], [513, -256]],
    ["U32", 4, [1, 2, 3, 4, 0, 0, 0, 255], [67305985, 4278190080]],
    ["I32", 4, [1, 2, 3, 4, 0, 0, 0, 255], [67305985, -16777216]],
    ["U64", 8, [0, 0, 0, 0, 0, 1, 0, 0], [2 ** 40]],
    ["U64", 8, [0, 0, 0, 0, 0, 0, 0, 128], [2 ** 63]],
    ["I64", 8, [0, 0, 0, 0, 0, 0, 0, 128], [-(2 ** 63)]],
    ["F32", 4, [0, 0, 192, 63, 1, 0, 0, 0], [1.5, 2 ** -149]],
    ["F64", 8, [0, 0, 0, 0, 0, 0, 248, 63], [1.5]],
    ["BF16", 2, [192, 63, 0, 128, 128, 255, 192, 127, 1, 0], [1.5, -0, -Infinity, nan, 2 ** -133]],
    // Zeros; the smallest, the largest that is subnormal, and the first that is not.
    ["F16", 2, [0, 0, 0, 128], [0, -0]],
    ["F16", 2, [1, 0, 1, 128, 255, 3, 0, 4], [2 ** -24, -(2 ** -24), 1023 * 2 ** -24, 2 ** -14]],
    ["F16", 2, [0, 60, 1, 60, 85, 53, 255, 123], [1, 1.0009765625, 0.333251953125, 65504]],
    ["F16", 2, [0, 124, 0, 252, 1, 124, 0, 254], [Infinity, -Infinity, nan, nan]],
  ])("of %s reads %i bytes each, the lowest first", (dtype, width, bytes, numbers) => {
    // At a place in memory where no number begins.
    const memory = Uint8Array.from([9, ...bytes, 9]);
    expect(numbersFrom(dtype, memory.subarray(1, -1), width)).toEqual(numbers);
    expect(isNumeric(dtype)).toBe(true);
  });

  it("gives nothing where a double cannot hold one of them", () => {
    const bytes = (...values: bigint[]): Uint8Array => new Uint8Array(BigInt64Array.from(values).buffer);
    expect(numbersFrom("I64", bytes(2n ** 53n, -(2n ** 53n)), 8)).toEqual([2 ** 53, -(2 ** 53)]);
    expect(numbersFrom("I64", bytes(1n, 2n ** 53n + 1n), 8)).toBeUndefined();
    expect(numbersFrom("U64", bytes(-1n), 8)).toBeUndefined();
  });

  it.each<FileDtype>(["BOOL", "C64", "F8_E5M2", "F8_E4M3", "F8_E8M0"])("reads no %s", (dtype) => {
    expect(isNumeric(dtype)).toBe(false);
    expect(numbersFrom(dtype, new Uint8Array(8), 8)).toBeUndefined();
  });
});

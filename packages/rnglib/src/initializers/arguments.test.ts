import { describe, expect, it } from "vitest";
import { type Initializer, initializers, random, Rngs } from "../index.ts";

const key = random.key(0);
// Arguments that the types refuse but JavaScript lets through.
const anything = initializers as unknown as Readonly<
  Record<string, (...args: readonly unknown[]) => Initializer>
>;
const make = (name: string, args: readonly unknown[]): Initializer | undefined => anything[name]?.(...args);

describe("an initializer refuses at once", () => {
  it.each<[string, readonly unknown[], string]>([
    [
      "orthogonal",
      [{ columnAxis: -2 }],
      "orthogonal: expected the scale to be a finite number, got an object",
    ],
    ["orthogonal", [1, { columAxis: -2 }], "Did you mean columnAxis?"],
    [
      "orthogonal",
      [1, { columnAxis: "0" }],
      'orthogonal: expected columnAxis to be a finite number, got "0"',
    ],
    ["deltaOrthogonal", [null], "deltaOrthogonal: expected the scale to be a finite number, got null"],
    ["deltaOrthogonal", [1, { column_axis: 0 }], "Did you mean columnAxis?"],
    [
      "normal",
      [{ stddev: 1 }],
      "normal: expected the standard deviation to be a finite number, got an object",
    ],
    ["normal", [Number.NaN], "normal: expected the standard deviation to be a finite number, got NaN"],
    [
      "uniform",
      [Number.POSITIVE_INFINITY],
      "uniform: expected the scale to be a finite number, got Infinity",
    ],
    ["truncatedNormal", [1, { lowr: -1 }], "Did you mean lower?"],
    [
      "truncatedNormal",
      [1, { lower: 2, upper: -2 }],
      "truncatedNormal: expected lower below upper, got 2 and -2",
    ],
    [
      "truncatedNormal",
      [1, { lower: Number.NaN }],
      "truncatedNormal: expected lower below upper, got NaN and 2",
    ],
    ["constant", [[1, 2]], "constant: expected a number, got an array of length 2"],
    [
      "varianceScaling",
      ["2", "fanIn", "normal"],
      'varianceScaling: expected the scale to be a finite number, got "2"',
    ],
    ["varianceScaling", [-1, "fanIn", "normal"], "varianceScaling: expected a scale of at least 0, got -1"],
    ["varianceScaling", [1, "fanIn", "normal", { in_axis: 0 }], "Did you mean inAxis?"],
    [
      "varianceScaling",
      [1, "fanIn", "normal", { inAxis: 1.5 }],
      "varianceScaling: expected inAxis to be an integer",
    ],
    [
      "heNormal",
      [{ outAxs: 0 }],
      "initializers.heNormal: expected options among {inAxis, outAxis, batchAxis}",
    ],
    [
      "lecunUniform",
      [{ batchAxis: [0, "1"] }],
      "lecunUniform: expected batchAxis to be an integer or a list of",
    ],
    ["glorotNormal", [2], "initializers.glorotNormal: expected an options object, got 2"],
    ["xavierUniform", [{ axis: 0 }], "initializers.glorotUniform: expected options among"],
  ])("%s(...%j)", (name, args, message) => {
    expect(() => make(name, args)).toThrow(message);
  });

  it("and so it does as a method of streams", () => {
    const rngs = new Rngs(0);
    expect(() => rngs.heNormal({ outAxs: 0 } as object)).toThrow("Did you mean outAxis?");
    expect(rngs.stream().count.value).toBe(0);
  });
});

describe("an initializer refuses when it is called", () => {
  it.each<[string, () => unknown, string]>([
    [
      "an axis",
      () => initializers.orthogonal(1, { columnAxis: 2 })(key, [3, 3]),
      "expected an axis of the shape [3, 3], got 2",
    ],
    [
      "a fraction",
      () => initializers.orthogonal(1, { columnAxis: 0.5 })(key, [3, 3]),
      "got 0.5. Count from 0",
    ],
    [
      "a shape",
      () => (initializers.zeros as Initializer)(key, "3" as unknown as number[]),
      'initializers.zeros: expected a shape of non-negative integers, got "3"',
    ],
    [
      "swapped arguments",
      () => (initializers.ones as unknown as (...a: unknown[]) => unknown)([3], key),
      "initializers.ones: expected a shape of non-negative integers, got key<fry>",
    ],
  ])("%s", (_what, call, message) => {
    expect(call).toThrow(message);
  });
});

it("takes the axis of the columns from the end, too", () => {
  const shape = [2, 5, 3];
  for (const axis of [0, 1, 2]) {
    const [a, b] = [axis, axis - 3].map((columnAxis) =>
      initializers.orthogonal(1, { columnAxis })(key, shape).dataSync(),
    );
    expect(a).toEqual(b);
    expect(a?.every(Number.isFinite)).toBe(true);
  }
});

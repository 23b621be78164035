/** @file How arrays of keys are cut and stacked along an axis, for vmap and scan. */
import { sliceArray, stackArrays } from "@nnxjs/nnx-core/internal";
import { describe, expect, it } from "vitest";
import { key, type PRNGKey, split, wrapKeyData } from "./index.ts";
import { repeat } from "./key.ts";

const sliceKeys = (keys: PRNGKey, axis: number, index: number): PRNGKey =>
  sliceArray(keys, axis, index) as PRNGKey;
const stackKeys = (keys: readonly PRNGKey[], axis: number): PRNGKey => stackArrays(keys, axis) as PRNGKey;

/** Keys of this shape, each with two words that no other has. */
function keysOf(...shape: number[]): PRNGKey {
  const size = shape.reduce((product, each) => product * each, 1);
  return wrapKeyData(
    Array.from({ length: 2 * size }, (_, i) => i),
    shape,
  );
}
const at = (keys: PRNGKey, ...indices: number[]): PRNGKey =>
  indices.reduce((part, index) => part.at(index), keys);

describe("a slice", () => {
  const keys = keysOf(2, 3, 4);

  it.each([0, 1, 2])("along axis %i has the keys at that index", (axis) => {
    const { shape } = keys;
    for (let index = 0; index < shape[axis]!; index++) {
      const part = sliceKeys(keys, axis, index);
      expect(part.shape).toEqual(shape.filter((_, i) => i !== axis));
      for (let a = 0; a < part.shape[0]!; a++)
        for (let b = 0; b < part.shape[1]!; b++) {
          const place = [a, b];
          place.splice(axis, 0, index);
          expect(at(part, a, b).equals(at(keys, ...place))).toBe(true);
        }
    }
  });

  it("of one axis is a single key", () => {
    expect(sliceKeys(keysOf(3), 0, 2).equals(keysOf(3).at(2))).toBe(true);
    expect(sliceKeys(keysOf(3, 1), 1, 0).equals(keysOf(3))).toBe(true);
    expect(Object.isFrozen(sliceKeys(keys, 1, 0).shape)).toBe(true);
  });
});

describe("a stack", () => {
  it.each([0, 1, 2])("along axis %i is cut into the same keys again", (axis) => {
    const parts = [...split(key(5), [3, 2, 4])];
    const keys = stackKeys(parts, axis);
    const shape = [2, 4];
    shape.splice(axis, 0, 3);
    expect(keys.shape).toEqual(shape);
    parts.forEach((part, i) => {
      expect(sliceKeys(keys, axis, i).equals(part)).toBe(true);
    });
  });

  it("of single keys is an array of them", () => {
    const keys = stackKeys([key(1), key(2), key(3)], 0);
    expect(keys.equals(wrapKeyData([0, 1, 0, 2, 0, 3]))).toBe(true);
  });

  it("refuses what is no key", () => {
    expect(() => stackKeys([key(1), {} as PRNGKey], 0)).toThrow("stack: expected a key");
  });
});

describe("repeat", () => {
  it("has the key in each place", () => {
    const keys = repeat(wrapKeyData([7, 9]), [2, 2]);
    expect(keys.equals(wrapKeyData([7, 9, 7, 9, 7, 9, 7, 9], [2, 2]))).toBe(true);
    expect(repeat(key(4), []).equals(key(4))).toBe(true);
    expect(repeat(key(4), [0]).shape).toEqual([0]);
  });
});

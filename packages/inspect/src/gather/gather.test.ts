import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shares } from "./budget.ts";
import { access, literal } from "./code.ts";
import { numbersOf } from "./numbers.ts";
import { blocksFor, NOT_FINITE, pictureOf, positionsOf, shownShape } from "./picture.ts";

describe("numbers", () => {
  it("are those of the finite values", () => {
    const { nan, inf, histogram, ...rest } = numbersOf([1, Number.NaN, 3, Number.POSITIVE_INFINITY, 0, 0], 3);
    expect({ ...rest, std: undefined, rms: undefined, zeros: undefined }).toEqual({
      size: 6,
      mean: 1,
      min: 0,
      max: 3,
    });
    expect([rest.std, rest.rms, rest.zeros]).toEqual([Math.sqrt(1.5), Math.sqrt(2.5), 1 / 3]);
    expect([nan, inf, histogram]).toEqual([1, 1, [2, 1, 1]]);
  });

  it("keep digits far from 0, and are NaN where nothing is finite", () => {
    expect(numbersOf([1e8, 1e8 + 1, 1e8 + 2], 2).std).toBeCloseTo(Math.sqrt(2 / 3), 12);
    expect(numbersOf([], 2)).toMatchObject({ size: 0, mean: Number.NaN, zeros: 0, histogram: [0, 0] });
    expect(numbersOf([Number.NaN], 2)).toMatchObject({ mean: Number.NaN, rms: Number.NaN, nan: 1 });
  });
});

/** The value furthest from 0 in the block of each cell, slowly. */
function slowly(values: readonly number[], shape: readonly number[], block: readonly number[]): number[] {
  const shown = shownShape(shape, block);
  const cells = new Array<number>(shown.reduce((a, b) => a * b, 1)).fill(0);
  values.forEach((value, i) => {
    let [rest, cell, size] = [i, 0, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const at = rest % (shape[axis] as number);
      rest = Math.floor(rest / (shape[axis] as number));
      cell += Math.floor(at / (block[axis] as number)) * size;
      size *= shown[axis] as number;
    }
    if (Math.abs(value) > Math.abs(cells[cell] as number)) cells[cell] = value;
  });
  return cells;
}

const shapes = fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 4 });

describe("pictures", () => {
  it("have at most the cells asked for, each the value furthest from 0 in its block", () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 200 }), fc.integer(), (shape, cells, seed) => {
        const size = shape.reduce((a, b) => a * b, 1);
        const values = Array.from({ length: size }, (_, i) => Math.sin(seed + i * 12.9898) * 10);
        const picture = pictureOf(values, shape, { cells, isExact: false });
        expect(picture.cells.length).toBeLessThanOrEqual(cells);
        expect(picture.shape).toEqual(shownShape(shape, picture.block));
        const wanted = slowly(values, shape, picture.block);
        wanted.forEach((value, i) => {
          expect(Math.abs(((picture.cells[i] as number) * picture.scale) / 127 - value)).toBeLessThanOrEqual(
            picture.scale / 250,
          );
        });
      }),
      { numRuns: 200 },
    );
  });

  it("mark what is not finite, and keep small tensors as they are", () => {
    const picture = pictureOf([Number.NaN, 2, -1, Number.POSITIVE_INFINITY], [2, 2], {
      cells: 9,
      isExact: true,
    });
    expect([...picture.cells]).toEqual([NOT_FINITE, 127, -63, NOT_FINITE]);
    expect([picture.scale, ...(picture.exact ?? [])]).toEqual([
      2,
      Number.NaN,
      2,
      -1,
      Number.POSITIVE_INFINITY,
    ]);
  });

  it("show the first rows of a batch", () => {
    const picture = pictureOf([1, 2, 3, 4, 5, 6], [3, 2], { cells: 9, rows: 2, isExact: true });
    expect([picture.shape, picture.rows, [...(picture.exact ?? [])]]).toEqual([[2, 2], 2, [1, 2, 3, 4]]);
  });

  it("frames have the first value of each block", () => {
    expect([...positionsOf([4, 5], [2, 3])]).toEqual([0, 3, 10, 13]);
    expect([...positionsOf([], [])]).toEqual([0]);
  });

  it("large axes are shortened first", () => {
    expect(blocksFor([1000, 10], 100)).toEqual([100, 1]);
    expect(blocksFor([3, 3], 1)).toEqual([3, 3]);
  });
});

it("small tensors leave their cells to large ones, and are exact first", () => {
  expect(shares([10, 10_000_000, 5_000_000]).map(({ isExact }) => isExact)).toEqual([true, false, false]);
  const many = shares(Array.from({ length: 100 }, () => 1_000_000));
  expect(many.reduce((sum, { cells }) => sum + cells, 0)).toBeLessThanOrEqual(1_500_000);
});

it("code reaches parts whatever their names", () => {
  expect(["a", "1 input", 3, "$x", 'q"'].map(access)).toEqual([
    ".a",
    '["1 input"]',
    "[3]",
    ".$x",
    '["q\\""]',
  ]);
  expect(literal(["blocks", 0, "h"])).toBe('["blocks", 0, "h"]');
});

/** @file Pictures of tensors: fewer cells, of 8 bits each. */
import type { Picture } from "../format/report-data.ts";

/** The code of a value that is not finite. */
export const NOT_FINITE = -128;

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);

/**
 * How many values share a cell along each axis, so that there are at most `cells` cells. The longest
 * axes are shortened first.
 */
export function blocksFor(shape: readonly number[], cells: number): number[] {
  const block = shape.map(() => 1);
  const shown = [...shape];
  while (sizeOf(shown) > Math.max(1, cells)) {
    const axis = shown.indexOf(Math.max(...shown));
    block[axis] = (block[axis] as number) + 1;
    shown[axis] = Math.ceil((shape[axis] as number) / block[axis]);
  }
  return block;
}

export const shownShape = (shape: readonly number[], block: readonly number[]): number[] =>
  shape.map((length, axis) => Math.ceil(length / (block[axis] as number)));

/** For each row of the last axis, where its cells begin. */
function* rowsOf(
  shape: readonly number[],
  block: readonly number[],
): Generator<readonly [row: number, cell: number]> {
  const shown = shownShape(shape, block);
  const outer = shape.slice(0, -1);
  const index = outer.map(() => 0);
  const rows = sizeOf(outer);
  for (let row = 0; row < rows; row++) {
    let cell = 0;
    for (let axis = 0; axis < outer.length; axis++)
      cell = cell * (shown[axis] as number) + Math.floor((index[axis] as number) / (block[axis] as number));
    yield [row, cell * (shown.at(-1) ?? 1)];
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (outer[axis] as number)) break;
      index[axis] = 0;
    }
  }
}

/** Of the values of each block the one furthest from 0; NaN where one is not finite. */
function furthest(
  values: ArrayLike<number>,
  shape: readonly number[],
  block: readonly number[],
): Float32Array {
  const cells = new Float32Array(sizeOf(shownShape(shape, block)));
  const length = shape.at(-1) ?? 1;
  const step = block.at(-1) ?? 1;
  for (const [row, first] of rowsOf(shape, block)) {
    const start = row * length;
    for (let from = 0, cell = first; from < length; from += step, cell++) {
      const to = start + Math.min(length, from + step);
      let best = cells[cell] as number;
      let size = Math.abs(best);
      for (let i = start + from; i < to; i++) {
        const value = values[i] as number;
        // NaN stays, as no comparison with it holds.
        if (Math.abs(value) <= size) continue;
        best = value;
        size = Math.abs(value);
      }
      cells[cell] = best;
    }
  }
  return cells;
}

/** Numbers as whole numbers of 8 bits. @param scale - The size of what becomes 127. */
export function quantize(
  values: ArrayLike<number>,
  scale: number,
  cells: Int8Array = new Int8Array(values.length),
  at = 0,
): Int8Array {
  const factor = scale > 0 ? 127 / scale : 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    cells[at + i] = Number.isFinite(value) ? Math.round(value * factor) : NOT_FINITE;
  }
  return cells;
}

/** The largest size among the finite values. */
export function scaleOf(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i] as number);
    if (size > most && size < Number.POSITIVE_INFINITY) most = size;
  }
  return most;
}

/** How much of a tensor a picture shows. */
export interface PictureOptions {
  /** The most cells. */
  readonly cells: number;
  /** The most items of the first axis; the rest is left out. */
  readonly rows?: number;
  /** Whether the values themselves are kept. */
  readonly isExact: boolean;
}

export function pictureOf(
  values: ArrayLike<number>,
  shape: readonly number[],
  { cells: most, rows: mostRows = Number.POSITIVE_INFINITY, isExact }: PictureOptions,
): Picture {
  const rows = Math.min(shape[0] ?? 1, mostRows);
  const cut = shape.length === 0 ? [] : [rows, ...shape.slice(1)];
  const block = blocksFor(cut, most);
  const cells = furthest(values, cut, block);
  const scale = scaleOf(cells);
  return {
    shape: shownShape(cut, block),
    block,
    rows,
    scale,
    cells: quantize(cells, scale),
    ...(isExact && { exact: Float32Array.from({ length: sizeOf(cut) }, (_, i) => values[i] as number) }),
  };
}

/** Where the values of a frame are in a tensor: the first of each block. */
export function positionsOf(shape: readonly number[], block: readonly number[]): Uint32Array {
  const shown = shownShape(shape, block);
  const positions = new Uint32Array(sizeOf(shown));
  const index = shown.map(() => 0);
  for (let cell = 0; cell < positions.length; cell++) {
    let at = 0;
    for (let axis = 0; axis < shape.length; axis++)
      at = at * (shape[axis] as number) + (index[axis] as number) * (block[axis] as number);
    positions[cell] = at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shown[axis] as number)) break;
      index[axis] = 0;
    }
  }
  return positions;
}

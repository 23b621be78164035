/** @file Lays the axes of a tensor out in a plane: rows, columns, and a grid of facets. */

/** Which axis goes where; -1 for none. Axes that go nowhere are cut at one index. */
export interface Roles {
  readonly row: number;
  readonly column: number;
  readonly facetRow: number;
  readonly facetColumn: number;
  /** For each axis the index at which it is cut, if it goes nowhere. */
  readonly cut: readonly number[];
}

/** Where each cell of a plane is in the tensor; -1 between facets. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly cells: Int32Array;
}

/** A vector has so many columns at most. */
const WRAP = 64;
/** Kernels of convolutions are not longer. */
const KERNEL = 11;

/** The usual way to look at a shape. */
export function usualRoles(shape: readonly number[], isBatch: boolean): Roles {
  const cut = shape.map(() => 0);
  const rank = shape.length;
  const none = { row: -1, column: -1, facetRow: -1, facetColumn: -1, cut };
  if (rank === 0) return none;
  if (rank === 1) return { ...none, column: 0 };
  if (rank === 2) return { ...none, row: 0, column: 1 };
  const [a = 0, b = 0] = shape;
  if (rank === 3) return { ...none, row: 1, column: 2, facetColumn: 0 };
  // [height, width, in, out]
  if (!isBatch && rank === 4 && a <= KERNEL && b <= KERNEL)
    return { ...none, row: 0, column: 1, facetRow: 2, facetColumn: 3 };
  // [rows, height, width, channels]
  return { ...none, row: rank - 3, column: rank - 2, facetColumn: rank - 1 };
}

export function planeOf(shape: readonly number[], roles: Roles): Plane {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((size, length) => size * length, 1));
  const lengthOf = (axis: number): number => (axis < 0 ? 1 : (shape[axis] as number));
  const strideOf = (axis: number): number => (axis < 0 ? 0 : (strides[axis] as number));
  const used = new Set([roles.row, roles.column, roles.facetRow, roles.facetColumn]);
  const start = shape.reduce(
    (sum, _, axis) => (used.has(axis) ? sum : sum + (roles.cut[axis] ?? 0) * strideOf(axis)),
    0,
  );
  if (shape.length === 1) return wrapped(shape[0] as number);
  const [rows, columns] = [lengthOf(roles.row), lengthOf(roles.column)];
  const [down, across] = facets(
    lengthOf(roles.facetRow),
    lengthOf(roles.facetColumn),
    roles.facetRow < 0,
    rows,
    columns,
  );
  const gap = roles.facetRow < 0 && roles.facetColumn < 0 ? 0 : 1;
  const width = across * (columns + gap) - gap;
  const height = down * (rows + gap) - gap;
  const cells = new Int32Array(width * height).fill(-1);
  const count = lengthOf(roles.facetColumn);
  for (let facet = 0; facet < lengthOf(roles.facetRow) * count; facet++) {
    const [i, j] = [Math.floor(facet / count), facet % count];
    const isGrid = roles.facetRow >= 0;
    const top = (isGrid ? i : Math.floor(facet / across)) * (rows + gap);
    const left = (isGrid ? j : facet % across) * (columns + gap);
    const base = start + i * strideOf(roles.facetRow) + j * strideOf(roles.facetColumn);
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++)
        cells[(top + y) * width + left + x] = base + y * strideOf(roles.row) + x * strideOf(roles.column);
  }
  return { width, height, cells };
}

/** A row of facets is broken, so that the plane is about twice as wide as high. */
function facets(
  down: number,
  across: number,
  isRow: boolean,
  rows: number,
  columns: number,
): readonly [down: number, across: number] {
  if (!isRow) return [down, across];
  const wide = Math.max(
    1,
    Math.min(across, Math.round(Math.sqrt((2 * across * (rows + 1)) / (columns + 1)))),
  );
  return [Math.ceil(across / wide), wide];
}

function wrapped(length: number): Plane {
  const width = Math.max(1, Math.min(length, WRAP));
  const height = Math.max(1, Math.ceil(length / width));
  return {
    width,
    height,
    cells: Int32Array.from({ length: width * height }, (_, i) => (i < length ? i : -1)),
  };
}

/** The index of a cell along each axis. */
export function indexOf(shape: readonly number[], cell: number): number[] {
  const index: number[] = [];
  let rest = cell;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis] as number;
    index.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return index;
}

/** @file Folds two broadcast shapes into as few axes as possible. */

/**
 * One axis of a folded pair of shapes. `a` and `b` say which operand has it; the other one is
 * repeated along it.
 */
interface FoldedAxis {
  readonly size: number;
  readonly a: boolean;
  readonly b: boolean;
}

/** Both shapes after folding. The elements and their order are unchanged. */
export interface Folded {
  readonly axes: readonly FoldedAxis[];
  readonly a: number[];
  readonly b: number[];
}

/**
 * Drops axes of size 1, and joins neighbouring axes along which the same operand, or neither, is
 * repeated.
 */
export function fold(a: readonly number[], b: readonly number[]): Folded {
  const rank = Math.max(a.length, b.length);
  const axes: { size: number; a: boolean; b: boolean }[] = [];
  for (let i = 0; i < rank; i++) {
    const [m, n] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (m === 1 && n === 1) continue;
    const axis = { size: m === 1 ? n : m, a: m !== 1, b: n !== 1 };
    const last = axes.at(-1);
    if (last && last.a === axis.a && last.b === axis.b) last.size *= axis.size;
    else axes.push(axis);
  }
  return {
    axes,
    a: axes.map((axis) => (axis.a ? axis.size : 1)),
    b: axes.map((axis) => (axis.b ? axis.size : 1)),
  };
}

/**
 * Calls `row` for each run of elements along the last folded axis.
 * @param row - Receives the start of the run in `a`, in `b` and in the result, the length of the
 * run, and the step in `a` and in `b`. A step of 0 repeats one element.
 */
export function eachRow(
  { axes }: Folded,
  row: (a: number, b: number, out: number, length: number, stepA: 0 | 1, stepB: 0 | 1) => void,
): void {
  const last = axes.at(-1);
  if (!last) {
    row(0, 0, 0, 1, 0, 0);
    return;
  }
  const outer = axes.slice(0, -1);
  const strides = { a: [] as number[], b: [] as number[] };
  let [strideA, strideB] = [last.a ? last.size : 1, last.b ? last.size : 1];
  for (const axis of [...outer].reverse()) {
    strides.a.unshift(axis.a ? strideA : 0);
    strides.b.unshift(axis.b ? strideB : 0);
    if (axis.a) strideA *= axis.size;
    if (axis.b) strideB *= axis.size;
  }
  const [stepA, stepB] = [last.a ? 1 : 0, last.b ? 1 : 0] as const;
  let out = 0;
  const visit = (depth: number, a: number, b: number): void => {
    const axis = outer[depth];
    if (!axis) {
      row(a, b, out, last.size, stepA, stepB);
      out += last.size;
      return;
    }
    for (let i = 0; i < axis.size; i++) {
      visit(depth + 1, a + i * strides.a[depth]!, b + i * strides.b[depth]!);
    }
  };
  visit(0, 0, 0);
}

/**
 * Like {@link eachRow}, for as many rows at a time as lie one after the other in the result.
 * @param plane - Receives the starts in `a`, in `b` and in the result, the number of rows and their
 * length, and the steps from row to row and along a row in `a` and in `b`.
 */
export function eachPlane(
  { axes }: Folded,
  plane: (
    a: number,
    b: number,
    out: number,
    rows: number,
    length: number,
    rowA: number,
    rowB: number,
    stepA: 0 | 1,
    stepB: 0 | 1,
  ) => void,
): void {
  const one = { size: 1, a: false, b: false };
  const row = axes.at(-1) ?? one;
  const rows = axes.at(-2) ?? one;
  const [rowA, rowB] = [row.a ? row.size : 1, row.b ? row.size : 1];
  const planeA = rowA * (rows.a ? rows.size : 1);
  const planeB = rowB * (rows.b ? rows.size : 1);
  const outer = axes.slice(0, -2);
  const steps = outer.map((_, depth) => {
    const inner = outer.slice(depth + 1);
    const through = (has: (axis: FoldedAxis) => boolean, last: number): number =>
      has(outer[depth]!) ? inner.reduce((n, axis) => (has(axis) ? n * axis.size : n), last) : 0;
    return [through((axis) => axis.a, planeA), through((axis) => axis.b, planeB)] as const;
  });
  let out = 0;
  const visit = (depth: number, a: number, b: number): void => {
    const axis = outer[depth];
    if (!axis) {
      plane(
        a,
        b,
        out,
        rows.size,
        row.size,
        rows.a ? rowA : 0,
        rows.b ? rowB : 0,
        row.a ? 1 : 0,
        row.b ? 1 : 0,
      );
      out += rows.size * row.size;
      return;
    }
    const [stepA, stepB] = steps[depth]!;
    for (let i = 0; i < axis.size; i++) visit(depth + 1, a + i * stepA, b + i * stepB);
  };
  visit(0, 0, 0);
}

/** @file Blocks of elements whose axes lie in memory in any order. */

/** An axis of a block, with its steps in elements. */
export interface Axis {
  readonly size: number;
  /** In what is read. 0 repeats an element, and a negative step reads backwards. */
  readonly from: number;
  /** In what is written. */
  readonly to: number;
}

/** Elements to copy, and the places of the first of them. */
export interface Block {
  readonly axes: readonly Axis[];
  readonly from: number;
  readonly to: number;
}

/** The step of each axis of a dense tensor. */
export function stepsOf(shape: readonly number[]): number[] {
  const steps: number[] = [];
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    steps[axis] = step;
    step *= shape[axis]!;
  }
  return steps;
}

/** Drops axes of size 1, and joins neighbours that lie in memory as one on both sides. */
export function joined(axes: readonly Axis[]): Axis[] {
  const result: Axis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const last = result.at(-1);
    if (last && last.from === axis.from * axis.size && last.to === axis.to * axis.size) {
      result[result.length - 1] = { ...axis, size: last.size * axis.size };
    } else result.push(axis);
  }
  return result;
}

/** Two axes, the inner of them last. */
export interface Plane {
  readonly outer: Axis;
  readonly inner: Axis;
}

const SINGLE: Axis = { size: 1, from: 0, to: 0 };

/** The two axes that a copy is quickest along, and the others. */
function planeOf(axes: readonly Axis[]): { plane: Plane; others: readonly Axis[] } {
  const inner = axes.at(-1) ?? SINGLE;
  const rest = axes.slice(0, -1);
  // A matrix to transpose, or else as many rows as possible.
  const turned = inner.from === 1 ? undefined : rest.find(({ from }) => from === 1);
  const outer = turned ?? rest.reduce((most, axis) => (axis.size > most.size ? axis : most), SINGLE);
  return { plane: { outer, inner }, others: rest.filter((axis) => axis !== outer) };
}

/**
 * Copies a block plane by plane.
 * @param copy - Copies one plane, whose first element is at these places.
 */
export function eachPlane(
  { axes, from, to }: Block,
  copy: (plane: Plane, from: number, to: number) => void,
): void {
  const { plane, others } = planeOf(joined(axes));
  const visit = (depth: number, a: number, b: number): void => {
    const axis = others[depth];
    if (!axis) {
      copy(plane, a, b);
      return;
    }
    for (let i = 0; i < axis.size; i++) visit(depth + 1, a + i * axis.from, b + i * axis.to);
  };
  if (axes.every(({ size }) => size > 0)) visit(0, from, to);
}

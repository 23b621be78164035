/** @file Contractions of two tensors, computed as one matrix product. */
import { NnxError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { normalizeAxes, otherAxes } from "../axes.ts";
import {
  arrange,
  contract,
  gather,
  type Labelled,
  reshape,
  shaped,
  sizeOf,
  type Tensor,
} from "@nnxjs/kernels/internal";
import { parseEquation } from "./einsum-parse.ts";

/** Takes the diagonal of axes with the same label, so that labels are unique. */
function diagonal({ x, labels }: Labelled): Labelled {
  const second = labels.findIndex((label, i) => labels.indexOf(label) !== i);
  if (second < 0) return { x, labels };
  const first = labels.indexOf(labels[second] as string);
  const rest = otherAxes([first, second], x.rank);
  const n = x.shape[first] as number;
  const sizes = rest.map((axis) => x.shape[axis] as number);
  const flat = reshape(arrange(x, [...rest, first, second]), [...sizes, n * n]);
  const picked = gather(
    flat,
    Array.from({ length: n }, (_, i) => i * (n + 1)),
    rest.length,
  );
  return diagonal({
    x: picked,
    labels: [...rest.map((axis) => labels[axis] as string), labels[first] as string],
  });
}

/** The size of each label. Ellipsis axes of size 1 are repeated. */
function sizesOf(where: string, equation: string, operands: readonly Labelled[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { x, labels } of operands) {
    labels.forEach((label, axis) => {
      const size = x.shape[axis] as number;
      const known = sizes.get(label);
      if (known === undefined || (label.startsWith(".") && known === 1)) sizes.set(label, size);
      else if (known !== size && !(label.startsWith(".") && size === 1)) {
        throw new NnxError(
          `${where}: expected the axes "${label}" of ${describe(equation)} to have one size, got ` +
            `${operands.map((operand) => describe(operand.x)).join(" and ")}.`,
        );
      }
    });
  }
  return sizes;
}

/**
 * The einsum of two operands. An operand may repeat a label, which takes its diagonal. An ellipsis
 * broadcasts.
 * @see `jax.numpy.einsum`
 */
export function einsum(equation: string, a: Tensor, b: Tensor, where = "einsum"): Tensor {
  const { left, right, result } = parseEquation(where, equation, a.rank, b.rank);
  const operands = [
    { x: a, labels: left },
    { x: b, labels: right },
  ];
  const sizes = sizesOf(where, equation, operands);
  return contract(operands.map(diagonal), result, sizes);
}

/**
 * A tensor whose axes are grouped for a contraction: batch axes in front, rows in the middle,
 * contracted axes at the end.
 */
export interface Grouped {
  /** `[batch, rows, columns]`, or `[rows, columns]` without batch axes. */
  readonly x: Tensor;
  readonly batchShape: readonly number[];
  readonly rowShape: readonly number[];
}

/** A tensor with batch axes in front and contracted axes at the end, and the sizes of these groups. */
export interface Arranged extends Grouped {
  readonly columnShape: readonly number[];
}

/** Moves the contracted axes to the end, in their order in x, and batch axes to the front. */
export function arrangeAxes(
  where: string,
  x: Tensor,
  axes: readonly number[],
  batchAxes: readonly number[],
): Arranged {
  const contracted = normalizeAxes(where, axes, x.rank);
  const rows = otherAxes([...contracted, ...batchAxes], x.rank);
  const shapeOf = (group: readonly number[]): number[] => group.map((axis) => x.shape[axis] as number);
  return {
    x: arrange(x, [...batchAxes, ...rows, ...contracted]),
    batchShape: shapeOf(batchAxes),
    rowShape: shapeOf(rows),
    columnShape: shapeOf(contracted),
  };
}

/** {@link arrangeAxes}, with each group flattened to one axis. */
export function groupAxes(
  where: string,
  x: Tensor,
  axes: readonly number[],
  batchAxes: readonly number[],
): Grouped {
  const { batchShape, rowShape, columnShape, x: arranged } = arrangeAxes(where, x, axes, batchAxes);
  const flat = [sizeOf(rowShape), sizeOf(columnShape)];
  const grouped = shaped(arranged, batchAxes.length > 0 ? [sizeOf(batchShape), ...flat] : flat);
  return { x: grouped, batchShape, rowShape };
}

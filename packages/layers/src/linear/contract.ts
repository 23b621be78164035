/** @file Contractions from transposes and one matrix product, which every backend has with gradients of every order. */
import { describe, NnxError } from "@nnxjs/nnx-core";
import { normalizeAxes, otherAxes } from "../axes.ts";
import {
  broadcastTo,
  gather,
  matMul,
  reshape,
  sizeOf,
  sum,
  type Tensor,
  transpose,
} from "@nnxjs/kernels/internal";
import { parseEquation } from "./einsum-parse.ts";

/** x with its axes in another order, or x itself when that is its order. */
export const arrange = (x: Tensor, order: readonly number[]): Tensor =>
  order.every((axis, i) => axis === i) ? x : transpose(x, [...order]);

/** x in another shape, or x itself when it has this one. */
export const shaped = (x: Tensor, shape: readonly number[]): Tensor =>
  shape.length === x.rank && shape.every((n, i) => n === x.shape[i]) ? x : reshape(x, [...shape]);

interface Labelled {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/** The diagonal of axes that have one label, so that each label is there once. */
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

/** Axes that are in one operand alone and not in the result are summed at once. */
function sumOut({ x, labels }: Labelled, wanted: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, axis) => (wanted.has(label) ? [] : [axis]));
  return axes.length === 0
    ? { x, labels }
    : { x: sum(x, axes), labels: labels.filter((label) => wanted.has(label)) };
}

/** Sizes by label. Axes of an ellipsis with size 1 stretch. */
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
 * The einsum of two operands. Labels may repeat in an operand (its diagonal), and an ellipsis broadcasts.
 * @see `jax.numpy.einsum`
 */
export function einsum(equation: string, a: Tensor, b: Tensor, where = "einsum"): Tensor {
  const { left, right, result } = parseEquation(where, equation, a.rank, b.rank);
  sizesOf(where, equation, [
    { x: a, labels: left },
    { x: b, labels: right },
  ]);
  const diagonalLeft = diagonal({ x: a, labels: left });
  const diagonalRight = diagonal({ x: b, labels: right });
  const one = sumOut(diagonalLeft, new Set([...right, ...result]));
  const two = sumOut(diagonalRight, new Set([...left, ...result]));
  const sizes = sizesOf(where, equation, [one, two]);
  const kept = new Set(result);
  const shared = one.labels.filter((label) => two.labels.includes(label));
  const batch = shared.filter((label) => kept.has(label));
  const contracted = shared.filter((label) => !kept.has(label));
  const freeOne = one.labels.filter((label) => !shared.includes(label));
  const freeTwo = two.labels.filter((label) => !shared.includes(label));
  const size = (labels: readonly string[]): number =>
    sizeOf(labels.map((label) => sizes.get(label) as number));
  const operand = (
    { x, labels }: Labelled,
    order: readonly string[],
    groups: readonly (readonly string[])[],
  ): Tensor => {
    const stretched = labels.map((label) => sizes.get(label) as number);
    const full = stretched.every((n, i) => n === x.shape[i]) ? x : broadcastTo(x, stretched);
    return shaped(
      arrange(
        full,
        order.map((label) => labels.indexOf(label)),
      ),
      groups.map(size),
    );
  };
  const batches = batch.length > 0 ? [batch] : [];
  const product = matMul(
    operand(one, [...batch, ...freeOne, ...contracted], [...batches, freeOne, contracted]),
    operand(two, [...batch, ...contracted, ...freeTwo], [...batches, contracted, freeTwo]),
  );
  const labels = [...batch, ...freeOne, ...freeTwo];
  const apart = shaped(
    product,
    labels.map((label) => sizes.get(label) as number),
  );
  return arrange(
    apart,
    result.map((label) => labels.indexOf(label)),
  );
}

/** Axes that a contraction puts in front, in the middle and behind. */
export interface Grouped {
  /** `[batch, rows, columns]`, or `[rows, columns]` without batch axes. */
  readonly x: Tensor;
  readonly batchShape: readonly number[];
  readonly rowShape: readonly number[];
}

/** Brings the contracted axes to the end, in their order from the start, and flattens the groups. */
export function groupAxes(
  where: string,
  x: Tensor,
  axes: readonly number[],
  batchAxes: readonly number[],
): Grouped {
  const contracted = normalizeAxes(where, axes, x.rank);
  const rows = otherAxes([...contracted, ...batchAxes], x.rank);
  const shapeOf = (group: readonly number[]): number[] => group.map((axis) => x.shape[axis] as number);
  const [batchShape, rowShape, columnShape] = [shapeOf(batchAxes), shapeOf(rows), shapeOf(contracted)];
  const flat = [sizeOf(rowShape), sizeOf(columnShape)];
  const grouped = shaped(
    arrange(x, [...batchAxes, ...rows, ...contracted]),
    batchAxes.length > 0 ? [sizeOf(batchShape), ...flat] : flat,
  );
  return { x: grouped, batchShape, rowShape };
}

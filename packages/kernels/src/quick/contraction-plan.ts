/** @file How a contraction of two tensors becomes a product of matrices. */

/**
 * Labels of axes in four groups. The product is `[batch, rows, contracted] @ [batch, contracted,
 * columns]`.
 */
export interface ContractionPlan {
  /** Labels in both tensors and in the result. */
  readonly batch: readonly string[];
  /** Labels in the first tensor alone. */
  readonly rows: readonly string[];
  /** Labels in both tensors and not in the result. */
  readonly contracted: readonly string[];
  /** Labels in the second tensor alone. */
  readonly columns: readonly string[];
}

/**
 * Groups the axes of two tensors.
 * @param kept - The labels that the result or a later product needs. It must contain each label
 * that only one of the two tensors has.
 */
export function planContraction(
  left: readonly string[],
  right: readonly string[],
  kept: readonly string[],
): ContractionPlan {
  const shared = left.filter((label) => right.includes(label));
  return {
    batch: shared.filter((label) => kept.includes(label)),
    rows: left.filter((label) => !right.includes(label)),
    contracted: shared.filter((label) => !kept.includes(label)),
    columns: right.filter((label) => !left.includes(label)),
  };
}

/** The labels of some groups in a row, when a tensor has them in this order. */
const hasOrder = (labels: readonly string[], groups: readonly (readonly string[])[]): boolean => {
  const wanted = groups.flat();
  return labels.every((label, i) => label === wanted[i]);
};

/** How the operands of a contraction lie beside the matrices that are multiplied. */
export interface Order {
  /** Whether an operand lies as its matrix transposed. */
  readonly isTurned: { readonly left: boolean; readonly right: boolean };
  /** Whether a product of matrices takes both operands, and gives the result, as they lie. */
  readonly isInPlace: boolean;
}

/**
 * How two operands lie.
 * @param wanted - The order of labels that the result should have.
 */
export function orderOf(
  { batch, rows, contracted, columns }: ContractionPlan,
  left: readonly string[],
  right: readonly string[],
  wanted: readonly string[],
): Order {
  const isStraight = {
    left: hasOrder(left, [batch, rows, contracted]),
    right: hasOrder(right, [batch, contracted, columns]),
  };
  const isTurned = {
    left: !isStraight.left && hasOrder(left, [batch, contracted, rows]),
    right: !isStraight.right && hasOrder(right, [batch, columns, contracted]),
  };
  const isInPlace =
    (isTurned.left || isStraight.left) &&
    (isTurned.right || isStraight.right) &&
    hasOrder(wanted, [batch, rows, columns]);
  return { isTurned, isInPlace };
}

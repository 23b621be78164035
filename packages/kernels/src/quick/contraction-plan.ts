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

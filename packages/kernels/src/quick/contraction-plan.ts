/** @file How a contraction of two tensors becomes a product of matrices. */

/**
 * The labels of axes, in groups. The product is
 * `[batch, rows, contracted] @ [batch, contracted, columns]`.
 */
export interface ContractionPlan {
  /** In both tensors and in the result. */
  readonly batch: readonly string[];
  /** In the first tensor alone. */
  readonly rows: readonly string[];
  /** In both tensors and not in the result. */
  readonly contracted: readonly string[];
  /** In the second tensor alone. */
  readonly columns: readonly string[];
}

/**
 * The groups of the axes of two tensors.
 * @param kept - The labels that are wanted afterwards. Each label that one tensor has alone is
 * among them.
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

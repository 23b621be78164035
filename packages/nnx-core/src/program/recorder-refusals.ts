/** @file What cannot be replayed, in words. */
import { describe, NnxError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";
import { unread } from "../variable/observer.ts";
import type { Variable } from "../variable/variable.ts";

/** Kernels whose results have as many elements as the values of their inputs say. */
export const SHAPED_BY_VALUES: ReadonlySet<string> = new Set(
  [
    "Unique,NonMaxSuppressionV3,NonMaxSuppressionV5,Where,SparseFillEmptyRows,SparseSegmentMean",
    "SparseSegmentSum,RaggedGather,RaggedRange,RaggedTensorToTensor,StringNGrams,StringSplit",
  ].flatMap((names) => names.split(",")),
);

export const shapedByValues = (where: string, kernel: string): NnxError =>
  new NnxError(
    `${where}: expected kernels whose results have one shape, got ${kernel}, whose results are as long as the ` +
      "values say. A replay could not tell: return its inputs, and run it after the call.",
  );

export const readsValues = (where: string, path: Path | undefined): NnxError =>
  new NnxError(
    `${where}: expected a function that only computes with tensors, got one that reads the values of ` +
      `a tensor${path && path.length > 0 ? ` in ${path.join(".")}` : ""} (dataSync, data, print or an op that does). A replay would not see ` +
      "other values: return the tensor and read it after the call, or choose with tf.where, cond or whileLoop.",
  );

export const drawsOtherwise = (where: string, what: string): NnxError =>
  new NnxError(
    `${where}: expected a function that draws with its keys, got one that ${what}. ` +
      "A replay would not see other words: draw with nnx.random, or read them outside.",
  );

export function reachesOther(where: string, path: Path | undefined, variable: Variable): NnxError {
  const at = path && path.length > 0 ? ` in ${formatPath(path)}` : "";
  const value = unread(() => (variable.isDisposed ? undefined : variable.getRawValue()));
  return new NnxError(
    `${where}: expected a function that gets the modules it uses as arguments, got one that reaches a ` +
      `${variable.type.typeName} (${describe(value)})${at} without getting it. Pass its module as an argument.`,
  );
}

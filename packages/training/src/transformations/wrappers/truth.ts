/** @file What decides whether something happens. */
import {
  abs,
  addN,
  cast,
  equal,
  isTensor,
  less,
  logicalNot,
  scalar,
  sum,
  type Tensor,
  scalarOf,
} from "@nnxjs/kernels/internal";
import { StructureError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { leavesOf, type Tree } from "../../tree/tree.ts";

/**
 * A boolean, or what a scalar of dtype bool says, which is read back.
 * @throws StructureError for anything else.
 */
export function isTrue(where: string, what: string, x: unknown): boolean {
  if (typeof x === "boolean") return x;
  if (isTensor(x) && x.dtype === "bool" && x.size === 1)
    return scalarOf(x, where, "Decide by a number, or train on cpu or wasm.") === 1;
  throw new StructureError(
    `${where}: expected ${what} to return true, false or a scalar of dtype bool, got ${describe(x)}. Return one of them.`,
  );
}

/** How many elements are NaN or infinite, an int32 scalar. */
export function countNotFinite(tree: Tree): Tensor {
  const counts = leavesOf(tree).map((x) => sum(cast(logicalNot(less(abs(x), Infinity)), "int32")));
  return counts.length === 0 ? scalar(0, "int32") : addN(counts);
}

/** Whether no element is NaN or infinite, a scalar of dtype bool. */
export const isAllFinite = (tree: Tree): Tensor => equal(countNotFinite(tree), scalar(0, "int32"));

/** @file Nested records of tensors: what parameters, gradients and updates are to a transformation. */
import { StructureError } from "@nnxjs/nnx-core";
import { isTensor, type Tensor } from "./tensor.ts";

/** Tensors by path, without Variables around them. */
export interface Tree {
  readonly [key: string]: Tree | Tensor;
}

/** The trees' tensors at each path through `f`. All trees have the paths of the first. @throws StructureError when they have not. */
export function mapTree(f: (...tensors: Tensor[]) => Tensor, first: Tree, ...others: readonly Tree[]): Tree {
  return mapNodes(f, [first, ...others]) as Tree;
}

const differentPaths = (): StructureError =>
  new StructureError(
    "mapTree: expected trees with the same paths, got others. Use an optimizer with the model that it was made for.",
  );

function mapNodes(f: (...tensors: Tensor[]) => Tensor, nodes: readonly (Tree | Tensor)[]): Tree | Tensor {
  const [first] = nodes;
  if (nodes.some((node) => isTensor(node) !== isTensor(first))) throw differentPaths();
  if (isTensor(first)) return f(...(nodes as Tensor[]));
  const entries = Object.keys(first as Tree).map(
    (key) =>
      [
        key,
        mapNodes(
          f,
          nodes.map((node) => (node as Tree | undefined)?.[key] as Tree | Tensor),
        ),
      ] as const,
  );
  return Object.fromEntries(entries);
}

/** The tensors of a tree. */
export function leavesOf(tree: Tree): Tensor[] {
  return Object.values(tree).flatMap((node) => (isTensor(node) ? [node] : leavesOf(node)));
}

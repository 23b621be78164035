/**
 * @file Nested records of tensors: what parameters, gradients and updates are to a transformation.
 */
import { isTensor, sameShape, type Tensor } from "@nnxjs/kernels/internal";
import { formatPath, type Path, type PureState, StructureError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { align, type Aligned, type Mismatch } from "./structure.ts";
import { isLike } from "./like.ts";

/**
 * Tensors by path, without Variables around them, as `toPure` gives them. Records that the
 * Optimizer passes inherit nothing: read them with `Object.keys`, or map them.
 */
export type Tree = PureState<Tensor>;

/** Nested arrays and records of one kind of leaf. */
export type Nested<T> = T | readonly Nested<T>[] | { readonly [key: string]: Nested<T> };

/**
 * The trees' tensors at each path through `f`. Shapes may differ: what `f` makes of them is its own
 * affair.
 * @param f - Called with the tensors of one path; they have any shape.
 * @returns What `f` returned, by path: a tree again, or flags and labels for `masked`, `partition`.
 * @throws StructureError naming the path, unless all trees have the paths of the first and no
 * others; `f` was not called then.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const params = { kernel: tf.ones([2, 3]), bias: tf.ones([3]) };
 * nnx.mapTree((p) => p.rank, params); // => { kernel: 2, bias: 1 }
 * ```
 */
export const mapTree = <R = Tensor>(
  f: (...tensors: Tensor[]) => R,
  first: Tree,
  ...others: readonly Tree[]
): PureState<R> => mapTrees(1, (...tensors) => [f(...tensors)], first, ...others)[0] as PureState<R>;

/** As {@link mapTree}, for functions with several results: as many trees as `count`. */
export function mapTrees<R = Tensor>(
  count: number,
  f: (...tensors: Tensor[]) => readonly R[],
  first: Tree,
  ...others: readonly Tree[]
): PureState<R>[] {
  const { rows, finish } = align([first, ...others], count, otherPaths("mapTree", []));
  for (const row of rows) {
    const odd = row.leaves.find((leaf) => !isTensor(leaf));
    if (odd === undefined) continue;
    throw new StructureError(
      `mapTree at ${formatPath(row.path())}: expected tensors, got ${describe(odd)}. Leave what is none out of the tree.`,
    );
  }
  for (const row of rows) {
    f(...(row.leaves as Tensor[])).forEach((result, i) => {
      row.put(i, result);
    });
  }
  return finish() as PureState<R>[];
}

/** The tensors of a tree. */
export const leavesOf = (tree: Tree): Tensor[] =>
  align([tree], 0, otherPaths("leavesOf", [])).rows.map(({ leaves }) => leaves[0] as Tensor);

/**
 * Refuses trees that do not belong together, before anything is computed with them. Each
 * transformation calls it for what it remembers about each parameter: a State of another model may
 * have been restored, or a parameter replaced by one of another shape.
 * @param trees - By name, for the message; the first is what the others are compared with.
 * @param shapes - By name, for trees whose tensors have other shapes than those of the first: the
 * shape for one of theirs.
 * @throws StructureError naming the path, unless all have the same paths, and the same shapes and
 * dtypes there.
 */
export function checkAlike(
  where: string,
  trees: Readonly<Record<string, Tree>>,
  shapes: Readonly<Record<string, ShapeOf>> = {},
): void {
  alike(where, trees, 0, shapes);
}

/**
 * Trees that belong together side by side, checked as by {@link checkAlike}.
 * @param results - How many new trees there will be.
 */
export function alike(
  where: string,
  trees: Readonly<Record<string, Tree>>,
  results: number,
  shapes: Readonly<Record<string, ShapeOf>> = {},
): Aligned {
  const names = Object.keys(trees);
  const aligned = align(Object.values(trees), results, otherPaths(where, names));
  const { checked } = aligned;
  const isPlain = Object.keys(shapes).length === 0;
  if (isPlain && checked?.has("alike")) return aligned;
  const shapeOf = names.map((name) => shapes[name]);
  const fits = (leaf: unknown, i: number, leaves: readonly unknown[]): boolean =>
    shapeOf[i] ? isOfShape(leaf, shapeOf[i], leaves[0]) : isLike(leaf, leaves[0]);
  const row = aligned.rows.find(({ leaves }) => !leaves.every(fits));
  if (!row) {
    if (isPlain) checked?.add("alike");
    return aligned;
  }
  const { leaves } = row;
  const odd = leaves.findIndex((leaf, i) => !fits(leaf, i, leaves));
  const shape = shapeOf[odd]?.((leaves[0] as Tensor).shape);
  const like = shape ? `of shape [${shape.join(",")}] for` : "like";
  throw unlike(
    where,
    row.path(),
    `${names[odd]} ${like} the ${names[0]}, ${describe(leaves[0])}`,
    leaves[odd],
  );
}

/** The shape that a tensor has for one of another shape. */
export type ShapeOf = (shape: readonly number[]) => readonly number[];

const isOfShape = (x: unknown, shapeOf: ShapeOf, model: unknown): boolean =>
  isTensor(x) && isTensor(model) && x.dtype === model.dtype && sameShape(x.shape, shapeOf(model.shape));

/** The error for trees of other paths. @param names - What the trees are called. */
export const otherPaths =
  (where: string, names: readonly string[]): Mismatch =>
  (path, index, got) => {
    const trees =
      names.length > 0 ? `${names[index]} with the paths of the ${names[0]}` : "trees with the same paths";
    return unlike(where, path, trees, got);
  };

function unlike(where: string, path: Path, expected: string, got: unknown): StructureError {
  return new StructureError(
    `${where} at ${formatPath(path)}: expected ${expected}, got ${got === undefined ? "nothing" : describe(got)}. ` +
      "Use an optimizer with the model that it was made for, restore both from the same step, and make a new " +
      "optimizer when a parameter gets another shape.",
  );
}

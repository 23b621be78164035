/** @file All parameters as one vector. */
import { concat, reshape, slice, type Tensor } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { leavesOf, mapTree, type Tree } from "../../tree/tree.ts";
import {
  checkTransformation,
  type GradientTransformation,
  type TransformationState,
} from "../transformation.ts";

/**
 * Lets a transformation see all parameters as one vector, in the order of paths: fewer, longer
 * computations. What it remembers is one vector too. (For the leaves of a model, see
 * `flattenState`.)
 * @param inner - Any transformation.
 * @throws StructureError for what is no transformation.
 * @see `optax.flatten`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.flatten(nnx.adam(1e-3));
 * ```
 */
export const flatten: (inner: GradientTransformation) => GradientTransformation<TransformationState> =
  registerFactory("tx.flatten", (inner) => {
    checkTransformation("flatten", inner);
    return {
      init: (params) => inner.init(toVector(params)),
      update: (updates, state, params, extra) => {
        const [given, next] = inner.update(toVector(updates), state, toVector(params), extra);
        return [fromVector(given, updates), next];
      },
    };
  });

/** A tree of one leaf is that leaf to everything that maps over trees. */
function toVector(tree: Tree): Tree {
  const parts = leavesOf(tree).map((x) => reshape(x, [x.size]));
  return concat(parts) as unknown as Tree;
}

function fromVector(vector: Tree, like: Tree): Tree {
  let offset = 0;
  return mapTree((x) => {
    const part = slice(vector as unknown as Tensor, [offset], [x.size]);
    offset += x.size;
    return reshape(part, x.shape);
  }, like);
}

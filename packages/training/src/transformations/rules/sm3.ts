/** @file Adagrad that remembers one number for each row of each axis. */
import {
  add,
  isTensor,
  max,
  minimum,
  mul,
  reshape,
  sameShape,
  square,
  type Tensor,
  zeros,
  zerosLike,
} from "@nnxjs/kernels/internal";
import { formatPath, type Path, StructureError, registerFactory } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { checkFinite } from "../../checks.ts";
import { align } from "../../tree/structure.ts";
import { checkAlike, mapTree, type Tree } from "../../tree/tree.ts";
import { inverseRoot } from "./adagrad.ts";
import { decay, notNegative, type Option, type OptionTable, readOptions, refuse } from "../options.ts";
import { runningMean } from "../parts/running-mean.ts";
import { scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";

/** Options of {@link scaleBySm3}. */
export interface ScaleBySm3Options {
  /** Decay of the mean of updates, in `[0, 1)`. @defaultValue 0.9 */
  b1?: number;
  /** Decay of the squares, in `[0, 1]`; with 1 they are summed up. @defaultValue 1 */
  b2?: number;
  /** Added under the root. @defaultValue 1e-8 */
  eps?: number;
}

const upToOne: Option<number> = {
  standard: 1,
  check: (where, name, value) => {
    if (typeof value === "number" && value >= 0 && value <= 1) return;
    refuse(where, `${name} in [0, 1]`, value, "Pass 1 to sum squares up.");
  },
};
const sm3Table: OptionTable<ScaleBySm3Options> = { b1: decay(0.9), b2: upToOne, eps: notNegative(1e-8) };

/** For each parameter a list with one vector for each axis. */
interface Covers {
  readonly [key: string]: Covers | readonly Tensor[];
}
/** The largest squares along each axis, and the means of updates. */
type Sm3State = { readonly mu: Covers; readonly nu: Tree };

const where = "scaleBySm3";

/** What a parameter remembers: a vector for each axis. A scalar is a vector of one. */
const sizesOf = (shape: readonly number[]): readonly (readonly number[])[] =>
  shape.length === 0 ? [[]] : shape.map((size) => [size]);

/** @throws StructureError unless there is a vector for each axis. */
function coversAt(covers: unknown, path: Path, g: Tensor): readonly Tensor[] {
  let at: unknown = covers;
  for (const key of path)
    at = typeof at === "object" && at !== null && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined;
  const shapes = sizesOf(g.shape);
  const fits = (each: unknown, i: number): boolean =>
    isTensor(each) && each.dtype === g.dtype && sameShape(each.shape, shapes[i] ?? []);
  if (Array.isArray(at) && at.length === shapes.length && at.every(fits)) return at as readonly Tensor[];
  throw new StructureError(
    `${where} at ${formatPath(path)}: expected mu with one vector for each axis of the gradients, ${describe(g)}, ` +
      `got ${at === undefined ? "nothing" : describe(at)}. Use an optimizer with the model that it was made for.`,
  );
}

const inner = (): StructureError => new StructureError(`${where}: expected trees of tensors.`);

/**
 * SM3's direction, without a learning rate. A scalar has one number, which in optax fails.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_sm3`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleBySm3(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleBySm3: (options?: ScaleBySm3Options) => GradientTransformation<Sm3State> = registerFactory(
  "tx.scaleBySm3",
  (options = {}) => {
    const { b1, b2, eps } = readOptions(where, options, sm3Table);
    return {
      init: (params) => {
        const { rows, finish } = align([params], 1, inner);
        for (const row of rows) {
          const { shape } = row.leaves[0] as Tensor;
          row.put(
            0,
            sizesOf(shape).map((each) => zeros([...each])),
          );
        }
        return { mu: finish()[0] as Covers, nu: mapTree(zerosLike, params) };
      },
      update: (gradients, { mu, nu }) => {
        checkAlike(where, { gradients, nu });
        const { rows, finish } = align([gradients, nu], 2, inner);
        const covers = rows.map((row) => coversAt(mu, row.path(), row.leaves[0] as Tensor));
        rows.forEach((row, i) => {
          const [g, mean] = row.leaves as readonly [Tensor, Tensor];
          const squares = coveredSquares(g, covers[i] as readonly Tensor[], b2);
          row.put(0, runningMean(b1, mean, mul(g, inverseRoot(squares, eps))));
          row.put(1, largestAlongAxes(squares, covers[i] as readonly Tensor[]));
        });
        const [updates, next] = finish() as [Tree, Covers];
        return [updates, { mu: next, nu: updates }];
      },
    };
  },
);

/** The least that any axis remembers for each element, and its square. */
function coveredSquares(g: Tensor, covers: readonly Tensor[], b2: number): Tensor {
  const rank = g.shape.length;
  const spread = covers.map((cover, axis) =>
    reshape(
      cover,
      g.shape.map((size, i) => (i === axis ? size : 1)),
    ),
  );
  const least = rank < 2 ? (covers[0] as Tensor) : spread.reduce((a, b) => minimum(a, b));
  return add(mul(square(g), b2 === 1 ? 1 : 1 - b2), mul(least, b2));
}

/** The largest square along each axis. Where there are no elements, nothing changes. */
function largestAlongAxes(squares: Tensor, covers: readonly Tensor[]): readonly Tensor[] {
  if (squares.size === 0) return covers;
  const axes = squares.shape.map((_, i) => i);
  if (axes.length < 2) return [squares];
  return axes.map((axis) =>
    max(
      squares,
      axes.filter((other) => other !== axis),
    ),
  );
}

/** Options of {@link sm3}. */
export interface Sm3Options {
  /** Decay of the mean of updates, in `[0, 1)`. @defaultValue 0.9 */
  momentum?: number;
}

/**
 * SM3: Adagrad with little memory, one vector for each axis of a parameter.
 * @param learningRate - A number.
 * @throws RangeError for options that cannot be.
 * @see Anil et al. 2019, https://arxiv.org/abs/1901.11150; `optax.sm3`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.sm3(0.1, { momentum: 0.8 });
 * ```
 */
export const sm3: (learningRate: number, options?: Sm3Options) => GradientTransformation = registerFactory(
  "tx.sm3",
  (learningRate, options = {}) => {
    const { momentum } = readOptions<Sm3Options>("sm3", options, { momentum: decay(0.9) });
    checkFinite("sm3", "learningRate", learningRate);
    return chain(scaleBySm3({ b1: momentum }), scaleByLearningRate(learningRate));
  },
);

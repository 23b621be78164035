/** @file One function over many examples: a loop. */
import { describe, StructureError } from "./errors.ts";
import { GraphNode } from "./graph/node.ts";
import { mapTensors, tensorsIn } from "./ownership/tensors-in.ts";
import { flattenState, unflattenState } from "./state/flatten-state.ts";
import { withValue } from "./state/map.ts";
import { leafValue, type State } from "./state/state.ts";
import { isStateLike } from "./autodiff/argument.ts";
import { scoped, sliceAt, stackTensors, type Tensor } from "./tensor.ts";
import { Variable } from "./variable/variable.ts";

/** How {@link vmap} takes arguments apart and puts results together. */
export interface VmapOptions {
  /** The axis of each argument's tensors that is looped over; `null` passes the argument whole, as modules always are. @defaultValue 0 for all */
  readonly inAxes?: number | null | readonly (number | null)[];
  /** The axis of the results that the loop makes. @defaultValue 0 */
  readonly outAxes?: number;
}

/**
 * `f` for each slice of its arguments, results stacked: per-example gradients, captures of single examples. It is a loop over the slices, not one
 * large computation: it costs what the calls cost. Modules are passed as they are, so what `f` changes in them is changed once per slice, in
 * order.
 * @param f - Returns tensors, States, or arrays and objects of these, of the same structure for every slice.
 * @throws {@link StructureError} when the looped axes differ in size, or nothing is looped over.
 * @see `jax.vmap`
 * @example
 * ```ts
 * const perExample = nnx.vmap(
 *   (m: Mlp, example: tf.Tensor1D) => nnx.grad((n: Mlp) => lossFn(n, tf.reshape(example, [1, 4])))(m),
 *   { inAxes: [null, 0] },
 * );
 * const grads = perExample(model, x);
 * nnx.summarize(grads).rows.map(({ shape }) => shape[0]); // => [2, 2, 2, 2, 2, 2]
 * nnx.dispose(grads);
 * ```
 */
export function vmap<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  { inAxes = 0, outAxes = 0 }: VmapOptions = {},
): (...args: { [K in keyof A]: A[K] extends Tensor ? Tensor : A[K] }) => R {
  return (...args) => {
    const axes = args.map((argument, i) =>
      axisOf(argument, Array.isArray(inAxes) ? (inAxes[i] ?? null) : (inAxes as number | null)),
    );
    const size = loopSize(args, axes);
    const stacked = scoped(() => {
      const results = Array.from({ length: size }, (_, index) =>
        f(...(args.map((argument, i) => slice(argument, axes[i] ?? null, index)) as unknown as A)),
      );
      return stack(results, outAxes);
    });
    return stacked.build() as R;
  };
}

const axisOf = (argument: unknown, axis: number | null): number | null =>
  argument instanceof GraphNode || argument instanceof Variable || tensorsIn(argument).length === 0
    ? null
    : axis;

function loopSize(args: readonly unknown[], axes: readonly (number | null)[]): number {
  const sizes = new Set(
    args.flatMap((argument, i) => {
      const axis = axes[i] ?? null;
      return axis === null ? [] : tensorsIn(argument).map((tensor) => tensor.shape.at(axis) ?? Number.NaN);
    }),
  );
  const [size] = sizes;
  if (sizes.size === 1 && size !== undefined && !Number.isNaN(size)) return size;
  throw new StructureError(
    `vmap: expected tensors with one size along the looped axes, got ${sizes.size === 0 ? "none" : [...sizes].join(", ")}. ` +
      "Choose the axes with { inAxes }, null for what is not looped over.",
  );
}

const slice = (argument: unknown, axis: number | null, index: number): unknown =>
  axis === null ? argument : mapTensors(argument, (tensor) => sliceAt(tensor, axis, index));

/** Stacks the tensors of all results. What it returns builds the result, States anew: outside the scope, so that they hold their tensors. */
function stack(
  results: readonly unknown[],
  axis: number,
): { tensors: readonly Tensor[]; build: () => unknown } {
  const columns = results.map(leavesIn);
  const [first = []] = columns;
  const odd = columns.find((column) => column.length !== first.length);
  if (odd) {
    throw new StructureError(
      `vmap: expected results of one structure, got ${first.length} tensors for the first slice and ${odd.length} for another ` +
        `(${describe(results[0])}). Return the same tensors for every slice.`,
    );
  }
  const tensors = first.map((_, i) =>
    stackTensors(
      columns.map((column) => column[i] as Tensor),
      axis,
    ),
  );
  let next = 0;
  // A function, which the scope does not look into: the single results are to be freed.
  return { tensors, build: () => rebuild(results[0], () => tensors[next++] as Tensor) };
}

function leavesIn(result: unknown): Tensor[] {
  if (isStateLike(result)) return flattenState(result).flatMap(([, leaf]) => tensorsIn(leafValue(leaf)));
  if (Array.isArray(result)) return result.flatMap(leavesIn);
  return tensorsIn(result);
}

function rebuild(result: unknown, next: () => Tensor): unknown {
  if (isStateLike(result)) {
    const entries = flattenState(result as State);
    return unflattenState(
      entries.map(([path, leaf]) => [path, withValue(leaf, mapTensors(leafValue(leaf), next))] as const),
    );
  }
  return Array.isArray(result) ? result.map((item) => rebuild(item, next)) : mapTensors(result, next);
}

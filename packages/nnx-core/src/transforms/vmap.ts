/** @file Applies a function to many examples in a loop. */
import { checkFunction } from "../data/functions.ts";
import { variablesOf } from "../autodiff/positions.ts";
import { refuseLate } from "../ownership/late.ts";
import { refuseDisposed } from "../state/disposed.ts";
import { checkOptions } from "../data/options.ts";
import { describe, StructureError } from "../errors.ts";
import { notAResult } from "../data/not-a-result.ts";
import { GraphNode } from "../graph/node.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { type Stacked, type StackedOf, stackResults, variablesIn } from "./stack-results.ts";
import { scoped, sliceAt, type Tensor } from "../tensor.ts";
import { atomicallyOn } from "../undo/atomically.ts";
import type { Structure } from "../undo/structure.ts";
import { Variable } from "../variable/variable.ts";

/** Options of {@link vmap}. */
export interface VmapOptions {
  /**
   * The axis of each argument's tensors that is looped over; `null` passes the argument whole, as
   * modules always are. An array has one entry for each argument.
   * @defaultValue 0 for all
   */
  readonly inAxes?: number | null | readonly (number | null)[];
  /** The axis of the results that the loop makes. @defaultValue 0 */
  readonly outAxes?: number;
}

/**
 * Applies `f` to each slice of its arguments and stacks the results. Use it for per-example
 * gradients or captures of single examples. It is a loop, not one large computation, so it costs as
 * much as the single calls. Modules are passed whole, so the changes that `f` makes to them are
 * made once per slice, in order.
 * @param f - Returns tensors, Variables, States, or arrays, plain objects and Maps of these, of the
 * same structure and shapes for every slice. Tensors in them get one more axis. Other values, such
 * as numbers, must be the same for every slice and come back as they are. It is not async.
 * Variables that it makes are disposed when they have been stacked.
 * @throws {@link StructureError} when the looped axes differ in size or have none, nothing is
 * looped over, `inAxes` has not one entry for each argument, or results do not fit together (the
 * message has the path). Errors of `f` pass through. After any error the changes of all slices are
 * undone, as with {@link grad}.
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
  options: VmapOptions = {},
): (...args: { [K in keyof A]: StackedOf<A[K]> }) => StackedOf<R> {
  checkFunction("vmap", f);
  checkOptions<VmapOptions>("vmap", options, { inAxes: true, outAxes: true });
  const { inAxes = 0, outAxes = 0 } = options;
  return notAResult("vmap", (...args: { [K in keyof A]: StackedOf<A[K]> }): StackedOf<R> => {
    refuseDisposed("vmap", args);
    const axes = axesOf(args, inAxes);
    const size = loopSize(args, axes);
    const results: unknown[] = [];
    const loop = (before: Structure): [Stacked, Tensor[]] => {
      let oldest = Number.POSITIVE_INFINITY;
      try {
        for (let index = 0; index < size; index++) {
          const slices = args.map((argument, i) => slice(argument, axes[i] ?? null, index));
          if (index === 0) oldest = Math.min(...newIds(args, slices));
          const result: unknown = f(...(slices as unknown as A));
          refuseLate("vmap", () => "the function", result);
          results.push(result);
        }
        return [stackResults(results, outAxes), before.newTensors()];
      } finally {
        disposeOwn(results, args, oldest);
      }
    };
    const [stacked] = scoped(() => atomicallyOn(args, loop));
    return stacked.build() as StackedOf<R>;
  });
}

function axesOf(
  args: readonly unknown[],
  inAxes: NonNullable<VmapOptions["inAxes"]> | null,
): readonly (number | null)[] {
  const asked: readonly (number | null)[] = Array.isArray(inAxes)
    ? inAxes
    : args.map(() => inAxes as number | null);
  if (asked.length !== args.length || !asked.every((axis) => axis === null || Number.isInteger(axis))) {
    throw new StructureError(
      `vmap: expected inAxes to be an axis, null, or one of these for each of ${args.length} arguments, got ${described(inAxes)}. ` +
        "Write null for what is not looped over.",
    );
  }
  return args.map((argument, i) =>
    argument instanceof GraphNode || argument instanceof Variable || tensorsIn(argument).length === 0
      ? null
      : (asked[i] ?? null),
  );
}

const described = (axes: unknown): string =>
  Array.isArray(axes) ? `[${axes.map(describe).join(", ")}]` : describe(axes);

function loopSize(args: readonly unknown[], axes: readonly (number | null)[]): number {
  const sizes = new Set<number>();
  args.forEach((argument, i) => {
    const axis = axes[i] ?? null;
    if (axis === null) return;
    for (const tensor of tensorsIn(argument)) {
      const size = tensor.shape.at(axis);
      if (size === undefined) {
        throw new StructureError(
          `vmap: expected tensors with an axis ${axis} in argument ${i}, got ${describe(tensor)}. ` +
            "Choose the axes with { inAxes }, null for what is not looped over.",
        );
      }
      sizes.add(size);
    }
  });
  const [size] = sizes;
  if (sizes.size === 1 && size !== undefined && size > 0) return size;
  throw new StructureError(
    `vmap: expected tensors with one size above 0 along the looped axes, got ${sizes.size === 0 ? "none" : [...sizes].join(", ")}. ` +
      "Choose the axes with { inAxes }, null for what is not looped over; without a slice nobody knows what the result looks like.",
  );
}

const slice = (argument: unknown, axis: number | null, index: number): unknown =>
  axis === null ? argument : mapTensors(argument, (tensor) => sliceAt(tensor, axis, index));

/**
 * The ids of the tensors in the first slices. All tensors that the loop makes later have higher
 * ids.
 */
const newIds = (args: readonly unknown[], slices: readonly unknown[]): number[] =>
  slices.filter((each, i) => each !== args[i]).flatMap((each) => tensorsIn(each).map(({ id }) => id));

/**
 * Disposes the Variables that the function made: those that are in no argument and hold only
 * tensors made in the loop.
 */
function disposeOwn(results: readonly unknown[], args: readonly unknown[], oldest: number): void {
  const variables = new Set(results.flatMap(variablesIn));
  if (variables.size === 0) return;
  const given = new Set(args.flatMap(variablesOf));
  for (const variable of variables) {
    if (given.has(variable) || variable.isDisposed) continue;
    if (tensorsIn(variable.getRawValue()).every(({ id }) => id > oldest)) variable.dispose();
  }
}

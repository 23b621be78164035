/** @file Applies a function to each slice of its arguments, in one run or in a loop. */
import { checkFunction } from "../data/functions.ts";
import { notAResult } from "../data/not-a-result.ts";
import { checkOptions } from "../data/options.ts";
import { refuseLate } from "../ownership/late.ts";
import { Attempts } from "./attempts.ts";
import { type MapAxes, axesOfArguments, checkAxisSize, hasCarry, isAxes } from "./axes.ts";
import { describe, StructureError } from "../errors.ts";
import { overSlices } from "./over-slices.ts";
import type { StackedOf, Structure } from "./stack-results.ts";

/** Options of {@link vmap}. */
export interface VmapOptions {
  /**
   * The axis of each argument that is looped over, `null` for what every slice gets whole, or {@link
   * StateAxes} for the Variables of a module. One for all arguments, or an array with one for each;
   * in the place of one, an array or object with one for each part of a container.
   * @defaultValue 0 for all
   */
  readonly inAxes?: MapAxes;
  /**
   * The axis of the results that the loop makes, in the same forms; `null` for what is the same for
   * every slice. @defaultValue 0
   */
  readonly outAxes?: MapAxes;
  /** The number of slices, where no argument tells. */
  readonly axisSize?: number;
}

/**
 * Applies `f` to each slice of its arguments and stacks the results. Modules, Variables, States,
 * keys and Rngs are sliced as tensors are: a module whose Variables have a leading axis of 16 is an
 * ensemble of 16, and `vmap` runs each member. A new module in the result comes out stacked. So
 * `vmap` over keys of a function that makes a model makes an ensemble.
 *
 * The function gets the modules that were passed, with a slice in them. It is called once, and its
 * kernels are run for all slices, unless it reads the values of tensors, writes to Variables or
 * draws from streams that it closes over, or reads numbers that differ: then it is called for each
 * slice, as it is inside of gradients, captures and `jit`. So it must not depend on how often it is
 * called. Results differ in last bits at most.
 *
 * What it writes to Variables is stacked; what it writes to Variables whose axis is `null` must be
 * the same for every slice (values are read to find out), and is written once.
 * @param f - Returns tensors, keys, modules, Variables, States, or arrays, plain objects and Maps of
 * these, of one structure and shape for every slice. Other values, such as numbers, must be the
 * same for every slice and come back as they are. Modules in it are arguments, which come back
 * themselves, or new. Not async.
 * @throws {@link StructureError} when sizes along the looped axes differ or are 0; when nothing is
 * looped over; when a Variable is in two arguments with different axes; when `inAxes` or `outAxes`
 * do not fit; when results do not fit together (the message has the path). Errors of `f` pass
 * through. After any error everything is as before, as with {@link grad}.
 * @see Flax `nnx.vmap`, `jax.vmap`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const lossFn = (m: nnx.Linear, x: tf.Tensor1D) => tf.mean(m.forward(tf.reshape(x, [1, 4])));
 * const perExample = nnx.vmap(nnx.grad(lossFn), { inAxes: [null, 0] });
 * const grads = perExample(model, tf.ones([2, 4]));
 * grads.kernel.value.shape; // => [2, 4, 3]
 * nnx.dispose(grads);
 * ```
 */
export function vmap<A extends readonly unknown[], R extends Structure>(
  f: (...args: A) => R,
  options: VmapOptions = {},
): (...args: { [K in keyof A]: StackedOf<A[K]> }) => StackedOf<R> {
  const where = "vmap";
  checkFunction(where, f);
  checkOptions<VmapOptions>(where, options, { inAxes: true, outAxes: true, axisSize: true });
  const { inAxes = 0, outAxes = 0, axisSize } = options;
  checkAxisSize(where, "axisSize", axisSize);
  for (const [name, axes] of [
    ["inAxes", inAxes],
    ["outAxes", outAxes],
  ] as const) {
    if (name === "outAxes" && !isAxes(axes)) throw noAxes(where, name, axes);
    if (isAxes(axes) && hasCarry(axes)) throw noAxes(where, name, axes);
  }
  const attempts = new Attempts();
  return notAResult(where, (...args: { [K in keyof A]: StackedOf<A[K]> }): StackedOf<R> => {
    const run = (slices: unknown[]) => {
      const result: unknown = f(...(slices as unknown as A));
      refuseLate(where, () => "the function", result);
      return [result, undefined] as const;
    };
    return overSlices({
      where,
      args,
      axes: axesOfArguments(where, inAxes, args.length),
      outAxes,
      asked: axisSize,
      option: "axisSize",
      keepsWhole: false,
      mayBatch: true,
      attempts,
      run,
      finish: (stacked) => stacked,
    }) as StackedOf<R>;
  });
}

const noAxes = (where: string, name: string, got: unknown): StructureError =>
  new StructureError(
    `${where}: expected ${name} to be axes, null or StateAxes, got ${describe(got)}. Carry is for scan; write 0 for the first axis.`,
  );

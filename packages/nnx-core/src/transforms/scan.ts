/** @file A loop with a carry, over slices of its arguments. */
import { checkFunction } from "../data/functions.ts";
import { notAResult } from "../data/not-a-result.ts";
import { checkOptions } from "../data/options.ts";
import { describe, StructureError } from "../errors.ts";
import { refuseLate } from "../ownership/late.ts";
import { axesOfArguments, Carry, checkAxisSize, hasCarry, isAxes, type MapAxes, StateAxes } from "./axes.ts";
import { type CarryParts, partsOfCarry, refuseOtherCarry } from "./carry.ts";
import { overSlices } from "./over-slices.ts";
import type { NextOf } from "./loops.ts";
import type { StackedOf, Structure } from "./stack-results.ts";

/** Options of {@link scan}. */
export interface ScanOptions {
  /**
   * For each argument: {@link Carry} for the one that is handed on, the axis that is looped over,
   * `null` for what every step gets whole, or {@link StateAxes} for the Variables of a module.
   * {@link Carry} alone, where the function has one argument. @defaultValue `[Carry, 0]`
   */
  readonly inAxes?: MapAxes;
  /**
   * For each result: {@link Carry} for the one that is handed on, or the axis along which the
   * results of the steps are stacked. {@link Carry} alone, where the function returns the carry.
   * @defaultValue `[Carry, 0]`
   */
  readonly outAxes?: MapAxes;
  /** The number of steps, where no argument tells. */
  readonly length?: number;
  /** Whether the last step comes first. The order of the results stays. @defaultValue false */
  readonly reverse?: boolean;
}

/** What a scan returns: the carry as it is, and the rest stacked. */
export type ScanResult<R, O extends ScanOptions> = ResultAlong<
  R,
  "outAxes" extends keyof O ? O["outAxes"] : readonly [Carry, 0]
>;

type ResultAlong<R, Out> = [Out] extends [Carry]
  ? R
  : [R, Out] extends [readonly unknown[], readonly unknown[]]
    ? { -readonly [K in keyof R]: K extends keyof Out ? ResultAlong<R[K], Out[K]> : StackedOf<R[K]> }
    : StackedOf<R>;

const optionNames = { inAxes: true, outAxes: true, length: true, reverse: true } as const;

/**
 * Runs `f` once for each slice of its arguments, and hands what it returns as the carry to the next
 * step. With {@link StateAxes} a module of stacked layers is a deep model: each step gets the next
 * layer. The function gets the modules that were passed, each time with another slice; what it
 * writes to sliced Variables is stacked.
 *
 * Modules in the carry, and those whose axes are `null`, stay themselves: what one step writes the
 * next one reads. In `StateAxes`, {@link Carry} says so of some Variables, and `null` gives every
 * step the first value; what is written there must be the same in every step.
 * @param f - Takes the carry and slices, returns the carry and what is stacked. Results as for
 * {@link vmap}. The carry keeps its structure, shapes, dtypes and modules. Not async.
 * @throws {@link StructureError} when the carry changes its form (the message has the path), when
 * axes and arguments do not fit, when results do not fit together. Errors of `f` pass through.
 * After any error everything is as before.
 * @see Flax `nnx.scan`, `jax.lax.scan`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const total = nnx.scan((sum: tf.Tensor, each: tf.Tensor) => {
 *   const next = tf.add(sum, each);
 *   return [next, next] as const;
 * });
 * const [last, all] = total(tf.scalar(0), tf.tensor1d([1, 2, 3]));
 * Array.from(all.dataSync()); // => [1, 3, 6]
 * nnx.dispose([last, all]);
 * ```
 */
export function scan<
  A extends readonly unknown[],
  R extends Structure,
  const O extends ScanOptions = ScanOptions,
>(f: (...args: A) => R, options: O): (...args: { [K in keyof A]: StackedOf<A[K]> }) => ScanResult<R, O>;
export function scan<C, X, Y>(
  f: (carry: C, x: X) => readonly [carry: NextOf<C>, y: Y],
  options?: { readonly length?: number; readonly reverse?: boolean },
): (init: C, xs: StackedOf<X>) => [carry: C, ys: StackedOf<Y>];
export function scan(
  f: (...args: never[]) => unknown,
  options: ScanOptions = {},
): (...args: never[]) => unknown {
  const where = "scan";
  checkFunction(where, f);
  checkOptions<ScanOptions>(where, options, optionNames);
  const { inAxes = [Carry, 0], outAxes = [Carry, 0], length, reverse = false } = options;
  checkAxisSize(where, "length", length);
  const argument = carryOf("inAxes", inAxes);
  const result = carryOf("outAxes", outAxes);
  if ((argument === undefined) !== (result === undefined)) {
    throw new StructureError(
      `scan: expected Carry in both inAxes and outAxes or in neither, got it in ${argument === undefined ? "outAxes" : "inAxes"} alone. ` +
        "What goes into a step must come out of it.",
    );
  }
  refuseBroadcast(outAxes);
  return notAResult(where, (...args: never[]): unknown => {
    if (inAxes === Carry && args.length !== 1) {
      throw new StructureError(
        `scan: expected one argument with { inAxes: Carry }, got ${args.length}. Give each argument its axis in a list.`,
      );
    }
    const axes = inAxes === Carry ? [Carry] : axesOfArguments(where, inAxes, args.length);
    const steps = new Steps(f, argument, outAxes);
    return overSlices({
      where,
      args,
      axes,
      outAxes: steps.stackedAxes,
      asked: length,
      option: "length",
      isReverse: reverse,
      keepsWhole: true,
      mayBeEmpty: outAxes === Carry,
      ...steps.start(args),
    });
  });
}

/** Where the carry is: a position in a list, "all" for the whole, or nowhere. */
type CarryPlace = number | "all" | undefined;

/** @throws {@link StructureError} when there are several carries, or one below the top. */
function carryOf(option: string, axes: MapAxes): CarryPlace {
  if (!isAxes(axes)) {
    throw new StructureError(
      `scan: expected ${option} to be axes, null, Carry or StateAxes, got ${describe(axes)}. Write [Carry, 0] for a carry and slices.`,
    );
  }
  if (axes === Carry) return "all";
  const list: readonly MapAxes[] = Array.isArray(axes) ? axes : [axes];
  const found = list.flatMap((each, i) => (each === Carry ? [i] : []));
  const nested = list.findIndex((each) => each !== Carry && hasCarry(each));
  if (nested >= 0) {
    throw new StructureError(
      `scan: expected Carry at the top of ${option}, got it inside of the entry ${nested}. Make the carry one argument: an array or object of all that is handed on.`,
    );
  }
  if (found.length < 2) return found[0];
  throw new StructureError(
    `scan: expected Carry once in ${option}, got it at ${found.join(" and ")}. Put both into one array or object.`,
  );
}

/** Refuses results that are neither stacked nor handed on. */
function refuseBroadcast(axes: MapAxes, place = "outAxes"): void {
  const odd =
    axes === null || (axes instanceof StateAxes && axes.entries.some(([, axis]) => typeof axis !== "number"));
  if (odd) {
    throw new StructureError(
      `scan: expected an axis for every result that is not the carry, got ${axes === null ? "null" : "null or Carry in StateAxes"} in ${place}. ` +
        "Return what is the same in every step with the carry, or do not return it.",
    );
  }
  if (typeof axes !== "object" || axes === Carry || axes instanceof StateAxes) return;
  for (const [key, each] of Object.entries(axes as object))
    refuseBroadcast(each as MapAxes, `${place}.${key}`);
}

/** The steps of a scan. */
class Steps {
  /** The axes of the results without the carry. */
  readonly stackedAxes: MapAxes;
  private readonly f: (...args: never[]) => unknown;
  private readonly argument: CarryPlace;
  private readonly outAxes: MapAxes;

  constructor(f: (...args: never[]) => unknown, argument: CarryPlace, outAxes: MapAxes) {
    this.f = f;
    this.argument = argument;
    this.outAxes = outAxes;
    this.stackedAxes =
      outAxes === Carry ? [] : Array.isArray(outAxes) ? outAxes.filter((each) => each !== Carry) : outAxes;
  }

  /** How one call runs its steps, and makes its result. */
  start(args: readonly unknown[]) {
    const { argument } = this;
    const position = argument === "all" ? 0 : argument;
    const init = position === undefined ? undefined : args[position];
    const first: CarryParts | undefined = position === undefined ? undefined : partsOfCarry(init);
    const run = (slices: unknown[], _: number, carry: unknown) => {
      if (position !== undefined) slices[position] = carry;
      const result: unknown = this.f(...(slices as never[]));
      refuseLate("scan", () => "the function", result);
      const [next, stacked] = this.takeApart(result);
      if (first) refuseOtherCarry("scan", "the carry", first, partsOfCarry(next));
      return [stacked, next] as const;
    };
    const finish = (stacked: unknown, carry: unknown): unknown => this.putTogether(stacked, carry);
    return { init, run, finish };
  }

  private takeApart(result: unknown): readonly [carry: unknown, stacked: unknown] {
    const { outAxes } = this;
    if (outAxes === Carry) return [result, []];
    if (!Array.isArray(outAxes)) return [undefined, result];
    const axes = outAxes as readonly MapAxes[];
    if (Array.isArray(result) && result.length === axes.length) {
      const position = axes.indexOf(Carry);
      return [result[position], result.filter((_, i) => i !== position)];
    }
    throw new StructureError(
      `scan: expected the function to return an array of ${axes.length}, as outAxes says, got ${describe(result)}. ` +
        "Return [carry, y]; y may be null.",
    );
  }

  private putTogether(stacked: unknown, carry: unknown): unknown {
    const { outAxes } = this;
    if (outAxes === Carry) return carry;
    if (!Array.isArray(outAxes)) return stacked;
    const rest = [...(stacked as readonly unknown[])];
    return (outAxes as readonly MapAxes[]).map((each) => (each === Carry ? carry : rest.shift()));
  }
}

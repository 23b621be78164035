/** @file Programs of arguments with one signature, and why another one is recorded. */
import { StructureError } from "../errors.ts";
import { formatPath } from "../path.ts";
import type { Arguments } from "./arguments.ts";
import type { Signature } from "./argument-walk.ts";
import type { Played } from "./played.ts";

/** Programs of arguments with one signature. */
export interface Group {
  readonly signature: Signature;
  /** Static data that code may change in place, as they were. */
  readonly statics: unknown;
  readonly backend: string;
  /** The last one played first. */
  readonly programs: Played[];
  /**
   * How often it was recorded again because of a number, by the number's position; because of a
   * variable of tensorflow.js, by that; of bounds of loops without either.
   */
  readonly again: Map<number | object | undefined, number>;
}

/** Why a call is recorded. */
export interface Reason {
  readonly text: string;
  /** What {@link Group.again} counts, once the call was recorded. */
  readonly changed?: { readonly what: number | object | undefined };
}

/** Why the first call of a function is recorded. */
export const firstCall: Reason = { text: "the first call" };

/** How often a function is recorded again because one number changed. */
const mostAgain = 2;

/** Why a call is recorded. @throws {@link StructureError} where a number changes each time. */
export function reasonFor(group: Group, given: Arguments): Reason {
  const [last] = group.programs;
  if (!last) return { text: "other definitions, shapes, dtypes, static values or another backend" };
  if (!last.isCurrent()) {
    for (const played of group.programs.splice(0)) played.dispose();
    return { text: "other kernels are installed" };
  }
  const variable = last.changedVariable();
  if (variable) {
    const times = group.again.get(variable) ?? 0;
    if (times >= mostAgain) {
      throw new StructureError(
        `jit: expected a tf.Variable that stays, got "${variable.name}", to which something was assigned: the function was recorded ${times + 1} times ` +
          "for other values. Pass the variable as an argument.",
      );
    }
    // They have what the variable was.
    for (const played of group.programs.splice(0)) played.dispose();
    const text = `something was assigned to the tf.Variable "${variable.name}"`;
    return { text, changed: { what: variable } };
  }
  const index = last.changedNumber(given);
  if (index === undefined && !last.sharesAlike(given))
    return { text: "two places in the arguments, which had one tensor or key, have two now" };
  if (index === undefined && last.miss === "host")
    return { text: "host code, such as an optimizer's step, went another way" };
  const times = group.again.get(index) ?? 0;
  if (times >= mostAgain) {
    throw index === undefined
      ? new StructureError(
          `jit: expected tensors as bounds of loops that stay, got some that change: the function was recorded ${times + 1} times for ` +
            "other values. Count with a tensor in whileLoop, or pass the bounds as numbers with { staticArgs }.",
        )
      : new StructureError(
          `jit at ${formatPath(last.pathOfNumber(index, given))}: expected a number that stays, got one that changes: it is ${String(given.host[index])} now, and the function ` +
            `was recorded ${times + 1} times for other values. Pass a tensor, or compute with nnx.hostValue([variable], fn).`,
        );
  }
  const text =
    index === undefined
      ? "a tensor that is the bound of a loop has another value"
      : `the number at ${formatPath(last.pathOfNumber(index, given))} changed`;
  return { text, changed: { what: index } };
}

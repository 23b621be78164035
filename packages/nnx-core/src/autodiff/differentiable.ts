/** @file What becomes of one argument of a function that is differentiated. */
import type { Filter } from "../filter/filter.ts";
import type { Tensor } from "../tensor.ts";

/** One argument, ready to be differentiated. */
export interface Differentiable {
  /** What the function gets in the place of the argument. */
  readonly argument: unknown;
  /**
   * What is watched: tensor objects of their own, so that uses outside the argument do not count.
   */
  readonly watched: readonly Tensor[];
  /** The gradient's structure, from one gradient for each watched tensor in order. */
  build(gradients: readonly Tensor[]): unknown;
  /**
   * The tensors of a gradient of this structure, in the order of what is watched; `undefined` where
   * there is none.
   */
  read(gradient: unknown): readonly (Tensor | undefined)[];
  /** Puts back what was put in place of the model's values. */
  restore(): void;
}

/** How arguments are prepared. */
export interface Preparation {
  /** The function, for error messages. */
  readonly where: string;
  readonly wrt: Filter;
  /** Whether what has no gradient (integers, numbers, keys) is an error or a constant. */
  readonly others: "refuse" | "pass";
  /**
   * Variables of earlier arguments, and where bare tensors stand: they have their gradient there.
   */
  readonly seen: Seen;
}

/** What has its gradient already. */
export class Seen {
  private readonly variables = new Set<object>();
  private readonly places = new Map<object, Set<unknown>>();

  hasVariable(variable: object): boolean {
    return this.variables.has(variable);
  }

  addVariable(variable: object): void {
    this.variables.add(variable);
  }

  /** Whether a place was not there yet; it is now. */
  addPlace(owner: object, key: unknown): boolean {
    const keys = this.places.get(owner) ?? new Set();
    this.places.set(owner, keys);
    return !keys.has(key) && keys.add(key) !== undefined;
  }

  hasPlace(owner: object, key: unknown): boolean {
    return this.places.get(owner)?.has(key) ?? false;
  }
}

const nothing = (): void => {};

/** An argument without gradients. */
export const constant = (argument: unknown): Differentiable => ({
  argument,
  watched: [],
  build: () => undefined,
  read: () => [],
  restore: nothing,
});

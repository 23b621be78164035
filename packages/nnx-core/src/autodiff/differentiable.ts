/** @file How one argument of a differentiated function is prepared, and its gradient is made. */
import type { Filter } from "../filter/filter.ts";
import type { Tensor } from "../tensor.ts";

/** One argument, ready to be differentiated. */
export interface Differentiable {
  /** What the function gets in place of the argument. */
  readonly argument: unknown;
  /**
   * The tensors that gradients are taken of. They are copies on the same data, so that only uses
   * through the argument count.
   */
  readonly watched: readonly Tensor[];
  /** Makes the argument's gradient from one gradient for each watched tensor, in their order. */
  build(gradients: readonly Tensor[]): unknown;
  /**
   * Takes apart a gradient that `build` could have made: one tensor for each watched one, or
   * `undefined` where there is none.
   */
  read(gradient: unknown): readonly (Tensor | undefined)[];
  /** Puts the model's own values back. */
  restore(): void;
}

/** How arguments are prepared. */
export interface Preparation {
  /** What error messages call the function. */
  readonly where: string;
  readonly wrt: Filter;
  /** Whether what can have no gradient (integers, numbers, keys) is an error or a constant. */
  readonly others: "refuse" | "pass";
  /** What earlier arguments have. Its gradient is in the gradient of the first of them. */
  readonly seen: Seen;
}

/**
 * The Variables that have a gradient in an argument, and the places of tensors without a Variable.
 */
export class Seen {
  private readonly variables = new Set<object>();
  private readonly places = new Map<object, Set<unknown>>();

  hasVariable(variable: object): boolean {
    return this.variables.has(variable);
  }

  addVariable(variable: object): void {
    this.variables.add(variable);
  }

  /** Adds a place. @returns whether it is new. */
  addPlace(owner: object, key: unknown): boolean {
    const keys = this.places.get(owner) ?? new Set();
    this.places.set(owner, keys);
    const isNew = !keys.has(key);
    keys.add(key);
    return isNew;
  }

  hasPlace(owner: object, key: unknown): boolean {
    return this.places.get(owner)?.has(key) ?? false;
  }
}

const nothing = (): void => {};

/** An argument that has no gradient. */
export const constant = (argument: unknown): Differentiable => ({
  argument,
  watched: [],
  build: () => undefined,
  read: () => [],
  restore: nothing,
});

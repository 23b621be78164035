/**
 * @file Steps that are taken again with nothing but other numbers: a recorded function runs the code
 * of its optimizer for each replay, on the same trees of tensors without data.
 */
import type { Tensor } from "@nnxjs/kernels/internal";
import { isFixed, markFixed } from "@nnxjs/nnx-core/internal";

/** A step on trees that never change. */
interface Repeat {
  /** What each parameter has. */
  readonly leaves: readonly (readonly Tensor[])[];
  readonly results: readonly (readonly Tensor[])[];
  /** The trees of the results. */
  readonly built: readonly unknown[];
}

const isFixedTree = (x: unknown): x is object => typeof x === "object" && x !== null && isFixed(x);

/** The last step for each list of trees. */
export class Repeats {
  private readonly known = new WeakMap<object, Repeat & { readonly trees: readonly unknown[] }>();

  /** The step that these trees had before. */
  get(trees: readonly unknown[]): Repeat | undefined {
    const before = this.known.get(trees[0] as object);
    const isSame =
      before?.trees.length === trees.length && before.trees.every((tree, i) => tree === trees[i]);
    return isSame ? before : undefined;
  }

  /** Remembers a step, if its trees never change. Nobody may change what was built, either. */
  note(trees: readonly unknown[], repeat: Repeat): void {
    const [first] = trees;
    if (!isFixedTree(first) || !trees.every(isFixedTree)) return;
    for (const each of repeat.built) if (typeof each === "object" && each !== null) markFixed(each);
    this.known.set(first, { trees, ...repeat });
  }
}

/** Whether a step gave what it gave before. */
export const areSame = (results: Repeat["results"], before: Repeat["results"]): boolean =>
  results.length === before.length &&
  results.every((own, leaf) => own.every((tensor, i) => tensor === before[leaf]?.[i]));

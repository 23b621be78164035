/**
 * @file The structure of a gradient State. It is kept as the steps of a walk: a path for each leaf
 * would be long in a deep model.
 */
import { describe, GradientError } from "../errors.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import { StatesBuilder } from "../state/builder.ts";
import { withValue } from "../state/map.ts";
import {
  below,
  isLeaf,
  heldValue,
  leafValue,
  type OwnedState,
  type StateLeaf,
  type StateNode,
} from "../state/state.ts";
import type { Tensor } from "../tensor.ts";
import { inOrder, isFloat, replaceFloats } from "./watched-values.ts";

type Step =
  | { readonly kind: "enter"; readonly key: PathPart }
  | { readonly kind: "leaf"; readonly key: PathPart | undefined; readonly leaf: StateLeaf }
  | { readonly kind: "exit" };

/** Leaves in the order of a walk, with the steps between them. */
export class Outline {
  private readonly steps: Step[] = [];

  enter(key: PathPart): void {
    this.steps.push({ kind: "enter", key });
  }

  leaf(key: PathPart | undefined, leaf: StateLeaf): void {
    this.steps.push({ kind: "leaf", key, leaf });
  }

  exit(): void {
    // Nothing below this key has a gradient.
    if (this.steps.at(-1)?.kind === "enter") this.steps.pop();
    else this.steps.push({ kind: "exit" });
  }

  /** The path of the leaf that comes next. */
  pathTo(key: PathPart | undefined): Path {
    const path: PathPart[] = [];
    for (const step of this.steps) {
      if (step.kind === "enter") path.push(step.key);
      else if (step.kind === "exit") path.pop();
    }
    return key === undefined ? path : [...path, key];
  }

  /** The State of the leaves, each with gradients in the place of its float tensors. */
  fill(gradients: readonly Tensor[]): OwnedState {
    const next = inOrder(gradients);
    const builder = new StatesBuilder(1);
    for (const step of this.steps) {
      if (step.kind === "enter") builder.enter(step.key);
      else if (step.kind === "exit") builder.exit();
      else builder.put(0, step.key, withValue(step.leaf, replaceFloats(heldValue(step.leaf), next)));
    }
    return builder.finish()[0] as OwnedState;
  }

  /**
   * The tensors of a State of gradients with these leaves.
   * @throws {@link GradientError} for a leaf that does not fit, or is not there.
   */
  read(where: string, gradients: unknown): Tensor[] {
    const found: Tensor[] = [];
    const open = [asNode(gradients)];
    const path: PathPart[] = [];
    for (const step of this.steps) {
      if (step.kind === "enter") {
        open.push(below(open.at(-1), step.key));
        path.push(step.key);
      } else if (step.kind === "exit") {
        open.pop();
        path.pop();
      } else {
        const { key, leaf } = step;
        const node = key === undefined ? open.at(-1) : below(open.at(-1), key);
        const tensors = node !== undefined && isLeaf(node) ? tensorsIn(heldValue(node)) : [];
        const wanted = tensorsIn(heldValue(leaf)).filter(isFloat);
        if (tensors.length !== wanted.length)
          throw misfit(where, key === undefined ? path : [...path, key], leaf, node);
        found.push(...tensors);
      }
    }
    return found;
  }
}

const asNode = (x: unknown): StateNode | undefined =>
  typeof x === "object" && x !== null ? (x as StateNode) : undefined;

const misfit = (where: string, path: Path, leaf: StateLeaf, got: unknown): GradientError =>
  new GradientError(
    `${where} at ${formatPath(path)}: expected a gradient like ${describe(leafValue(leaf))}, got ${describe(got)}. ` +
      "Return a State with a leaf for every differentiated Variable, under its path.",
  );

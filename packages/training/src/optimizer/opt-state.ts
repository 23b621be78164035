/**
 * @file The Variables that an optimizer remembers in, so that its memory is split, saved and merged
 * like a model's.
 */
import { isTensor, type Tensor } from "@nnxjs/kernels/internal";
import { formatPath, type Path, registerVariableName, StructureError, Variable } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import type { Change } from "./commit.ts";
import { align } from "../tree/structure.ts";
import type { TransformationState } from "../transformations/transformation.ts";
import { isLike } from "../tree/like.ts";
import type { Nested } from "../tree/tree.ts";

/** State of an optimizer. @see Flax `nnx.OptState` */
export class OptState<T = unknown> extends Variable<T> {
  static override readonly typeName: string = "OptState";
  declare protected readonly nominal: { readonly variable: true; readonly optState: true };
}

/**
 * A number that an optimizer remembers, such as its count of steps.
 * @see Flax `nnx.training.optimizer.OptArray`
 */
export class OptArray extends OptState<number> {
  static override readonly typeName: string = "OptArray";
  declare protected readonly nominal: {
    readonly variable: true;
    readonly optState: true;
    readonly optArray: true;
  };
}

/**
 * What an optimizer remembers about one parameter.
 * @see Flax `nnx.training.optimizer.OptVariable`
 */
export class OptVariable extends OptState<Tensor> {
  static override readonly typeName: string = "OptVariable";
  declare protected readonly nominal: {
    readonly variable: true;
    readonly optState: true;
    readonly optVariable: true;
  };
}

/** A transformation's state with a Variable around each number and tensor. */
export type OptStateTree = Nested<OptArray | OptVariable>;

/**
 * Puts Variables around the values.
 * @throws StructureError for what a transformation's state cannot have; none is made then.
 */
export function toVariables(state: TransformationState): OptStateTree {
  const { rows, finish } = align([state], 1, differs);
  const odd = rows.find(({ leaves: [value] }) => typeof value !== "number" && !isTensor(value));
  if (odd) {
    const expected = "the state of a transformation to be made of numbers and tensors";
    throw refused("Optimizer", odd.path(), expected, odd.leaves[0]);
  }
  for (const row of rows) {
    const [value] = row.leaves;
    row.put(0, isTensor(value) ? new OptVariable(value) : new OptArray(value as number));
  }
  return finish()[0] as OptStateTree;
}

/**
 * The values in the Variables.
 * @throws StructureError where one has another kind of value than it was made for.
 */
export function toValues(tree: OptStateTree): TransformationState {
  const { rows, finish } = align([tree], 1, differs);
  for (const row of rows) {
    const [variable] = row.leaves;
    const value = variable instanceof Variable ? variable.value : variable;
    const isFine =
      variable instanceof OptArray
        ? typeof value === "number"
        : variable instanceof OptVariable && isTensor(value);
    if (!isFine) {
      const kind = variable instanceof OptArray ? "a plain number" : "a tensor in an OptVariable";
      throw refused("Optimizer.update", row.path(), kind, value);
    }
    row.put(0, value);
  }
  return finish()[0] as TransformationState;
}

/**
 * What a transformation's next state changes.
 * @throws StructureError unless it is of the structure of the one before.
 */
export function changesOf(tree: OptStateTree, next: TransformationState): Change[] {
  const { rows } = align([tree, next], 0, differs);
  return rows.map((row) => {
    const [variable, value] = row.leaves as readonly [OptArray | OptVariable, unknown];
    const before = variable.value;
    if (typeof before === "number" ? typeof value === "number" : isLike(value, before))
      return [variable, value];
    throw differs(row.path(), 1, value, describe(before));
  });
}

const differs = (path: Path, _: number, got: unknown, like = "a value"): StructureError =>
  refused(
    "Optimizer.update",
    path,
    `the transformation to return a state of the structure that it got, with ${like} here`,
    got,
  );

function refused(where: string, path: Path, expected: string, got: unknown): StructureError {
  return new StructureError(
    `${where} at ${formatPath(["optState", ...path])}: expected ${expected}, got ${got === undefined ? "nothing" : describe(got)}. ` +
      "Restore the state of an optimizer of the same kind; a transformation keeps the structure of its state.",
  );
}

registerVariableName("opt_state", OptState);
registerVariableName("opt_array", OptArray);
registerVariableName("opt_variable", OptVariable);

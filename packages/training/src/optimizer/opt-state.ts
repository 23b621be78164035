/**
 * @file The Variables that an optimizer remembers in, so that its memory is split, saved and merged
 * like a model's.
 */
import { isTensor, sameShape, type Tensor } from "@nnxjs/kernels/internal";
import { formatPath, type Path, registerVariableName, StructureError, Variable } from "@nnxjs/nnx-core";
import { describe, glance } from "@nnxjs/nnx-core/internal";
import { PRNGKey } from "@nnxjs/rnglib";
import type { Change } from "./commit.ts";
import { align } from "../tree/structure.ts";
import type { TransformationState } from "../transformations/transformation.ts";
import { isLike } from "../tree/like.ts";
import type { Nested } from "../tree/tree.ts";

/**
 * State of an optimizer. @see Flax `nnx.OptState`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const optimizer = new nnx.Optimizer(new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) }), nnx.sgd(0.1));
 * nnx.flattenState(nnx.state(optimizer, nnx.OptState)).map(([path]) => path.join(".")); // => ["step"]
 * ```
 */
export class OptState<T = unknown> extends Variable<T> {
  static override readonly typeName: string = "OptState";
  declare protected readonly nominal: { readonly variable: true; readonly optState: true };
}

/**
 * A number that an optimizer remembers, such as its count of steps.
 * @see Flax `nnx.training.optimizer.OptArray`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const optimizer = new nnx.Optimizer(new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) }), nnx.adam(1e-3));
 * const numbers = nnx.flattenState(nnx.state(optimizer, nnx.OptArray));
 * numbers.map(([path]) => path.join(".")); // => ["optState.0.count"]
 * ```
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
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const optimizer = new nnx.Optimizer(new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) }), nnx.adam(1e-3));
 * nnx.flattenState(nnx.state(optimizer, nnx.OptVariable)).length; // => 4
 * ```
 */
export class OptVariable extends OptState<Tensor> {
  static override readonly typeName: string = "OptVariable";
  declare protected readonly nominal: {
    readonly variable: true;
    readonly optState: true;
    readonly optVariable: true;
  };
}

/** A transformation's state with a Variable around each number, tensor and key. */
export type OptStateTree = Nested<OptArray | OptVariable | OptState<PRNGKey>>;

/**
 * Puts Variables around the values.
 * @throws StructureError for what a transformation's state cannot have; none is made then.
 */
export function toVariables(state: TransformationState): OptStateTree {
  const { rows, finish } = align([state], 1, differs);
  const odd = rows.find(
    ({ leaves: [value] }) => typeof value !== "number" && !isTensor(value) && !PRNGKey.isKey(value),
  );
  if (odd) {
    const expected = "the state of a transformation to be made of numbers, tensors and keys";
    throw refused("Optimizer", odd.path(), expected, odd.leaves[0]);
  }
  for (const row of rows) {
    const [value] = row.leaves;
    row.put(0, variableFor(value as number | Tensor | PRNGKey));
  }
  return finish()[0] as OptStateTree;
}

function variableFor(value: number | Tensor | PRNGKey): Variable {
  if (typeof value === "number") return new OptArray(value);
  return isTensor(value) ? new OptVariable(value) : new OptState(value);
}

/** What a Variable of an optimizer's state holds, in words. */
function kindIn(variable: unknown): string {
  if (variable instanceof OptArray) return "a plain number";
  return variable instanceof OptVariable ? "a tensor in an OptVariable" : "a key in an OptState";
}

/**
 * The values in the Variables.
 * @param found - Gets the Variables.
 * @throws StructureError where one has another kind of value than it was made for.
 */
export function toValues(tree: OptStateTree, found: unknown[] = []): TransformationState {
  const { rows, finish } = align([tree], 1, differs);
  for (const row of rows) {
    const [variable] = row.leaves;
    const value = variable instanceof Variable ? glance(variable, (each) => each.value) : variable;
    found.push(variable);
    if (!holdsItsKind(variable, value))
      throw refused("Optimizer.update", row.path(), kindIn(variable), value);
    row.put(0, value);
  }
  return finish()[0] as TransformationState;
}

function holdsItsKind(variable: unknown, value: unknown): boolean {
  // A count that is NaN would make every parameter NaN, without a word.
  if (variable instanceof OptArray) return typeof value === "number" && !Number.isNaN(value);
  if (variable instanceof OptVariable) return isTensor(value);
  return variable instanceof OptState && PRNGKey.isKey(value);
}

/**
 * What a transformation's next state changes.
 * @throws StructureError unless it is of the structure of the one before.
 */
export function changesOf(tree: OptStateTree, next: TransformationState): Change[] {
  const { rows } = align([tree, next], 0, differs);
  return rows.map((row) => {
    const [variable, value] = row.leaves as readonly [OptState, unknown];
    const before: unknown = glance(variable, (each) => each.value);
    if (fitsIn(before, value)) return [variable, value];
    throw differs(row.path(), 1, value, describe(before));
  });
}

function fitsIn(before: unknown, value: unknown): boolean {
  if (typeof before === "number") return typeof value === "number";
  if (!PRNGKey.isKey(before)) return isLike(value, before);
  return PRNGKey.isKey(value) && sameShape(value.shape, before.shape);
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

/** @file Shapes and dtypes of what a function returns, without its numbers; abstract models. */
import { withoutTape } from "../autodiff/tape.ts";
import { isContainer, mapItems } from "../data/containers.ts";
import { checkFunction } from "../data/functions.ts";
import { describe, StructureError } from "../errors.ts";
import { copyGraph } from "../graph/copy.ts";
import { GraphNode, isWritable, setChild } from "../graph/node.ts";
import { tidy } from "../graph/scope.ts";
import { Walk } from "../graph/walk.ts";
import { refuseLate } from "../ownership/late.ts";
import { formatPath } from "../path.ts";
import { recordingNow } from "../program/recording.ts";
import { isStateLike } from "../state/check-state.ts";
import { refuseDisposed } from "../state/disposed.ts";
import { mapValues } from "../state/map.ts";
import { isTensor, type Tensor, tensorWithoutValues, withoutValues } from "../tensor.ts";
import { atomically } from "../undo/atomically.ts";
import { framesOfArgument } from "../undo/structure.ts";
import { lending, unread } from "../variable/observer.ts";
import type { VariableState } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import { ShapeDtypeStruct } from "./shape-dtype.ts";

/** The type with {@link ShapeDtypeStruct} in the place of tensors. Models keep their type. */
export type AbstractOf<T> = 0 extends 1 & T
  ? T
  : T extends Tensor
    ? ShapeDtypeStruct
    : T extends
          | GraphNode
          | Variable
          | ((...args: never) => unknown)
          | string
          | number
          | boolean
          | bigint
          | symbol
      ? T
      : T extends VariableState<infer V, infer C>
        ? VariableState<AbstractOf<V>, C>
        : T extends object
          ? { [K in keyof T]: AbstractOf<T[K]> }
          : T;

const structOf = ({ shape, dtype }: Tensor): ShapeDtypeStruct => new ShapeDtypeStruct(shape, dtype);

/** The value with something in the place of tensors, or of what stands for them. */
function replaced(value: unknown, replace: (array: Tensor | ShapeDtypeStruct) => unknown): unknown {
  if (isTensor(value) || value instanceof ShapeDtypeStruct) return replace(value);
  return isContainer(value) ? mapItems(value, (item) => replaced(item, replace)) : value;
}

/** Tensors without values, also in the place of tensors. */
const withTensors = (value: unknown): unknown =>
  replaced(value, ({ shape, dtype }) => {
    if (dtype.startsWith("key")) {
      throw new StructureError(
        `evalShape: expected tensors or keys, got the shape of ${describe(new ShapeDtypeStruct(shape, dtype))}. Pass a key itself: it takes no memory.`,
      );
    }
    return tensorWithoutValues(shape, dtype as Tensor["dtype"]);
  });

const withStructs = (value: unknown): unknown =>
  replaced(value, (array) => (isTensor(array) ? structOf(array) : array));

/**
 * Changes the values in the modules and Variables below `root` in place.
 * @param isOurs - Which Variables, and which arrays by owner.
 */
function changeBelow(
  root: unknown,
  change: (value: unknown) => unknown,
  isOurs: (owner: object) => boolean,
): void {
  const walk = new Walk(root);
  const writes: (() => void)[] = [];
  while (walk.nextOnce("all")) {
    const { kind, value, owner, key } = walk;
    if (kind === "variable") {
      const variable = value as Variable;
      if (!isOurs(variable)) continue;
      // Numbers and keys stay: nobody computes with them here.
      const next = change(unread(() => variable.getRawValue()));
      writes.push(() => variable.setRawValue(next));
    } else if (kind === "leaf" && owner && isOurs(owner.value)) {
      const own = owner.value;
      if (!isWritable(own, key)) {
        if (change === withTensors) continue;
        throw new StructureError(
          `evalShape at ${formatPath(walk.path())}: expected values in Variables, got ${describe(value)} in a State or frozen object. ` +
            "Models that keep States cannot be abstract: make the State from the restored model.",
        );
      }
      writes.push(() => setChild(own, key, change(value)));
    }
  }
  for (const write of writes) write();
}

/** A value of an argument as the function gets it. Modules are changed in place. */
function argumentOf(value: unknown): unknown {
  if (value instanceof GraphNode || value instanceof Variable) return value;
  if (isStateLike(value)) return mapValues((each: unknown) => withTensors(each), value);
  if (isContainer(value)) return mapItems(value, argumentOf);
  return withTensors(value);
}

/** A result as the caller gets it, without tensors. */
function resultOf(value: unknown, given: ReadonlySet<object>): unknown {
  if (value instanceof GraphNode || value instanceof Variable) {
    changeBelow(value, withStructs, (owner) => !given.has(owner));
    return value;
  }
  if (isStateLike(value)) return mapValues((each: unknown) => withStructs(each), value);
  return isContainer(value) ? mapItems(value, (item) => resultOf(item, given)) : withStructs(value);
}

/**
 * What `f(...args)` would return, with {@link ShapeDtypeStruct} in the place of tensors. `f` runs
 * with tensors that have shapes and dtypes only: no numbers are drawn or computed, and no memory is
 * taken. So `evalShape(() => new Model({ rngs }))` makes an abstract model, into which a checkpoint
 * can be restored.
 * @param f - Must not read tensors. Reading shapes, keys and numbers is fine. Not async.
 * @param args - Tensors, {@link ShapeDtypeStruct}, models (abstract ones too), and everything else.
 * None of them is changed, whatever `f` does.
 * @returns the result. Keys and numbers in it are as they are. Modules that `f` got come back
 * themselves, with their own values.
 * @throws Error when `f` reads a tensor, or calls an op whose shape depends on values; and whatever
 * `f` throws.
 * @see Flax `nnx.eval_shape`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = nnx.evalShape(() => new nnx.Linear(1000, 1000, { rngs: new nnx.Rngs(0) }));
 * model.kernel.value.shape; // => [1000, 1000]
 * ```
 */
export function evalShape<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  ...args: { [K in keyof A]: A[K] | AbstractOf<A[K]> }
): AbstractOf<R> {
  checkFunction("evalShape", f, "f, ...args");
  refuseDisposed("evalShape", args);
  const frames = args.flatMap(framesOfArgument);
  const given = new Set<object>();
  const run = (): unknown =>
    atomically(
      frames,
      () => {
        for (const argument of args) {
          const walk = new Walk(argument);
          while (walk.nextOnce("parts")) given.add(walk.value as object);
        }
        lending(() => {
          for (const argument of args)
            changeBelow(
              argument,
              withTensors,
              (owner) => owner instanceof Variable || owner instanceof GraphNode,
            );
        });
        const result = f(...(args.map(argumentOf) as unknown as A));
        refuseLate("evalShape", () => "the function", result);
        return resultOf(result, given);
      },
      { alwaysUndo: true },
    );
  const abstractly = (): unknown => withoutTape(() => withoutValues(() => tidy(run)));
  const recording = recordingNow();
  return (recording ? recording.aside(abstractly) : abstractly()) as AbstractOf<R>;
}

/**
 * A copy of a model with {@link ShapeDtypeStruct} in the place of its tensors.
 * @param node - A module, a Variable, or a container of these.
 * @throws {@link StructureError} for a model that keeps a State.
 * @see Flax `nnx.as_abstract`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * nnx.asAbstract(model).kernel.value.shape; // => [4, 3]
 * ```
 */
export function asAbstract<M>(node: M): M {
  const { copy } = copyGraph(node);
  changeBelow(copy, withStructs, () => true);
  return copy;
}

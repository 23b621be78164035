/** @file Less memory for more work: computing a part again in the backward pass instead of saving it. */
import { installGradients } from "@nnxjs/gradients";
import type { Filter } from "../filter/filter.ts";
import { flatten } from "../graph/flatten.ts";
import { GraphNode } from "../graph/node.ts";
import { release, retain } from "../ownership/holders.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { alias, isRecording, keep, type TapeNode, type Tensor, zeros } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";
import { Param } from "../variable/variable-types.ts";
import { prepareCall, toPositions } from "./positions.ts";
import { backward, dropSaved, recordApart, recordNode, withoutTape, withTape } from "./tape.ts";

/** Options of {@link remat}. */
export interface RematOptions {
  /** Which Variables of modules are differentiated. @defaultValue Param */
  readonly wrt?: Filter;
}

/** A Variable and the value that it had. */
type Snapshot = readonly (readonly [variable: Variable, value: unknown])[];

/**
 * `f` without saving what its backward pass needs: it runs once more there. Same values, same gradients; what `f` changes in the modules it
 * gets (statistics, counts of RNG streams) is changed once.
 * @param f - Gets what it computes from as arguments. Apart from these it may use only tensors that outlive the gradient, such as the
 * parameters of modules.
 * @see Flax `nnx.remat`, `jax.checkpoint`
 * @example
 * ```ts
 * const block = nnx.remat((m: Mlp, input: tf.Tensor2D) => m.forward(input));
 * const grads = nnx.grad((m: Mlp) => tf.mean(block(m, x)))(model);
 * nnx.dispose(grads);
 * ```
 */
export function remat<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  { wrt = Param }: RematOptions = {},
): (...args: A) => R {
  return (...args) => {
    if (!isRecording()) return f(...args);
    installGradients();
    const kept: Tensor[] = [];
    const keepCopy = (tensor: Tensor): Tensor => {
      const copy = alias(tensor);
      keep(copy);
      kept.push(copy);
      return copy;
    };
    const positions = toPositions("remat", differentiablePositions(args), args.length, wrt);
    const again = args.map((argument) =>
      argument instanceof GraphNode || argument instanceof Variable
        ? argument
        : mapTensors(argument, keepCopy),
    );
    const before: Snapshot = variablesIn(args).map((variable) => [
      variable,
      mapTensors(variable.getRawValue(), keepCopy),
    ]);
    const prepared = prepareCall("remat", args, positions);
    try {
      const { result, tape } = recordApart(() => f(...(prepared.args as unknown as A)));
      const outside = inputsFromOutside(tape, prepared.watched);
      dropSaved(tape);
      const outputs = withoutTape(() => mapTensors(result, alias)) as R;
      const pullBack = (dys: readonly Tensor[]): Tensor[] =>
        withValues(before, () => {
          const second = prepareCall("remat", again, positions);
          const xs = [...second.watched, ...outside];
          try {
            return withTape(
              () => tensorsIn(f(...(second.args as unknown as A))),
              (ys, secondTape) =>
                backward(
                  secondTape,
                  ys.map((y, i) => [y, dys[i] as Tensor]),
                  xs,
                ).map((g, i) => g ?? zeros(xs[i]?.shape ?? [])),
            );
          } finally {
            second.restore();
          }
        });
      recordNode("remat", [...prepared.watched, ...outside], tensorsIn(outputs), pullBack, kept);
      return outputs;
    } finally {
      prepared.restore();
    }
  };
}

/** Arguments that hold values to differentiate; integers, strings and the like are constants. */
function differentiablePositions(args: readonly unknown[]): number[] {
  const isDifferentiable = (argument: unknown): boolean => {
    if (argument instanceof GraphNode || argument instanceof Variable) return true;
    const tensors = tensorsIn(argument);
    return tensors.length > 0 && tensors.every(({ dtype }) => dtype === "float32");
  };
  return args.flatMap((argument, i) => (isDifferentiable(argument) ? [i] : []));
}

const variablesIn = (args: readonly unknown[]): Variable[] => [
  ...new Set(
    args
      .filter((argument) => argument instanceof GraphNode || argument instanceof Variable)
      .flatMap((argument) => flatten(argument).leaves.map(({ value }) => value))
      .filter((value) => value instanceof Variable),
  ),
];

/** Float tensors that the run used and neither made nor was given: parameters that it closes over. */
function inputsFromOutside(tape: readonly TapeNode[], given: readonly Tensor[]): Tensor[] {
  const known = new Set(given.map(({ id }) => id));
  const found: Tensor[] = [];
  for (const { inputs, outputs } of tape) {
    for (const input of Object.values(inputs)) {
      if (known.has(input.id) || input.dtype !== "float32") continue;
      known.add(input.id);
      if (!input.isDisposed) found.push(input);
    }
    for (const { id } of outputs) known.add(id);
  }
  return found;
}

/** Runs `f` with Variables as they were, and puts back what they are. */
function withValues<T>(snapshot: Snapshot, f: () => T): T {
  const now = snapshot.map(([variable, value]) => {
    const current = variable.getRawValue();
    retain(current);
    variable.setRawValue(value);
    return [variable, current] as const;
  });
  try {
    return f();
  } finally {
    for (const [variable, current] of now) {
      variable.setRawValue(current);
      release(current);
    }
  }
}

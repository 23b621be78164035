/**
 * @file Saves memory: a part of a model is computed again in the backward pass instead of being
 * saved.
 */
import { checkFunction } from "../data/functions.ts";
import { installRules } from "@nnxjs/gradients/internal";
import { isCapturing } from "../recording/session.ts";
import { checkOptions } from "../data/options.ts";
import { describe, GradientError } from "../errors.ts";
import type { Frame } from "../graph/frame.ts";
import { notAResult } from "../data/not-a-result.ts";
import { hold } from "../ownership/lease.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { alias, keep, nextTensorId, tapeEngine, type Tensor, zeros } from "../tensor.ts";
import { atomically, atomicallyOn } from "../undo/atomically.ts";
import { framesOfArgument, Structure } from "../undo/structure.ts";
import { alsoObserveReads, lending, observeWrites, unread } from "../variable/observer.ts";
import type { VariableState } from "../variable/variable-state.ts";
import type { Variable } from "../variable/variable.ts";
import { leftIn, newIn, sameAs } from "../autodiff/left-behind.ts";
import { inputsFromOutside } from "../autodiff/outside.ts";
import { prepareCall, toPositions, variablesOf } from "../autodiff/positions.ts";
import {
  backward,
  gradientDepth,
  recordNode,
  recordToLook,
  withoutTape,
  withTape,
} from "../autodiff/tape.ts";

/**
 * Returns `f` in a form that does not save what its backward pass needs. Instead, `f` runs again in
 * the backward pass. Values and gradients stay the same, those of what `f` writes to Variables too.
 * Changes that `f` makes to the modules it gets (statistics, counts of RNG streams) are made once.
 * Inside a capture `f` runs as usual, so that the capture sees everything.
 * @param f - Gets the modules that it changes, and the intermediate values that it uses, as
 * arguments. It may close over modules that stay as they are. It gives the same each time: it draws
 * from streams and keys alone.
 * @throws {@link GradientError} when it changes a Variable of a module, or uses an intermediate
 * value, that it did not get; and in the backward pass, when a Variable that it closes over was
 * written in the meantime.
 * @see Flax `nnx.remat`, `jax.checkpoint`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const block = nnx.remat((m: nnx.Linear, x: tf.Tensor) => m.forward(x));
 * const grads = nnx.grad((m: nnx.Linear) => tf.mean(block(m, tf.ones([2, 4]))))(model);
 * nnx.dispose(grads);
 * ```
 */
export function remat<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options: Readonly<Record<string, never>> = {},
): (...args: A) => R {
  checkFunction("remat", f);
  // There are no options, but JAX has some. Refusing them is better than ignoring a policy.
  checkOptions<Record<never, never>>("remat", options, {});
  return notAResult("remat", (...args: A): R => {
    if (gradientDepth() <= 0 || isCapturing()) return atomicallyOn(args, () => f(...args));
    installRules();
    return againInBackward("remat", f, args, (gradients, given) => gradients(() => f(...given)));
  });
}

/** Runs a function a second time, and finds the gradients of what it uses. */
type GradientsOf = (f: () => unknown) => Tensor[];

/**
 * Finds the gradients in the second run.
 * @param given - The arguments again.
 */
type SecondRun<A extends readonly unknown[]> = (
  gradients: GradientsOf,
  given: A,
  used: readonly Tensor[],
) => Tensor[];

/**
 * Calls `f`, whose backward pass is made by `second`. That gets the arguments again, and Variables
 * have the values that they had. Gradients flow through the result, and through what `f` leaves in
 * the Variables and attributes of its arguments.
 * @param used - Further tensors, of which `second` gets copies that live as long as needed.
 */
export function againInBackward<A extends readonly unknown[], R>(
  where: string,
  f: (...args: A) => R,
  args: A,
  second: SecondRun<A>,
  used: readonly Tensor[] = [],
): R {
  const kept: Tensor[] = [];
  try {
    return rematerialized(where, f, args, second, kept, used);
  } catch (error) {
    for (const tensor of kept) tensor.dispose();
    throw error;
  }
}

/** Variables, and the leaves that they had. */
type Snapshot = ReadonlyMap<Variable, VariableState>;

/** What Variables have now. */
const snapshot = (variables: Iterable<Variable>): Snapshot =>
  unread(() => new Map(Array.from(variables, (variable) => [variable, variable.toState()] as const)));

/** The leaf with copies of its tensors; itself where it has none, so that recordings know it. */
function withCopies(leaf: VariableState, copyOf: (tensor: Tensor) => Tensor): VariableState {
  const { type, value, metadata } = leaf;
  return tensorsIn(value).length === 0
    ? leaf
    : Object.freeze({ type, value: mapTensors(value, copyOf), metadata });
}

/** Runs one call. The tensors that the second run needs are kept, and added to `kept`. */
function rematerialized<A extends readonly unknown[], R>(
  where: string,
  f: (...args: A) => R,
  args: A,
  second: SecondRun<A>,
  kept: Tensor[],
  used: readonly Tensor[],
): R {
  const keepCopy = (tensor: Tensor): Tensor => {
    const copy = alias(tensor);
    keep(copy);
    kept.push(copy);
    return copy;
  };
  // The scope of the run frees them before the backward pass.
  const usedThen = used.map(keepCopy);
  const positions = toPositions(
    where,
    args.map((_, i) => i),
    args.length,
    true,
  );
  // Modules stay as they are, wherever they stand: `mapTensors` does not look into them.
  const again = args.map((argument) => mapTensors(argument, keepCopy));
  const frames = args.flatMap(framesOfArgument);
  const attributes = new Structure(frames);
  const variables = new Set(args.flatMap(variablesOf));
  const before = new Map([...snapshot(variables)].map(([each, leaf]) => [each, withCopies(leaf, keepCopy)]));
  const closedOver = new Map<Variable, unknown>();
  const prepared = prepareCall(where, args, positions, { others: "pass", wanted: "passing" });
  try {
    const firstId = nextTensorId();
    const run = (now: Structure) => {
      const made = refusingOthers(where, variables, closedOver, () => f(...(prepared.args as unknown as A)));
      return [made, now.newTensors()] as const;
    };
    const { result, tape } = atomically(frames, (now) => recordToLook(() => run(now)));
    // Temporary tensors of the run, such as scalars, are disposed by now.
    const outside = inputsFromOutside(tape, prepared.watched).filter(({ isDisposed }) => !isDisposed);
    refusePassing(where, outside, madeByRun());
    const outputs = withoutTape(() => mapTensors(result[0], alias)) as R;
    const left = newIn(leftIn(args, attributes), firstId);
    const { wanted } = prepared;
    const pullBack = (dys: readonly (Tensor | undefined)[]): Tensor[] => {
      refusePassing(where, outside, ({ isDisposed }) => isDisposed);
      refuseChanged(where, closedOver);
      return asBefore(before, attributes, frames, () => {
        const prepared = prepareCall(where, again, positions, { others: "pass", wanted });
        const xs = [...prepared.watched, ...outside];
        const gradients: GradientsOf = (run) =>
          withTape(
            () => [...tensorsIn(run()), ...sameAs(left, leftIn(args, attributes))],
            (ys, tape) => {
              const seeds = ys.flatMap((y, i) => (dys[i] ? [[y, dys[i]] as const] : []));
              return backward(tape, seeds, xs).map((g, i) => g ?? zeros(xs[i]?.shape ?? []));
            },
          );
        try {
          return second(gradients, prepared.args as unknown as A, usedThen);
        } finally {
          prepared.restore();
        }
      });
    };
    const ys = [...tensorsIn(outputs), ...left.values()];
    recordNode(where, [...prepared.watched, ...outside], ys, pullBack, kept);
    return outputs;
  } finally {
    prepared.restore();
  }
}

/**
 * Refuses tensors that `f` closes over and that will be gone in the backward pass. Parameters stay
 * until then. Intermediate values of the recorded run do not.
 */
function refusePassing(
  where: string,
  outside: readonly Tensor[],
  isPassing: (tensor: Tensor) => boolean,
): void {
  const passing = outside.find(isPassing);
  if (!passing) return;
  throw new GradientError(
    `${where}: expected a function that gets the values it uses as arguments, got one that closes over ${describe(passing)}. ` +
      "It is gone when the backward pass runs the function again: pass it as an argument.",
  );
}

/** Returns a test for tensors that the recorded run made. */
function madeByRun(): (tensor: Tensor) => boolean {
  const ids = new Set(
    (tapeEngine().state.activeTape ?? []).flatMap(({ outputs }) => outputs.map(({ id }) => id)),
  );
  // The run also makes copies of parameters, but their Variables hold these.
  return ({ id, kept }) => ids.has(id) && !kept;
}

/**
 * Runs `f` and refuses writes to Variables that are neither given nor made by `f`. Such Variables
 * are not restored before the second run.
 * @param closedOver - Gets those of them that `f` reads, and what they have.
 */
function refusingOthers<R>(
  where: string,
  given: ReadonlySet<Variable>,
  closedOver: Map<Variable, unknown>,
  f: () => R,
): R {
  const made = new Set<Variable>();
  const isOther = (variable: Variable): boolean => !given.has(variable) && !made.has(variable);
  const read = (variable: Variable): void => {
    if (isOther(variable) && !variable.isDisposed)
      closedOver.set(
        variable,
        unread(() => variable.toState().value),
      );
  };
  return observeWrites(
    (variable, kind) => {
      if (kind === "new") made.add(variable);
      else if (kind === "write" && isOther(variable)) {
        throw new GradientError(
          `${where}: expected a function that changes only what it gets, got one that writes to a ${variable.type.typeName} it closes over. ` +
            "Pass the module as an argument.",
        );
      }
    },
    () => alsoObserveReads(read, f),
  );
}

/** Refuses Variables that `f` closes over and that have got other values since the first run. */
function refuseChanged(where: string, closedOver: ReadonlyMap<Variable, unknown>): void {
  for (const [variable, value] of closedOver) {
    const isSame = !variable.isDisposed && unread(() => Object.is(variable.toState().value, value));
    if (isSame) continue;
    const [why, then] = variable.isDisposed
      ? ["is gone when the backward pass runs", ""]
      : ["was written before the backward pass", ", with the later value"];
    throw new GradientError(
      `${where}: expected a function that closes over Variables that stay as they are, got one that reads a ${variable.type.typeName} ` +
        `which ${why}. The function runs again there${then}: pass the module as an argument.`,
    );
  }
}

/**
 * Runs `f` with the earlier leaves of Variables and attributes, and restores the present ones. What
 * was given and is gone since, such as a model that the loss merged, is gone again afterwards.
 */
function asBefore<T>(before: Snapshot, attributes: Structure, frames: readonly Frame[], f: () => T): T {
  const gone = [...before.keys()].filter(({ isDisposed }) => isDisposed);
  const now = snapshot([...before.keys()].filter(({ isDisposed }) => !isDisposed));
  const lease = hold([...now.values()].map(({ value }) => value));
  const attributesNow = new Structure(frames);
  const write = (leaves: Snapshot): void => {
    lending(() => {
      for (const [variable, leaf] of leaves) variable.takeState(leaf);
    });
  };
  try {
    write(before);
    attributes.restore();
    return f();
  } finally {
    write(now);
    lending(() => {
      for (const variable of gone) variable.dispose();
    });
    attributesNow.restore();
    lease.release();
  }
}

/** @file Runs a model, and returns what it recorded beside its result. */
import { notAResult } from "../data/not-a-result.ts";
import { checkOptions } from "../data/options.ts";
import { describe, NnxError } from "../errors.ts";
import { refuseLate } from "../ownership/late.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { attachTo } from "../ownership/scopes.ts";
import { placeOf, refuseHidden } from "../recording/record.ts";
import { runOnce } from "../recording/run.ts";
import type { Told } from "../recording/session.ts";
import { refuseDisposed } from "../state/disposed.ts";
import type { OwnedState, State } from "../state/state.ts";
import { add, alias, scoped, type Tensor, zerosLike } from "../tensor.ts";
import type { VariableType } from "../variable/variable-state.ts";
import { type CaptureTypes, fill, isTypes, listOf, outputsAs } from "./asked.ts";
import { Recording } from "./recording.ts";
import type { Structure } from "../undo/structure.ts";

export type { CaptureTypes } from "./asked.ts";

/** An object that is called by its method `forward`. */
export interface Forward<A extends readonly unknown[] = never, R = unknown> {
  forward(...args: A): R;
}

/** What a capture starts from, and what else it records. */
export interface CaptureOptions {
  /**
   * What an earlier capture of the same model recorded. `perturb` adds these perturbations, and
   * `sow` goes on with these values.
   */
  init?: State;
  /**
   * Record methods' results too, each under the name of its method, as this type. It must be one of
   * the types asked for. The methods are the public ones that a class itself defines, and `forward`
   * even if it is inherited. A method is not public if its name begins with an underscore, or is in
   * `static readonly helpers = ["name"]` of its class. Results with instances of classes that have
   * tensors are left out: nobody could free the tensors.
   */
  methodOutputs?: VariableType | string;
}

/** The result and one State for each type; the result alone if there are no types. */
export type Captured<R, T extends CaptureTypes> = T extends readonly []
  ? R
  : [R, ...(T extends readonly unknown[] ? { -readonly [K in keyof T]: State } : [State])];

/** Wraps a module, or a function whose first argument is a module, for a capture. */
export interface Capture<T extends CaptureTypes> {
  <A extends readonly unknown[], R>(model: Forward<A, R>): (...args: A) => Captured<R, T>;
  <M extends object, A extends readonly unknown[], R>(
    f: (model: M, ...args: A) => R,
  ): (model: M, ...args: A) => Captured<R, T>;
}

const where = "capture";

type Target = Forward<unknown[]> | ((...args: unknown[]) => unknown);

/**
 * Wraps a model, or a function whose first argument is the model. Calling the wrapper calls the
 * model's `forward`, or the function, and returns its result with what `sow` and `perturb` recorded
 * in it: one State for each type, by the paths of the modules. With types alone, `capture` returns
 * the function that wraps a model.
 *
 * A module that is called several times records each time. A shared module records under its first
 * path. A recorded value is a copy of the structure (arrays, plain objects, Maps) with tensors of
 * its own. Tensors that the run made and did not return are freed.
 * @param types - The types to record, each exactly. A string is a registered name
 * (`registerVariableName`, `variableTypeFromName`).
 * @throws whatever the run throws. The model, all arguments and all Variables are as before then.
 * {@link NnxError}
 *
 * - when the run or a method of the model returns a Promise;
 * - when the model has no place for something in `init`;
 * - when one name has values of two types, or is the name of a module that records too;
 * - when an instance of a class that has tensors is recorded: nobody could free the tensors.
 * @see Flax `nnx.capture`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * class Net extends nnx.Module {
 *   readonly linear = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 *   forward(x: tf.Tensor): tf.Tensor {
 *     const h = this.linear.forward(x);
 *     this.sow(nnx.Intermediate, "h", h);
 *     return nnx.relu(h);
 *   }
 * }
 * const [y, seen] = nnx.capture(new Net(), nnx.Intermediate)(tf.ones([2, 4]));
 * Object.keys(seen); // => ["h"]
 * nnx.dispose([y, seen]);
 * ```
 */
export function capture<const T extends CaptureTypes>(types: T, options?: CaptureOptions): Capture<T>;
export function capture<A extends readonly unknown[], R, const T extends CaptureTypes>(
  model: Forward<A, R>,
  types: T,
  options?: CaptureOptions,
): (...args: A) => Captured<R, T>;
export function capture<M extends object, A extends readonly unknown[], R, const T extends CaptureTypes>(
  f: (model: M, ...args: A) => R,
  types: T,
  options?: CaptureOptions,
): (model: M, ...args: A) => Captured<R, T>;
export function capture(first: Target | CaptureTypes, ...rest: readonly unknown[]): unknown {
  if (isTypes(first)) {
    const [options] = rest as [CaptureOptions?];
    checkOptions<CaptureOptions>(where, options, optionNames);
    return (target: Target) => capturing(target, first, options);
  }
  const [types, options] = rest as [unknown, CaptureOptions?];
  return capturing(first, types, options);
}

const optionNames = { init: true, methodOutputs: true } as const;

/** Whether it can be captured. A caller in JavaScript may pass anything. */
const isTarget = (x: unknown): x is Target =>
  typeof x === "function" ||
  (typeof x === "object" && x !== null && "forward" in x && typeof x.forward === "function");

function capturing(
  target: Target,
  asked: unknown,
  options: CaptureOptions = {},
): (...args: unknown[]) => unknown {
  checkOptions<CaptureOptions>(where, options, optionNames);
  const { init, methodOutputs } = options;
  if (!isTarget(target)) {
    throw new NnxError(
      `capture: expected a module with a forward method or a function of a model, got ${describe(target)}. ` +
        "Capture a function that calls the method you mean.",
    );
  }
  const types = listOf(asked);
  const outputs = outputsAs(methodOutputs, types);
  return notAResult(where, (...args: unknown[]) => {
    refuseDisposed(where, args);
    const root = typeof target === "function" ? args[0] : target;
    const recording = new Values(root, types, outputs);
    if (init !== undefined) fill(recording, init);
    const call = () => (typeof target === "function" ? target(...args) : target.forward(...args));
    try {
      const [result, makeStates] = runCaptured(recording, [root, ...args], call);
      return types.length === 0 ? result : [result, ...makeStates()];
    } catch (error) {
      recording.drop();
      throw error;
    }
  });
}

/**
 * Runs `f` in a scope. It frees the tensors that are not in the result, not recorded, and not in
 * the model.
 */
function runCaptured(session: Values, args: readonly unknown[], f: () => unknown): Ran {
  const run = (before: Structure) => {
    const result = f();
    refuseLate(where, () => "the function", result);
    const makeStates = session.finish(session.types);
    // Scopes do not look into Maps, nor at attributes that the run wrote: they get a plain list.
    return { ran: [result, makeStates] as Ran, others: [...tensorsIn(result), ...before.newTensors()] };
  };
  const { ran } = scoped(() => {
    const stopAttaching = attachTo(args);
    try {
      return runOnce(args, run, { session });
    } finally {
      stopAttaching();
    }
  });
  return ran;
}

type Ran = readonly [result: unknown, makeStates: () => OwnedState[]];

/** Records the values of some types, and makes one State of each type. */
class Values extends Recording<VariableType> {
  readonly types: readonly VariableType[];

  constructor(root: unknown, types: readonly VariableType[], outputs: VariableType | undefined) {
    super(where, root, outputs);
    this.types = types;
  }

  record(told: Told): boolean {
    const { kind, module, type } = told;
    // `init` may have values of other types: the module goes on with them.
    if (!this.types.includes(type) && !this.leavesOf(type, module)) return false;
    if (kind === "perturbed") this.perturb(told);
    else this.sow(told);
    return true;
  }

  private sow(told: Told): void {
    const { module, type, name, value, reduction } = told;
    this.checkSown(told);
    const known = this.leavesOf(type, module)?.get(name);
    const previous = known ? known.value : reduction ? reduction.initFn() : [];
    // A copy, so that disposing the recording does not dispose tensors of the run.
    const own = mapTensors(value, alias);
    if (reduction) {
      const reduced = reduction.reduceFn(previous, own);
      refuseHidden("sow", told, this, reduced);
      this.put(type, told, reduced);
    } else if (Array.isArray(previous)) this.append(type, told, previous as readonly unknown[], own);
    else {
      throw new NnxError(
        `sow at ${placeOf(told, this)}: expected init to have a list of values to go on with, got ${describe(previous)}. ` +
          "Leave it out of init, or sow with initFn and reduceFn that go on with it.",
      );
    }
  }

  private perturb(told: Told): void {
    const { module, type, name, value } = told;
    if (!this.leavesOf(type, module)?.has(name)) this.put(type, told, mapTensors(value, zerosLike));
    const perturbations = tensorsIn(this.leavesOf(type, module)?.get(name)?.value);
    let next = 0;
    told.value = mapTensors(value, (tensor): Tensor => {
      const perturbation = perturbations[next++];
      if (String(perturbation?.shape) === String(tensor.shape)) return add(tensor, perturbation as Tensor);
      throw new NnxError(
        `perturb at ${placeOf(told, this)}: expected a stored perturbation of shape [${tensor.shape.join(",")}], got ${describe(perturbation)}. ` +
          "Initialize the perturbations with an input of the shape that the run has.",
      );
    });
  }
}

/** @file Running a model and keeping what it recorded. */
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

/** Anything that is called with `forward`. */
export interface Forward<A extends readonly unknown[] = never, R = unknown> {
  forward(...args: A): R;
}

/** What a capture starts from, and what it records besides. */
export interface CaptureOptions {
  /** Values that modules find already recorded, by path: perturbations to add. */
  init?: State;
  /**
   * Also record what every method returns, under its name, as this type: a class's own public
   * methods, and `forward` wherever it comes from. Not public are those whose name begins with an
   * underscore, or that the class lists in `static readonly helpers = ["name"]`. It must be one of
   * the types asked for. Instances of classes that have tensors of their own are left out: nobody
   * could free them.
   */
  methodOutputs?: VariableType | string;
}

/** The result, and one State for each type. */
export type Captured<R, T extends CaptureTypes> = T extends readonly []
  ? R
  : [R, ...(T extends readonly unknown[] ? { -readonly [K in keyof T]: State } : [State])];

/** Captures a module, or a function whose first argument is one. */
export interface Capture<T extends CaptureTypes> {
  <A extends readonly unknown[], R>(model: Forward<A, R>): (...args: A) => Captured<R, T>;
  <M extends object, A extends readonly unknown[], R>(
    f: (model: M, ...args: A) => R,
  ): (model: M, ...args: A) => Captured<R, T>;
}

const where = "capture";

type Target = Forward<unknown[]> | ((...args: unknown[]) => unknown);

/**
 * Wraps a model (its `forward`), or a function whose first argument is the model, so that calling
 * it also returns what was recorded with `sow` and `perturb`: one State for each type, by the paths
 * of the modules. Without a target it returns the function that wraps one.
 *
 * A module that is called several times records each time; a shared one is recorded under its first
 * path. What the run leaves behind is freed. Values are recorded as copies of their structure
 * (arrays, plain objects, Maps) with tensors of their own.
 * @param types - Recordings of exactly these types are kept; a string is a type's registered name
 * (`registerVariableName`, `variableTypeFromName`).
 * @throws whatever the run throws: the model, all arguments and all Variables are as before then.
 * {@link NnxError} for an async run (also of a method of the model), for an `init` that the model
 * has no place for, for a name that has values of two types or is a recording module's, and for
 * what cannot be held (instances of classes with tensors).
 * @see Flax `nnx.capture`
 * @example
 * ```ts
 * const [y, seen] = nnx.capture(model, nnx.Intermediate)(x);
 * for (const [path, leaf] of nnx.flattenState(seen)) console.log(path.join("."), leaf);
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

function capturing(
  target: Target,
  asked: unknown,
  options: CaptureOptions = {},
): (...args: unknown[]) => unknown {
  checkOptions<CaptureOptions>(where, options, optionNames);
  const { init, methodOutputs } = options;
  if (typeof target !== "function" && typeof target?.forward !== "function") {
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

/** Runs `f`. What the run leaves behind is freed; its result is not, nor what was recorded. */
function runCaptured(session: Values, args: readonly unknown[], f: () => unknown): Ran {
  const run = (before: Structure) => {
    const result = f();
    refuseLate(where, () => "the function", result);
    const makeStates = session.finish(session.types);
    // For the scope to see: what is in Maps, and what the run left in attributes of the model.
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

/** Keeps the values of the types asked for: one State for each type. */
class Values extends Recording<VariableType> {
  readonly types: readonly VariableType[];

  constructor(root: unknown, types: readonly VariableType[], outputs: VariableType | undefined) {
    super(where, root, outputs);
    this.types = types;
  }

  record(told: Told): boolean {
    const { kind, module, type } = told;
    // What init gave a module of a type is gone on with, whether anybody asks for that type or not.
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
    // Tensor objects of its own, so that whoever disposes the recording does not take the run's
    // values with it.
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

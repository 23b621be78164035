/** @file Running a model and keeping what it recorded. */
import { refuseDisposed } from "../state/disposed.ts";
import { checkOptions } from "../data/options.ts";
import { describe, NnxError } from "../errors.ts";
import { notAResult } from "../data/not-a-result.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import type { State } from "../state/state.ts";
import { scoped } from "../tensor.ts";
import type { VariableType } from "../variable/variable-state.ts";
import { Buffers } from "./buffers.ts";
import { fill } from "./init.ts";
import { statesOf } from "./recorded-states.ts";
import { capturedModules, returned, runCaptured } from "./run.ts";
import { type CaptureTypes, isTypes, listOf, outputsAs } from "./types.ts";

export type { CaptureTypes } from "./types.ts";

/** Anything that is called with `forward`. */
export interface Forward<A extends readonly unknown[] = never, R = unknown> {
  forward(...args: A): R;
}

/** What a capture starts from, and what it records besides. */
export interface CaptureOptions {
  /** Values that modules find already recorded, by path: perturbations to add. */
  init?: State;
  /**
   * Also record what every method returns, under its name, as this type: a class's own public methods, and `forward` wherever it comes from. Not
   * public are those whose name begins with an underscore, or that the class lists in `static readonly helpers = ["name"]`.
   * It must be one of the types asked for. Instances of classes that have tensors of their own are left out: nobody could free them.
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
 * Wraps a model (its `forward`), or a function whose first argument is the model, so that calling it also returns what was recorded with `sow`
 * and `perturb`: one State for each type, by the paths of the modules. Without a target it returns the function that wraps one.
 *
 * A module that is called several times records each time; a shared one is recorded under its first path. What the run leaves behind is freed.
 * Values are recorded as copies of their structure (arrays, plain objects, Maps) with tensors of their own.
 * @param types - Recordings of exactly these types are kept; a string is a type's registered name
 * (`registerVariableName`, `variableTypeFromName`).
 * @throws whatever the run throws: the model, all arguments and all Variables are as before then. {@link NnxError} for an async run (also of a method of the model), for
 * an `init` that the model has no place for, for a name that has values of two types or is a recording module's, and for what cannot be held
 * (instances of classes with tensors).
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

interface Wanted {
  readonly types: readonly VariableType[];
  readonly outputs: VariableType | undefined;
  readonly init: State | undefined;
}

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
  const wanted = { types, outputs: outputsAs(methodOutputs, types), init };
  return notAResult(where, (...args: unknown[]) =>
    typeof target === "function"
      ? run(where, args[0], args, () => target(...args), wanted)
      : run(where, target, args, () => target.forward(...args), wanted),
  );
}

function run(
  where: string,
  root: unknown,
  args: readonly unknown[],
  f: () => unknown,
  { types, outputs, init }: Wanted,
): unknown {
  refuseDisposed(where, args);
  const modules = capturedModules(where, root);
  const buffers = new Buffers(modules, types, outputs);
  if (init !== undefined) fill(buffers, modules, init);
  try {
    // What the run leaves behind is freed; its result is not, nor what was recorded. The scope finds no tensors in Maps by itself.
    const [result, , , recorded] = scoped(() =>
      runCaptured(where, buffers, args, (before) => {
        const value = returned(where, f());
        const trees = buffers.recorded();
        // A function, which the scope does not look into: what was recorded is held.
        return [value, tensorsIn(value), before.newTensors(), () => trees] as const;
      }),
    );
    buffers.letGo();
    const states = statesOf(recorded());
    return types.length === 0 ? result : [result, ...states];
  } catch (error) {
    buffers.drop();
    throw error;
  }
}

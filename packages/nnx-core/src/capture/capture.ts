/** @file Running a model and keeping what it recorded. */
import { describe, NnxError } from "../errors.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import type { FlatEntry } from "../state/flatten-state.ts";
import type { State } from "../state/state.ts";
import { scoped } from "../tensor.ts";
import type { VariableType } from "../variable/variable-state.ts";
import { Buffers, type Recorded } from "./buffers.ts";
import { fill } from "./init.ts";
import { capturedModules, runCaptured } from "./run.ts";
import { refuseClashes, statesOf } from "./states.ts";
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
   * Also record what every method returns, under its name, as this type: a class's own public methods, and `forward` wherever it comes from.
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

type Target = Forward<unknown[]> | ((...args: unknown[]) => unknown);

/**
 * Wraps a model (its `forward`), or a function whose first argument is the model, so that calling it also returns what was recorded with `sow`
 * and `perturb`: one State for each type, by the paths of the modules. Without a target it returns the function that wraps one.
 *
 * A module that is called several times records each time; a shared one is recorded under its first path. What the run leaves behind is freed.
 * Values are recorded as copies of their structure (arrays, plain objects, Maps) with tensors of their own.
 * @param types - Recordings of exactly these types are kept; a string is a type's registered name
 * (`registerVariableName`, `variableTypeFromName`).
 * @throws whatever the run throws; nothing is left on the model then. {@link NnxError} for an async run (also of a method of the model), for
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
    return (target: Target) => capturing(target, first, options);
  }
  const [types, options] = rest as [unknown, CaptureOptions?];
  return capturing(first, types, options);
}

interface Wanted {
  readonly types: readonly VariableType[];
  readonly outputs: VariableType | undefined;
  readonly init: State | undefined;
}

function capturing(
  target: Target,
  asked: unknown,
  { init, methodOutputs }: CaptureOptions = {},
): (...args: unknown[]) => unknown {
  if (typeof target !== "function" && typeof target?.forward !== "function") {
    throw new NnxError(
      `capture: expected a module with a forward method or a function of a model, got ${describe(target)}. ` +
        "Capture a function that calls the method you mean.",
    );
  }
  const types = listOf(asked);
  const wanted = { types, outputs: outputsAs(methodOutputs, types), init };
  return (...args) =>
    typeof target === "function"
      ? run(args[0], () => target(...args), wanted)
      : run(target, () => target.forward(...args), wanted);
}

function run(root: unknown, f: () => unknown, { types, outputs, init }: Wanted): unknown {
  const modules = capturedModules("capture", root);
  const buffers = new Buffers(modules, types, outputs);
  if (init !== undefined) fill(buffers, modules, init);
  try {
    // What the run leaves behind is freed; its result is not, nor what was recorded. The scope finds no tensors in Maps by itself.
    const [result, , recorded] = scoped(() => {
      const returned = runCaptured("capture", buffers, modules, root as object, f);
      const lists = buffers.recorded();
      for (const list of lists) refuseClashes(list);
      // A function, which the scope does not look into: what was recorded is held.
      return [returned, tensorsIn(returned), () => lists] as const;
    });
    buffers.letGo();
    const states = statesOf(recorded().map((list) => list.map(toEntry)));
    return types.length === 0 ? result : [result, ...states];
  } catch (error) {
    buffers.drop();
    throw error;
  }
}

const noMetadata = Object.freeze({});

const toEntry = ({ path, type, value }: Recorded): FlatEntry => [
  path,
  Object.freeze({ type, value, metadata: noMetadata }),
];

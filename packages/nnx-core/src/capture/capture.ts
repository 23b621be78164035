/** @file Running a model and keeping what it recorded. */
import { describe, NnxError } from "../errors.ts";
import { classify } from "../graph/node.ts";
import { iterModules } from "../module/iter-modules.ts";
import { discard, handOver, retain } from "../ownership/holders.ts";
import { formatPath } from "../path.ts";
import { StateBuilder } from "../state/builder.ts";
import { flattenState } from "../state/flatten-state.ts";
import type { State } from "../state/state.ts";
import { scoped } from "../tensor.ts";
import { isVariableState, type VariableType } from "../variable/variable-state.ts";
import { recordMethodOutputs } from "./method-outputs.ts";
import { Session } from "./session.ts";

/** Anything that is called with `forward`. */
export interface Forward<A extends readonly unknown[] = never, R = unknown> {
  forward(...args: A): R;
}

/** One Variable type, or several. */
export type CaptureTypes = VariableType | readonly VariableType[];

export interface CaptureOptions {
  /** Values that modules find already recorded, by path: perturbations to add. */
  init?: State;
  /** Also record what every method returns, under its name, as this type. It must be one of the types asked for. */
  methodOutputs?: VariableType;
}

/** The result, and one State for each type. */
export type Captured<R, T extends CaptureTypes> = T extends readonly []
  ? R
  : [R, ...(T extends readonly VariableType[] ? { -readonly [K in keyof T]: State } : [State])];

/**
 * Wraps a model (its `forward`), or a function whose first argument is the model, so that calling it also returns what modules recorded with
 * `sow` and `perturb`: one State for each type, by the paths of the modules.
 * @param types - Recordings of exactly these types are kept.
 * @throws whatever the run throws; nothing is left on the model then. An async run is refused.
 * @see Flax `nnx.capture`
 * @example
 * ```ts
 * const [y, seen] = nnx.capture(model, nnx.Intermediate)(x);
 * for (const [path, { value }] of nnx.flattenState(seen)) console.log(path.join("."), value);
 * ```
 */
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
export function capture(
  target: Forward<unknown[]> | ((...args: unknown[]) => unknown),
  types: CaptureTypes,
  options: CaptureOptions = {},
): (...args: unknown[]) => unknown {
  const wanted: readonly VariableType[] = Array.isArray(types) ? types : [types as VariableType];
  return (...args) => {
    if (typeof target === "function") return run(args[0], () => target(...args), wanted, options);
    return run(target, () => target.forward(...args), wanted, options);
  };
}

function run(
  root: unknown,
  f: () => unknown,
  types: readonly VariableType[],
  { init, methodOutputs }: CaptureOptions,
): unknown {
  const kind = classify(root);
  if (kind !== "node" && kind !== "container") {
    throw new NnxError(
      `capture: expected a module as the first argument of the call, got ${describe(root)}. ` +
        "Capture a module, or a function that takes the model first.",
    );
  }
  const modules = [...iterModules(root as object)];
  const session = new Session(modules, types);
  if (init) fill(session, modules, init);
  const undo = methodOutputs
    ? recordMethodOutputs(
        modules.map(([, module]) => module),
        methodOutputs,
      )
    : () => {};
  let result: unknown;
  try {
    // What the run leaves behind is freed; its result and what was recorded are not.
    scoped(() => {
      result = session.while(f);
      retain(result);
    });
    handOver(result);
    if (result instanceof Promise) {
      throw new NnxError(
        "capture: expected a function that returns its result, got one that returns a Promise. " +
          "Await inputs before the call and read results after it: what runs later would not be recorded.",
      );
    }
  } catch (error) {
    session.letGo();
    for (const [, , value] of session.recorded()) discard(value);
    throw error;
  } finally {
    undo();
  }
  const builders = new Map(types.map((type) => [type, new StateBuilder()]));
  for (const [path, type, value] of session.recorded()) {
    builders.get(type)?.set(path, Object.freeze({ type, value, metadata: Object.freeze({}) }));
  }
  session.letGo();
  return types.length === 0 ? result : [result, ...types.map((type) => builders.get(type)?.finish())];
}

/** Entries that are no Variable's, or of no module, are not for this run. */
function fill(
  session: Session,
  modules: readonly (readonly [readonly (string | number)[], object])[],
  init: State,
): void {
  const byPath = new Map(modules.map(([path, module]) => [formatPath(path), module]));
  for (const [path, leaf] of flattenState(init)) {
    const module = byPath.get(formatPath(path.slice(0, -1)));
    if (module && isVariableState(leaf)) session.fill(module, leaf.type, String(path.at(-1)), leaf.value);
  }
}

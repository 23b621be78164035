/** @file Running a model and keeping what it recorded. */
import { NnxError } from "../errors.ts";
import { discard, handOver, retain } from "../ownership/holders.ts";
import { formatPath } from "../path.ts";
import { flattenState, unflattenState } from "../state/flatten-state.ts";
import type { State } from "../state/state.ts";
import { scoped } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";
import { isVariableState, type VariableType } from "../variable/variable-state.ts";
import { Buffers } from "./buffers.ts";
import { capturedModules, runCaptured } from "./run.ts";
import type { CapturedModules } from "./session.ts";

/** Anything that is called with `forward`. */
export interface Forward<A extends readonly unknown[] = never, R = unknown> {
  forward(...args: A): R;
}

/** One Variable type, or several. */
export type CaptureTypes = VariableType | readonly VariableType[];

/** What a capture starts from, and what it records besides. */
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
 * @param types - Recordings of exactly these types are kept.
 * @throws whatever the run throws; nothing is left on the model then. An async run is refused, and so is an `init` that the model has
 * no place for.
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
    return (target: Target) => capturing(target, listOf(first), options);
  }
  const [types, options] = rest as [CaptureTypes, CaptureOptions?];
  return capturing(first as Target, listOf(types), options);
}

const listOf = (types: CaptureTypes): readonly VariableType[] =>
  Array.isArray(types) ? types : [types as VariableType];

const isType = (x: unknown): x is VariableType =>
  typeof x === "function" && (x === Variable || x.prototype instanceof Variable);

const isTypes = (x: unknown): x is CaptureTypes => isType(x) || (Array.isArray(x) && x.every(isType));

function capturing(
  target: Target,
  types: readonly VariableType[],
  options: CaptureOptions = {},
): (...args: unknown[]) => unknown {
  return (...args) => {
    if (typeof target === "function") return run(args[0], () => target(...args), types, options);
    return run(target, () => target.forward(...args), types, options);
  };
}

function run(
  root: unknown,
  f: () => unknown,
  types: readonly VariableType[],
  { init, methodOutputs }: CaptureOptions,
): unknown {
  const modules = capturedModules("capture", root);
  const buffers = new Buffers(modules, types, methodOutputs);
  if (init) fill(buffers, modules, init);
  let result: unknown;
  try {
    // What the run leaves behind is freed; its result and what was recorded are not.
    scoped(() => {
      result = runCaptured("capture", buffers, modules, root as object, f);
      retain(result);
    });
  } catch (error) {
    buffers.letGo();
    for (const [, , value] of buffers.recorded()) discard(value);
    throw error;
  }
  handOver(result);
  const recorded = [...buffers.recorded()];
  buffers.letGo();
  const states = types.map((wanted) =>
    unflattenState(
      recorded
        .filter(([, type]) => type === wanted)
        .map(([path, type, value]) => [path, leafOf(type, value)]),
    ),
  );
  return types.length === 0 ? result : [result, ...states];
}

const noMetadata = Object.freeze({});

const leafOf = (type: VariableType, value: unknown) => Object.freeze({ type, value, metadata: noMetadata });

function fill(buffers: Buffers, modules: CapturedModules, init: State): void {
  const byPath = new Map([...modules].map(([module, path]) => [formatPath(path), module]));
  for (const [path, leaf] of flattenState(init)) {
    const module = byPath.get(formatPath(path.slice(0, -1)));
    if (!module || !isVariableState(leaf)) {
      throw new NnxError(
        `capture: expected init to have Variables of this model's modules only, got ${formatPath(path)}, ` +
          `${module ? "which is no Variable" : "where the model has no module"}. Make init by a capture of the same model.`,
      );
    }
    buffers.fill(module, leaf.type, String(path.at(-1)), leaf.value);
  }
}

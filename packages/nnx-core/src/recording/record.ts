/**
 * @file What may be recorded while a model runs: `sow` and `perturb`. Outside a capture both do
 * nothing.
 */
import { checkOptions } from "../data/options.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { describe, NnxError } from "../errors.ts";
import { GraphNode } from "../graph/node.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { formatPath } from "../path.ts";
import { isTensor } from "../tensor.ts";
import { variableTypeFromName } from "../variable/registry.ts";
import { Variable } from "../variable/variable.ts";
import type { VariableType } from "../variable/variable-state.ts";
import { Perturbation } from "../variable/variable-types.ts";
import { runningIn } from "./running.ts";
import { collecting, isCapturing, type Reduction, type Session, sessions, type Told } from "./session.ts";

/**
 * How several values under one name become one: both functions or neither. Without them values are
 * collected in a tuple.
 */
export type SowOptions<T = never, B = unknown> =
  | {
      /** Joins what is there and the new value. */
      readonly reduceFn: (previous: B, value: T) => B;
      /** What is there before the first value. */
      readonly initFn: () => B;
    }
  | { readonly reduceFn?: undefined; readonly initFn?: undefined };

type SowNames = { readonly reduceFn: unknown; readonly initFn: unknown };
const sowNames = { reduceFn: true, initFn: true } as const;
const perturbNames = { type: true } as const;

/** How a perturbation is stored. */
export interface PerturbOptions {
  /** The Variable type that it is stored as, or its registered name. @defaultValue Perturbation */
  type?: VariableType | string;
}

/** A Variable class, or the one that is registered under a name; a new name makes a new class. */
const typeOf = (type: VariableType | string): VariableType =>
  typeof type === "string" ? variableTypeFromName(type, { allowRegister: true }) : type;

/**
 * What a value is recorded for: a module, or whichever is running of those that the session knows.
 */
type Target = object | "running";

/** The session's module that a value is recorded for. Other modules are none of its business. */
function moduleIn({ modules }: Session, target: Target): object | undefined {
  const module = target === "running" ? runningIn(modules) : target;
  return module && modules.has(module) ? module : undefined;
}

/**
 * Records a value of `target` in every session that asks for exactly this type; says whether one
 * did.
 */
export function sowIn<T, B>(
  target: Target,
  type: VariableType | string,
  name: string,
  value: T,
  options?: SowOptions<T, B>,
): boolean {
  // Most calls have no options, and most runs no capture: they cost next to nothing.
  if (options !== undefined) checkOptions<SowNames>("sow", options as SowNames, sowNames);
  if (!isCapturing()) return false;
  // Each function gets what the other gives.
  const reduction = options?.reduceFn ? (options as Reduction) : collecting;
  const told = { kind: "sown", type: typeOf(type), name, reduction, value } as const;
  let recorded = false;
  for (const session of sessions()) {
    const module = moduleIn(session, target);
    if (module) recorded = session.record({ ...told, module }) || recorded;
  }
  return recorded;
}

/**
 * `value` plus what every session has stored for it: zeros at first, tensors under differentiation
 * later.
 */
export function perturbIn<T>(target: Target, name: string, value: T, options?: PerturbOptions): T {
  if (options !== undefined) checkOptions<PerturbOptions>("perturb", options, perturbNames);
  if (!isCapturing()) return value;
  const type = typeOf(options?.type ?? Perturbation);
  let result: unknown = value;
  for (const session of sessions()) {
    const module = moduleIn(session, target);
    if (!module) continue;
    const told: Told = { kind: "perturbed", module, type, name, reduction: collecting, value: result };
    refuseOthers(told, session);
    session.record(told);
    result = told.value;
  }
  // A structure like the value's.
  return result as T;
}

/** Records what a method returned, if the session asks for that; gives what its caller gets. */
export function recordOutput(session: Session, module: object, name: string, value: unknown): unknown {
  const { outputs: type } = session;
  if (!type || hiddenTensors(value)) return value;
  const told: Told = { kind: "outputs", module, type, name, reduction: collecting, value };
  session.record(told);
  return told.value;
}

/** Where a value is recorded, for messages. */
export const placeOf = ({ module, name }: Told, { modules }: Pick<Session, "modules">): string =>
  formatPath([...modules.pathOf(module), name]);

function refuseOthers(told: Told, session: Session): void {
  const { value } = told;
  refuseHidden("perturb", value, () => placeOf(told, session));
  if (tensorsIn(value).length > 0) return;
  throw new NnxError(
    `perturb at ${placeOf(told, session)}: expected a tensor or a structure of tensors, got ${describe(value)}. ` +
      "Only tensors have gradients; use sow to record other values.",
  );
}

/**
 * The first instance of a class in a value that has tensors of its own. Modules and Variables hold
 * theirs themselves.
 */
function hiddenTensors(value: unknown): object | undefined {
  if (typeof value !== "object" || value === null || isTensor(value) || ArrayBuffer.isView(value))
    return undefined;
  if (value instanceof GraphNode || value instanceof Variable) return undefined;
  if (Array.isArray(value) || value instanceof Map || isPlainObject(value)) {
    for (const item of value instanceof Map ? value.values() : Object.values(value)) {
      const found = hiddenTensors(item);
      if (found) return found;
    }
    return undefined;
  }
  const items = value instanceof Set ? [...(value as ReadonlySet<unknown>)] : Object.values(value);
  return tensorsIn(items).length > 0 || items.some(isTensor) ? value : undefined;
}

/** Refuses a value with tensors where nobody would hold them. */
export function refuseHidden(where: "sow" | "perturb", value: unknown, place: () => string): void {
  const hidden = hiddenTensors(value);
  if (!hidden) return;
  throw new NnxError(
    `${where} at ${place()}: expected tensors, or arrays, plain objects and Maps of tensors, got ${describe(hidden)} that has tensors of its own. ` +
      "Nobody could free them with the recording: record its tensors instead.",
  );
}

/**
 * Records a value from any function that runs under a capture: a loss, a helper. It is recorded
 * under the path of the module whose method is running (of a captured module), or at the root.
 * Functions that are attributes of a module (`f = (x) => ...`) count as run by whoever calls them:
 * they are data to the graph, and capturing changes no data. Otherwise as `Module.sow`.
 * @returns whether a capture recorded it.
 * @example
 * ```ts
 * const loss = (m: Mlp, input: tf.Tensor2D) => {
 *   const y = m.forward(input);
 *   nnx.sow(nnx.Intermediate, "logits", y);
 *   return tf.mean(y);
 * };
 * const [value, seen] = nnx.capture(loss, nnx.Intermediate)(model, x);
 * Object.keys(seen); // => ["features", "logits"]
 * nnx.dispose([value, seen]);
 * ```
 */
export function sow<T, B = readonly T[]>(
  type: VariableType | string,
  name: string,
  value: T,
  options?: SowOptions<T, B>,
): boolean {
  return sowIn("running", type, name, value, options);
}

/**
 * As `Module.perturb`, from any function that runs under a capture; see {@link sow} for the path.
 */
export function perturb<T>(name: string, value: T, options?: PerturbOptions): T {
  return perturbIn("running", name, value, options);
}

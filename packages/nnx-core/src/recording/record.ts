/**
 * @file How models tell values to the open sessions: `sow`, `perturb`, and methods' results. While
 * no session is open, nothing is told.
 */
import { containerKind, itemsOf } from "../data/containers.ts";
import { checkOptions } from "../data/options.ts";
import { describe, NnxError } from "../errors.ts";
import { GraphNode } from "../graph/node.ts";
import { refuseLate } from "../ownership/late.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { formatPath } from "../path.ts";
import { isTensor } from "../tensor.ts";
import { variableTypeFromName } from "../variable/registry.ts";
import { Variable } from "../variable/variable.ts";
import type { VariableType } from "../variable/variable-state.ts";
import { Perturbation } from "../variable/variable-types.ts";
import { runningIn } from "./running.ts";
import {
  type Called,
  isCapturing,
  openSessions,
  recordIn,
  type Reduction,
  type Session,
  type Told,
} from "./session.ts";

/**
 * How several values under one name become one. Give both functions or neither; without them values
 * are collected in a tuple.
 */
export type SowOptions<T = never, B = unknown> =
  | {
      /** Joins the earlier values, as they were joined so far, and the new value. */
      readonly reduceFn: (previous: B, value: T) => B;
      /** Makes what the first value is joined to. */
      readonly initFn: () => B;
    }
  | { readonly reduceFn?: undefined; readonly initFn?: undefined };

type SowNames = { readonly reduceFn: unknown; readonly initFn: unknown };
const sowNames = { reduceFn: true, initFn: true } as const;
const perturbNames = { type: true } as const;

/** How `perturb` stores a perturbation. */
export interface PerturbOptions {
  /** The Variable type of the perturbation, or its registered name. @defaultValue Perturbation */
  type?: VariableType | string;
}

/** The Variable class that is given, or registered under a name. A new name makes a new class. */
const typeOf = (type: VariableType | string): VariableType =>
  typeof type === "string" ? variableTypeFromName(type, { allowRegister: true }) : type;

/** What the sessions did with a value. */
interface Answer {
  /** Whether a session recorded it. */
  readonly isRecorded: boolean;
  /** The run goes on with this value. */
  readonly value: unknown;
}

/**
 * Tells a value to each open session that knows the module, the innermost session first.
 * @param target - The module. Where it is missing, each session takes the innermost running one of
 * its modules.
 */
function tell(target: object | undefined, told: Omit<Told, "module">): Answer {
  let isRecorded = false;
  let { value } = told;
  for (const session of [...openSessions].reverse()) {
    const module = target ?? runningIn(session.modules);
    if (!module || !session.modules.has(module)) continue;
    const own: Told = { ...told, module, value };
    if (told.kind === "perturbed") refuseOthers(own, session);
    isRecorded = recordIn(session, own) || isRecorded;
    value = own.value;
  }
  return { isRecorded, value };
}

/** `Module.sow` of the module `target`; without a module {@link sow}. */
export function sowIn<T, B>(
  target: object | undefined,
  type: VariableType | string,
  name: string,
  value: T,
  options?: SowOptions<T, B>,
): boolean {
  // Both checks are cheap: a model may sow in a loop while nobody captures.
  if (options !== undefined) checkOptions<SowNames>("sow", options as SowNames, sowNames);
  if (!isCapturing()) return false;
  // The types of the two functions fit each other: each one gets what the other one returns.
  const reduction = options?.reduceFn && (options as Reduction);
  return tell(target, { kind: "sown", type: typeOf(type), name, value, reduction }).isRecorded;
}

/** `Module.perturb` of the module `target`; without a module {@link perturb}. */
export function perturbIn<T>(
  target: object | undefined,
  name: string,
  value: T,
  options?: PerturbOptions,
): T {
  if (options !== undefined) checkOptions<PerturbOptions>("perturb", options, perturbNames);
  if (!isCapturing()) return value;
  const type = typeOf(options?.type ?? Perturbation);
  // Sessions replace tensors by tensors of the same shape.
  return tell(target, { kind: "perturbed", type, name, value }).value as T;
}

/**
 * Tells the sessions that a method begins.
 * @returns what is to be called with its result, if there is anything.
 */
export function tellCall(called: Called): readonly ((result: unknown) => void)[] | undefined {
  let ends: ((result: unknown) => void)[] | undefined;
  for (const session of openSessions) {
    if (!session.began || !session.modules.has(called.module)) continue;
    const end = session.began(called);
    if (!end) continue;
    ends ??= [];
    ends.push(end);
  }
  return ends;
}

/**
 * Tells a method's result to the sessions that ask for results, the outermost session first.
 * @param isRecorded - Whether this method is one whose results are recorded.
 * @returns what the method's caller gets.
 * @throws {@link NnxError} for a Promise, since what runs later would not be recorded.
 */
export function tellResult(module: object, name: string, result: unknown, isRecorded: boolean): unknown {
  let value = result;
  for (const session of openSessions) {
    const { where, modules, outputs: type } = session;
    if (!modules.has(module)) continue;
    refuseLate(where, () => `the method at ${formatPath([...modules.pathOf(module), name])}`, value);
    if (!isRecorded || !type || hiddenTensors(value)) continue;
    const told: Told = { kind: "outputs", module, type, name, value };
    recordIn(session, told);
    value = told.value;
  }
  return value;
}

/** The path under which a session records a value, for messages. */
export const placeOf = ({ module, name }: Told, { modules }: Pick<Session, "modules">): string =>
  formatPath([...modules.pathOf(module), name]);

/** Refuses values that cannot be perturbed. */
function refuseOthers(told: Told, session: Session): void {
  const { value } = told;
  refuseHidden("perturb", told, session, value);
  if (tensorsIn(value).length > 0) return;
  throw new NnxError(
    `perturb at ${placeOf(told, session)}: expected a tensor or a structure of tensors, got ${describe(value)}. ` +
      "Only tensors have gradients; use sow to record other values.",
  );
}

/**
 * The first instance of a class in a value that has tensors, if there is one. Modules and Variables
 * do not count, since they hold their tensors themselves.
 */
function hiddenTensors(value: unknown): object | undefined {
  if (typeof value !== "object" || value === null || isTensor(value) || ArrayBuffer.isView(value))
    return undefined;
  if (value instanceof GraphNode || value instanceof Variable) return undefined;
  if (containerKind(value) !== undefined) {
    for (const item of itemsOf(value)) {
      const found = hiddenTensors(item);
      if (found) return found;
    }
    return undefined;
  }
  const items = value instanceof Set ? [...(value as ReadonlySet<unknown>)] : Object.values(value);
  return tensorsIn(items).length > 0 ? value : undefined;
}

/** Refuses a value in which an instance of a class has tensors: a recording could not hold them. */
export function refuseHidden(
  where: "sow" | "perturb",
  told: Told,
  session: Pick<Session, "modules">,
  value: unknown,
): void {
  const hidden = hiddenTensors(value);
  if (!hidden) return;
  throw new NnxError(
    `${where} at ${placeOf(told, session)}: expected tensors, or arrays, plain objects and Maps of tensors, got ${describe(hidden)} that has tensors of its own. ` +
      "Nobody could free them with the recording: record its tensors instead.",
  );
}

/**
 * Records a value from any function that runs under a capture, such as a loss or a helper. The path
 * is that of the innermost captured module whose method is running, or the root. A function that is
 * an attribute of a module (`f = (x) => ...`) is no method: it counts as part of the method that
 * calls it. Otherwise this is the same as `Module.sow`.
 * @param type - The class of Variables under which it is recorded, or its registered name.
 * @param name - The last part of the path.
 * @param value - What is recorded, most often a tensor.
 * @returns whether a capture recorded the value.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const loss = (m: nnx.Linear, x: tf.Tensor) => {
 *   const y = m.forward(x);
 *   nnx.sow(nnx.Intermediate, "logits", y);
 *   return tf.mean(y);
 * };
 * const [value, seen] = nnx.capture(loss, nnx.Intermediate)(model, tf.ones([2, 4]));
 * Object.keys(seen); // => ["logits"]
 * nnx.dispose([value, seen]);
 * ```
 */
export function sow<T, B = readonly T[]>(
  type: VariableType | string,
  name: string,
  value: T,
  options?: SowOptions<T, B>,
): boolean {
  return sowIn(undefined, type, name, value, options);
}

/**
 * Perturbs a value in any function that runs under a capture, as `Module.perturb` does in a module.
 * {@link sow} says under which path.
 * @param name - The last part of the path.
 * @param value - A float32 tensor of any shape.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const lossFn = (m: nnx.Linear, x: tf.Tensor) => tf.sum(nnx.perturb("y", m.forward(x))) as tf.Scalar;
 * const seen = nnx.captureGradients(lossFn)(model, tf.ones([1, 4]));
 * nnx.valuesAt(seen.perturbed, ["y"]).map(({ gradient }) => Array.from(gradient.dataSync())); // => [[1, 1, 1]]
 * nnx.dispose(seen);
 * ```
 */
export function perturb<T>(name: string, value: T, options?: PerturbOptions): T {
  return perturbIn(undefined, name, value, options);
}

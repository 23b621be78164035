/** @file What may be recorded while a model runs: `sow` and `perturb`. Outside a capture both do nothing. */
import { checkOptions } from "../data/options.ts";
import { describe, NnxError } from "../errors.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { formatPath, type Path } from "../path.ts";
import { variableTypeFromName } from "../variable/registry.ts";
import type { VariableType } from "../variable/variable-state.ts";
import { Perturbation } from "../variable/variable-types.ts";
import { refuseHidden } from "./recordable.ts";
import { collecting, isCapturing, type Reduction, runningIn, type Session, sessions } from "./session.ts";

/** How several values under one name become one: both functions or neither. Without them values are collected in a tuple. */
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

/** What a session records for: a module, or whichever is running of those that the session knows. */
type Target = object | "running";

const targetIn = (session: Session, target: Target): object | undefined =>
  target === "running" ? runningIn(session.modules) : target;

/** Records a value of `target` in every open capture that asks for exactly this type; says whether one did. */
export function sowIn<T, B>(
  target: Target,
  type: VariableType | string,
  name: string,
  value: T,
  options: SowOptions<T, B> = {},
): boolean {
  checkOptions<SowNames>("sow", options as SowNames, sowNames);
  if (!isCapturing()) return false;
  // Each function gets what the other gives.
  const reduction = options.reduceFn ? (options as Reduction) : collecting;
  const resolved = typeOf(type);
  let recorded = false;
  for (const session of sessions()) {
    const module = targetIn(session, target);
    if (module) recorded = session.sow(module, resolved, name, value, reduction) || recorded;
  }
  return recorded;
}

/** `value` plus what every open capture has stored for it: zeros at first, tensors under differentiation later. */
export function perturbIn<T>(target: Target, name: string, value: T, options: PerturbOptions = {}): T {
  checkOptions<PerturbOptions>("perturb", options, perturbNames);
  if (!isCapturing()) return value;
  const resolved = typeOf(options.type ?? Perturbation);
  let result: unknown = value;
  for (const session of sessions()) {
    const module = targetIn(session, target);
    if (!module || !session.modules.has(module)) continue;
    refuseOthers(value, () => [...(session.modules.pathOf(module) ?? []), name]);
    result = session.perturb(module, resolved, name, result);
  }
  // A structure like the value's.
  return result as T;
}

function refuseOthers(value: unknown, path: () => Path): void {
  refuseHidden("perturb", value, () => formatPath(path()));
  if (tensorsIn(value).length > 0) return;
  throw new NnxError(
    `perturb at ${formatPath(path())}: expected a tensor or a structure of tensors, got ${describe(value)}. ` +
      "Only tensors have gradients; use sow to record other values.",
  );
}

/**
 * Records a value from any function that runs under a capture: a loss, a helper. It is recorded under the path of the module whose method is
 * running (of a captured module), or at the root. Functions that are attributes of a module (`f = (x) => ...`) count as run by whoever calls
 * them: they are data to the graph, and capturing changes no data. Otherwise as `Module.sow`.
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

/** As `Module.perturb`, from any function that runs under a capture; see {@link sow} for the path. */
export function perturb<T>(name: string, value: T, options?: PerturbOptions): T {
  return perturbIn("running", name, value, options);
}

/** @file What may be recorded while a model runs: `sow` and `perturb`. Outside a capture both do nothing. */
import { describe, NnxError } from "../errors.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import { variableTypeFromName } from "../variable/registry.ts";
import type { VariableType } from "../variable/variable-state.ts";
import { Perturbation } from "../variable/variable-types.ts";
import { collecting } from "./buffers.ts";
import { isCapturing, type Reduction, runningModule, sessions } from "./session.ts";

/** How several values under one name become one. */
export interface SowOptions<T = never, B = unknown> {
  /** Joins what is there and the new value. @defaultValue appends to a tuple */
  reduceFn?: (previous: B, value: T) => B;
  /** What is there before the first value. @defaultValue the empty tuple */
  initFn?: () => B;
}

/** How a perturbation is stored. */
export interface PerturbOptions {
  /** The Variable type that it is stored as, or its registered name. @defaultValue Perturbation */
  type?: VariableType | string;
}

const resolve = (type: VariableType | string): VariableType =>
  typeof type === "string" ? variableTypeFromName(type, { allowRegister: true }) : type;

/** Records a value of `module` in every open capture that asks for exactly this type; says whether one did. */
export function sowIn<T, B>(
  module: object,
  type: VariableType | string,
  name: string,
  value: T,
  options: SowOptions<T, B> = {},
): boolean {
  if (!isCapturing()) return false;
  const { reduceFn = collecting.reduceFn, initFn = collecting.initFn } = options;
  // The defaults are for the default B; whoever names another B passes both functions.
  const reduction = { reduceFn, initFn } as Reduction;
  const resolved = resolve(type);
  let recorded = false;
  for (const session of sessions())
    recorded = session.sow(module, resolved, name, value, reduction) || recorded;
  return recorded;
}

/** `value` plus what every open capture has stored for it: zeros at first, tensors under differentiation later. */
export function perturbIn<T>(
  module: object,
  name: string,
  value: T,
  { type = Perturbation }: PerturbOptions = {},
): T {
  if (!isCapturing()) return value;
  if (tensorsIn(value).length === 0) {
    throw new NnxError(
      `perturb(${JSON.stringify(name)}): expected a tensor or a structure of tensors, got ${describe(value)}. ` +
        "Only tensors have gradients; use sow to record other values.",
    );
  }
  const resolved = resolve(type);
  return sessions().reduce<unknown>(
    (result, session) => session.perturb(module, resolved, name, result),
    value,
  ) as T;
}

/**
 * Records a value from any function that runs under a capture: a loss, a helper. It is recorded under the path of the module whose method is
 * running, or at the root. Otherwise as `Module.sow`.
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
  const module = runningModule();
  return module !== undefined && sowIn(module, type, name, value, options);
}

/** As `Module.perturb`, from any function that runs under a capture; see {@link sow} for the path. */
export function perturb<T>(name: string, value: T, options?: PerturbOptions): T {
  const module = runningModule();
  return module === undefined ? value : perturbIn(module, name, value, options);
}

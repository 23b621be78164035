/** @file What a module may record while it runs: `sow` and `perturb`. Outside a capture both do nothing. */
import { describe, NnxError } from "../errors.ts";
import { mapTensors } from "../ownership/tensors-in.ts";
import { add, alias, isTensor, type Tensor, zerosLike } from "../tensor.ts";
import { variableTypeFromName } from "../variable/registry.ts";
import type { VariableType } from "../variable/variable-state.ts";
import { Perturbation } from "../variable/variable-types.ts";
import { buffersFor, isCapturing, write } from "./session.ts";

/** How several values under one name become one. */
export interface SowOptions<T = never, B = unknown> {
  /** Joins what is there and the new value. @defaultValue appends to a tuple */
  reduceFn?: (previous: B, value: T) => B;
  /** What is there before the first value. @defaultValue the empty tuple */
  initFn?: () => B;
}

const append = (previous: readonly unknown[], value: unknown): readonly unknown[] => [...previous, value];
const empty = (): readonly unknown[] => [];

const resolve = (type: VariableType | string): VariableType =>
  typeof type === "string" ? variableTypeFromName(type, { allowRegister: true }) : type;

/** Records a value of `module` in every open capture that asks for exactly this type; says whether one did. */
export function sow<T, B>(
  module: object,
  type: VariableType | string,
  name: string,
  value: T,
  { reduceFn, initFn }: SowOptions<T, B> = {},
): boolean {
  if (!isCapturing()) return false;
  // The defaults are for the default B; whoever names another B passes both functions.
  const reduce = (reduceFn ?? append) as (previous: unknown, value: T) => unknown;
  const init = initFn ?? empty;
  // Tensor objects of its own, so that whoever disposes the recording does not take the run's values with it.
  const own = mapTensors(value, alias) as T;
  let recorded = false;
  for (const buffer of buffersFor(module, resolve(type))) {
    write(buffer, name, reduce(buffer.has(name) ? buffer.get(name) : init(), own));
    recorded = true;
  }
  return recorded;
}

/** `value` plus what every open capture has stored for it: zeros at first, tensors under differentiation later. */
export function perturb<T>(
  module: object,
  name: string,
  value: T,
  type: VariableType | string = Perturbation,
): T {
  if (!isCapturing()) return value;
  let result: unknown = value;
  for (const buffer of buffersFor(module, resolve(type))) {
    let tensors = 0;
    mapTensors(value, (tensor) => {
      tensors++;
      return tensor;
    });
    if (tensors === 0) {
      throw new NnxError(
        `perturb(${JSON.stringify(name)}): expected a tensor or a structure of tensors, got ${describe(value)}. ` +
          "Only tensors have gradients; use sow to record other values.",
      );
    }
    if (!buffer.has(name)) write(buffer, name, mapTensors(value, zerosLike));
    result = addNested(result, buffer.get(name), name);
  }
  return result as T;
}

function addNested(value: unknown, stored: unknown, name: string): unknown {
  const added: Tensor[] = [];
  mapTensors(stored, (tensor) => {
    added.push(tensor);
    return tensor;
  });
  let next = 0;
  const sum = mapTensors(value, (tensor) => {
    const perturbation = added[next++];
    if (perturbation && isTensor(perturbation) && String(perturbation.shape) === String(tensor.shape))
      return add(tensor, perturbation);
    throw new NnxError(
      `perturb(${JSON.stringify(name)}): expected a stored perturbation of shape [${tensor.shape.join(",")}], got ` +
        `${describe(perturbation)}. Initialize the perturbations with a value of the shape that the run uses.`,
    );
  });
  return sum;
}

/**
 * @file Which tensors a step of an optimizer may write over: those that nobody but the model and the
 * optimizer has. Memory that is new in each step costs more than the arithmetic.
 */
import { isRecorded, isRecording, type StepMemory, type Tensor } from "@nnxjs/kernels/internal";
import { Variable } from "@nnxjs/nnx-core";
import {
  glance,
  holdersOf,
  isPlainVariable,
  isUnobserved,
  isUnseen,
  noteUnseen,
} from "@nnxjs/nnx-core/internal";

/** The memory of a step, with the Variables that it writes. */
export interface StepOfVariables {
  readonly memory: StepMemory;
  /** Notes what nobody else has, after the Variables were written. */
  readonly wrote: (variable: Variable, value: unknown) => void;
}

/**
 * The memory of a step on these Variables. Returns undefined where the step has to leave what it
 * read as it is: somebody records it, or may undo it, or code of a subclass sees its values.
 */
export function memoryOfStep(variables: readonly unknown[]): StepOfVariables | undefined {
  if (isRecorded() || isRecording() || !isUnobserved()) return undefined;
  // When code of a user throws, what was written over could not be restored.
  if (!variables.every((each) => each instanceof Variable && isPlainVariable(each))) return undefined;
  const mayOverwrite = new Set<Tensor>();
  for (const variable of variables as readonly Variable[]) {
    if (!isUnseen(variable)) continue;
    const value = glance(variable, (each) => each.getRawValue()) as Tensor;
    if (holdersOf(value) === 1) mayOverwrite.add(value);
  }
  const made = new Set<Tensor>();
  return {
    memory: { mayOverwrite, made },
    wrote: (variable, value) => {
      if (made.has(value as Tensor)) noteUnseen(variable);
    },
  };
}

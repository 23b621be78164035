/** @file Numbers and keys that a recorded function computes from Variables. */
import { checkFunction, checkList } from "../data/functions.ts";
import { describe, NnxError } from "../errors.ts";
import { newTensor, type Scalar, type Tensor, type Tensor1D } from "../tensor.ts";
import { unread } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import type { HostSlot } from "./host.ts";
import { recordingNow } from "./recording.ts";

/**
 * Numbers computed from numbers in Variables, as a tensor: a schedule of a count, a coefficient.
 * In a function that `jit` records, each replay computes them again. What a recorded function does
 * with a number Variable in other ways holds for one value of it.
 * @param variables - Each with a plain number.
 * @param fn - Gets the numbers of the Variables. It computes with nothing else that changes.
 * @returns float32: a scalar for a number, shape `[n]` for a list of n numbers. Outside of recorded
 * functions this is `tf.scalar(fn(…))` or `tf.tensor1d(fn(…))`.
 * @throws {@link NnxError} where a Variable has no number, or `fn` returns none.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const steps = new nnx.Variable(0);
 * const rate = nnx.hostValue([steps], (n) => 0.1 / (1 + n));
 * ```
 */
export function hostValue(variables: readonly Variable[], fn: (...numbers: number[]) => number): Scalar;
/** The same for a list of numbers. */
export function hostValue(
  variables: readonly Variable[],
  fn: (...numbers: number[]) => readonly number[],
): Tensor1D;
/** The same for either. */
export function hostValue(
  variables: readonly Variable[],
  fn: (...numbers: number[]) => number | readonly number[],
): Tensor;
export function hostValue(
  variables: readonly Variable[],
  fn: (...numbers: number[]) => number | readonly number[],
): Tensor {
  const where = "hostValue";
  checkList(where, "variables", variables);
  checkFunction(where, fn, "[variable], fn", "second");
  const given = variables.map((variable) => {
    if (variable instanceof Variable) return unread(() => variable.value);
    throw new NnxError(
      `${where}: expected a list of Variables, got ${describe(variable)}. Pass the Variables that have the numbers.`,
    );
  });
  const compute = (values: readonly unknown[]): unknown => fn(...values.map(numberIn));
  const first = compute(given);
  const numbers = checkNumbers(first);
  const shape = Array.isArray(first) ? [numbers.length] : [];
  const recording = recordingNow();
  const make = (): Tensor => newTensor("float32", shape, (out) => out.set(numbers));
  if (!recording) return make();
  const { recorder } = recording;
  const inputs = variables.map((variable) => recording.slotOf(variable));
  const tensor = recorder.unrecorded(make);
  const host = recorder.addHost({
    kind: "compute",
    name: "numbers",
    inputs,
    compute: (...values) => checkLength(checkNumbers(compute(values)), numbers.length),
  });
  recorder.addHostTensor(tensor, host);
  return tensor;
}

function numberIn(value: unknown, index: number): number {
  if (typeof value === "number") return value;
  throw new NnxError(
    `hostValue: expected Variables with plain numbers, got ${describe(value)} in Variable ${index}. ` +
      "Compute with tensors by ops.",
  );
}

function checkNumbers(result: unknown): readonly number[] {
  const list: readonly unknown[] = Array.isArray(result) ? result : [result];
  if (list.every((item) => typeof item === "number")) return list;
  throw new NnxError(
    `hostValue: expected fn to return a number or a list of numbers, got ${describe(result)}. ` +
      "Compute with tensors outside of it.",
  );
}

function checkLength(numbers: readonly number[], length: number): readonly number[] {
  if (numbers.length === length) return numbers;
  throw new NnxError(
    `hostValue: expected fn to return ${length} numbers, as when it was recorded, got ${numbers.length}. ` +
      "Return lists of one length.",
  );
}

/** A step that makes an object, such as a key, and counts up. */
export interface CountedStep {
  readonly made: object;
  /** Makes it of the values of the Variables. */
  readonly make: (...values: unknown[]) => object;
  /** The last of the Variables, which is written next: one more. */
  readonly counted: Variable;
}

/** Tells a recording how a key was made. */
export function noteStep(variables: readonly Variable[], { made, make, counted }: CountedStep): void {
  const recording = recordingNow();
  if (!recording) return;
  const { recorder } = recording;
  const inputs = variables.map((variable) => recording.slotOf(variable));
  recorder.noteHost(made, recorder.addHost({ kind: "compute", name: "key", inputs, compute: make }));
  const count = recorder.addHost({
    kind: "compute",
    name: "count",
    inputs: [recording.slotOf(counted)],
    compute: (value) => (value as number) + 1,
  });
  recording.expect(counted, (unread(() => counted.value) as number) + 1, count);
}

/** Host code that a replay runs again. */
export interface HostCode<V extends object, R> {
  /** Nested lists and plain objects of tensors, numbers and keys. */
  readonly values: V;
  /** Those of the values that are in Variables, with the Variables in their place. */
  readonly variables: Partial<Record<keyof V, unknown>>;
  /** Gets `values`; in replays new lists and objects like it. */
  readonly run: (values: V) => R;
  /**
   * Where numbers and keys in the result are written: Variables in the places where the result has
   * these. Other places may be missing.
   */
  readonly targets: unknown;
}

/**
 * Runs host code between kernels, such as an optimizer's step. In a recorded function each replay
 * runs it again, on tensors without data: for the numbers and keys that it computes.
 */
export function onHost<V extends object, R>({ values, variables, run, targets }: HostCode<V, R>): R {
  const recording = recordingNow();
  if (!recording) return run(values);
  const { recorder } = recording;
  const inputs = { ...values, ...(recording.inputsOf(variables) as object) };
  const again = run as (inputs: unknown) => R;
  const { result, slots, host, targets: found } = recorder.runSection(inputs, values, again, targets);
  host.forEach((value, i) => {
    const variable = found[i];
    if (variable) recording.expect(variable, value, slots[i] as number);
  });
  return result;
}

/**
 * Remembers which step of a recorded function computes what a Variable has: a number, a key, or lists of
 * numbers, as the counts of stacked layers are.
 * @returns a function that says so of a value, to be called before that is written back.
 */
export function rememberSource(variable: Variable): (value: unknown) => void {
  const recording = recordingNow();
  const slot = recording?.sourceOf(variable);
  return slot === undefined ? nothing : (value) => recording?.expect(variable, value, slot);
}

const nothing = (): void => {};

/**
 * Which step of a recorded function computes what a Variable has: a number, a key, or lists of numbers.
 * Nothing outside of recorded functions, and where nobody knows.
 */
export const sourceOf = (variable: Variable): HostSlot | undefined => recordingNow()?.sourceOf(variable);

/**
 * Looks at what a Variable has. A recording that can compute it does not hold for the present numbers
 * alone because of that.
 */
export const looking = <R>(variable: Variable, look: () => R): R =>
  sourceOf(variable) === undefined ? look() : unread(look);

/** Tells a recording that an object, such as an array of keys, is made of others that it may know. */
export function noteMade(
  made: object,
  parts: readonly object[],
  make: (...parts: unknown[]) => object,
): void {
  const recorder = recordingNow()?.recorder;
  const slots = parts.map((part) => recorder?.hostSlotOf(part));
  if (!recorder || slots.every((slot) => slot === undefined)) return;
  const inputs = slots.map((slot, i) => slot ?? recorder.addHost({ kind: "constant", value: parts[i] }));
  recorder.noteHost(made, recorder.addHost({ kind: "compute", name: "keys", inputs, compute: make }));
}

/** Tells a recording that what is written to a Variable next is computed from other numbers. */
export function noteComputed(
  variable: Variable,
  value: unknown,
  inputs: readonly HostSlot[],
  { name, compute }: { readonly name: string; readonly compute: (...values: unknown[]) => unknown },
): void {
  const recording = recordingNow();
  if (!recording) return;
  recording.expect(variable, value, recording.recorder.addHost({ kind: "compute", name, inputs, compute }));
}

/** @file What all transformations and schedules ask of their options. */
import { describe } from "@nnxjs/nnx-core/internal";

const isNumber = (value: unknown): value is number => typeof value === "number";

const refuse = (where: string, expected: string, value: unknown, advice: string): never => {
  throw new RangeError(`${where}: expected ${expected}, got ${describe(value)}. ${advice}`);
};

/** @throws RangeError unless `value` is in `[0, 1)`, as decays are. */
export function checkDecay(where: string, name: string, value: number): void {
  if (isNumber(value) && value >= 0 && value < 1) return;
  refuse(where, `${name} in [0, 1)`, value, "Pass a decay such as 0.9.");
}

/** @throws RangeError unless `value` is a finite number, not negative. */
export function checkNotNegative(where: string, name: string, value: number): void {
  if (value >= 0 && Number.isFinite(value)) return;
  refuse(where, `${name} to be a finite number >= 0`, value, "Pass a plain number, not a tensor.");
}

/** @throws RangeError unless `value` is a finite number. */
export function checkFinite(where: string, name: string, value: number): void {
  if (Number.isFinite(value)) return;
  refuse(where, `${name} to be a finite number`, value, "Pass a plain number, not a tensor.");
}

/** @throws RangeError unless `value` is a finite number above 0. */
export function checkPositive(where: string, name: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  refuse(where, `a finite ${name} above 0`, value, "Pass a number such as 0.9.");
}

/** @throws RangeError unless `value` is a positive integer. */
export function checkSteps(where: string, name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  refuse(where, `${name} to be a positive integer`, value, "Count in steps of the optimizer.");
}

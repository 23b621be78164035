/** @file What all transformations ask of their options. */
import { describe } from "@nnxjs/nnx-core";

/** @throws RangeError unless `value` is in `[0, 1)`, as decays are. */
export function checkDecay(where: string, name: string, value: number): void {
  if (value >= 0 && value < 1) return;
  throw new RangeError(
    `${where}: expected ${name} in [0, 1), got ${describe(value)}. Pass a decay such as 0.9.`,
  );
}

/** @throws RangeError unless `value` is a finite number, not negative. */
export function checkNotNegative(where: string, name: string, value: number): void {
  if (value >= 0 && Number.isFinite(value)) return;
  throw new RangeError(`${where}: expected ${name} to be a finite number >= 0, got ${describe(value)}.`);
}

/** @throws RangeError unless `value` is a positive integer. */
export function checkSteps(where: string, name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new RangeError(`${where}: expected ${name} to be a positive integer, got ${describe(value)}.`);
}

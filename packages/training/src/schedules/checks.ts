/** @file What schedules ask of their arguments, beyond what transformations do. */
import { describe } from "@nnxjs/nnx-core/internal";

const refuse = (where: string, expected: string, value: unknown, advice: string): never => {
  throw new RangeError(`${where}: expected ${expected}, got ${describe(value)}. ${advice}`);
};

/** @throws RangeError unless `value` is an integer from 0. */
export function checkCount(where: string, name: string, value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return;
  refuse(where, `${name} to be an integer from 0`, value, "Count in steps of the optimizer.");
}

/** @throws RangeError unless `value` is true or false. */
export function checkFlag(where: string, name: string, value: unknown): void {
  if (typeof value === "boolean") return;
  refuse(where, `${name} to be true or false`, value, "Leave it out for false.");
}

/** @throws RangeError unless `value` is from 0 to 1. */
export function checkShare(where: string, name: string, value: unknown): void {
  if (typeof value === "number" && value >= 0 && value <= 1) return;
  refuse(where, `${name} from 0 to 1`, value, "It is a share of transitionSteps.");
}

/** @throws RangeError unless `value` is a function; what schedules return is checked in each step. */
export function checkSchedule(where: string, name: string, value: unknown): void {
  if (typeof value === "function") return;
  refuse(where, `${name} to be a schedule`, value, "Pass what functions such as nnx.linearSchedule return.");
}

/** What scales at which steps: `{ 100: 0.1 }`, or a Map. */
export type BoundariesAndScales = Readonly<Record<number, number>> | ReadonlyMap<number, number>;

/**
 * The steps with their scales, in order.
 * @throws RangeError for steps that are no integers from 0, and for scales that are negative or not
 * finite.
 */
export function sortedScales(
  where: string,
  given: BoundariesAndScales | null | undefined,
): readonly (readonly [step: number, scale: number])[] {
  if (given === null || given === undefined) return [];
  if (typeof given !== "object" || Array.isArray(given)) {
    return refuse(where, "boundariesAndScales to be an object or a Map", given, "Pass { 100: 0.1 }.");
  }
  const entries: (readonly [number, number])[] =
    given instanceof Map
      ? [...(given as ReadonlyMap<number, number>)]
      : Object.entries(given as Readonly<Record<number, number>>).map(([step, scale]) => [
          Number(step),
          scale,
        ]);
  for (const [step, scale] of entries) {
    checkCount(where, "every boundary", step);
    if (!(scale >= 0 && Number.isFinite(scale))) {
      refuse(where, `a finite scale from 0 at step ${step}`, scale, "It is multiplied into the value.");
    }
  }
  return entries.sort(([a], [b]) => a - b);
}

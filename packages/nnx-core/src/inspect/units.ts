/** @file What is known of each unit: the values with one index along the last axis. */

/** Facts about a tensor beyond its statistics. */
export interface Facts {
  /** The root of the sum of the squares of the finite values. */
  readonly norm: number;
  /** Whether a value is NaN or +∞. −∞ alone may be meant, as in masks. */
  readonly isBroken: boolean;
  /** How many values there are for each unit. */
  readonly examples: number;
  /** One item for each unit: whether all its values are 0, and whether none is above 0. */
  readonly units: readonly UnitFacts[];
  /** The share of values at the ends of tanh or sigmoid, if the values look like theirs. */
  readonly saturated: number | undefined;
}

export interface UnitFacts {
  readonly isZero: boolean;
  readonly isNeverPositive: boolean;
}

/** From here on the slope of tanh is below 0.06, and that of the sigmoid below 0.03. */
const end = 0.97;

export function factsOf(values: ArrayLike<number>, shape: readonly number[]): Facts {
  const width = shape.length < 2 ? 0 : (shape.at(-1) ?? 0);
  const isZero = new Uint8Array(width).fill(1);
  const isNeverPositive = new Uint8Array(width).fill(1);
  let squares = 0;
  let isBroken = false;
  let [least, most, tanhEnds, lowEnds, highEnds] = [Infinity, -Infinity, 0, 0, 0];
  for (let i = 0, unit = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (Number.isNaN(value) || value === Infinity) isBroken = true;
    if (Number.isFinite(value)) squares += value * value;
    if (value < least) least = value;
    if (value > most) most = value;
    if (value > end) highEnds++;
    if (value > end || value < -end) tanhEnds++;
    if (value > 0 && value < 1 - end) lowEnds++;
    if (width === 0) continue;
    if (value !== 0) isZero[unit] = 0;
    // NaN is positive here, so that it does not count as a unit that is off.
    if (!(value <= 0)) isNeverPositive[unit] = 0;
    unit = unit + 1 === width ? 0 : unit + 1;
  }
  const units = Array.from({ length: width }, (_, unit) => ({
    isZero: isZero[unit] === 1,
    isNeverPositive: isNeverPositive[unit] === 1,
  }));
  const examples = width === 0 ? 0 : values.length / width;
  return {
    norm: Math.sqrt(squares),
    isBroken,
    examples,
    units,
    saturated: saturatedShare(values.length, { least, most, tanhEnds, lowEnds, highEnds }),
  };
}

interface Ends {
  readonly least: number;
  readonly most: number;
  readonly tanhEnds: number;
  readonly lowEnds: number;
  readonly highEnds: number;
}

/** Values in (-1, 1) on both sides of 0 look like tanh; values in (0, 1) at both ends like a sigmoid. */
function saturatedShare(
  size: number,
  { least, most, tanhEnds, lowEnds, highEnds }: Ends,
): number | undefined {
  if (most > 1 || least < -1) return undefined;
  if (least < -end && most > end) return tanhEnds / size;
  // Probabilities that add up to 1 have few values near 1.
  const bothEnds = highEnds > size / 8 && lowEnds > size / 8;
  return least > 0 && bothEnds ? (lowEnds + highEnds) / size : undefined;
}

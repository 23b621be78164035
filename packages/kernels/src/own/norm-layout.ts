/** @file How the elements of a tensor that is normalised lie in memory. */

/**
 * A tensor of `outer × rows × groups × size` elements. A mean and a variance is that of the rows
 * and the size; scale and bias are along groups and size, or along groups alone.
 */
interface NormLayout {
  readonly outer: number;
  readonly rows: number;
  readonly groups: number;
  readonly size: number;
}

/** Attributes of the kernels of normalisation. */
export interface NormAttrs extends NormLayout {
  readonly epsilon: number;
  /** If false, the mean counts as 0. */
  readonly usesMean: boolean;
  /** Whether the variance is `E[x²] - E[x]²`, at least 0, instead of `E[(x - E[x])²]`. */
  readonly isFast: boolean;
  /** Whether scale and bias have numbers for the groups alone. */
  readonly byGroup: boolean;
  /** Whether means and variances are results, too. No gradient flows from them. */
  readonly withMoments: boolean;
}

/** What an axis is for: whether it is averaged over, and whether scale and bias are along it. */
export interface NormAxis {
  readonly size: number;
  readonly isReduced: boolean;
  readonly isFeature: boolean;
}

/** A layout, and whether its scale and bias have numbers for the groups alone. */
export interface Laid {
  readonly layout: NormLayout;
  readonly byGroup: boolean;
}

/**
 * The layout of some axes, or `undefined` when they lie in another order than outer, rows, groups,
 * size.
 * @param hasVectors - Whether there is a scale or a bias. Without one, features do not matter.
 */
export function layNorm(axes: readonly NormAxis[], hasVectors: boolean): Laid | undefined {
  const sizes = [1, 1, 1, 1];
  let stage = 0;
  let isInner: boolean | undefined;
  for (const { size, isReduced, isFeature } of axes) {
    if (size === 1) continue;
    const along = hasVectors && isFeature;
    if (isReduced) {
      const isRow = !along && stage <= 1;
      if (!isRow && isInner !== undefined && isInner !== along) return undefined;
      if (!isRow) isInner = along;
      stage = isRow ? 1 : 3;
    } else if (along || (!hasVectors && stage > 0)) {
      if (stage > 2) return undefined;
      stage = 2;
    } else if (stage > 0) return undefined;
    sizes[stage]! *= size;
  }
  let [outer, rows, groups, size] = sizes as [number, number, number, number];
  // Rows of single numbers are one row.
  if (groups === 1 && size === 1) [rows, size] = [1, rows];
  // Without rows, what is not averaged over is all the same.
  if (rows === 1 && !hasVectors) [outer, groups] = [outer * groups, 1];
  return { layout: { outer, rows, groups, size }, byGroup: size > 1 && isInner !== true };
}

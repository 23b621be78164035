/** @file The number of inputs and outputs that a weight connects. */
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import { formatShape, sizeOf } from "../keys/shape.ts";

const NAMES = { inAxis: true, outAxis: true, batchAxis: true } as const;

/**
 * The axes of a weight that are inputs, outputs or batches of weights. All other axes are the
 * receptive field.
 */
export interface FanOptions {
  /** @defaultValue -2 */
  inAxis?: number | readonly number[];
  /** @defaultValue -1 */
  outAxis?: number | readonly number[];
  /** @defaultValue none */
  batchAxis?: number | readonly number[];
}

/** @throws NnxError for unknown options, TypeError for axes that are not integers. */
export function checkFans(where: string, options: FanOptions): void {
  checkOptions(`initializers.${where}`, options, NAMES);
  for (const [name, axes] of Object.entries(options)) {
    const bad = [axes].flat().find((axis) => axis !== undefined && !Number.isInteger(axis));
    if (bad === undefined) continue;
    throw new TypeError(
      `initializers.${where}: expected ${name} to be an integer or a list of them, got ${describe(bad)}. Count axes from 0, or from -1 backwards.`,
    );
  }
}

/**
 * The number of inputs of one output, and of outputs of one input.
 * @throws RangeError for shapes with fewer than 2 axes while `inAxis` is -2, and for axes out of
 * range.
 * @see `jax.nn.initializers`, `_compute_fans`
 */
export function fansOf(
  where: string,
  shape: readonly number[],
  { inAxis = -2, outAxis = -1, batchAxis = [] }: FanOptions,
): { fanIn: number; fanOut: number } {
  if (inAxis === -2 && shape.length <= 1) {
    throw new RangeError(
      `initializers.${where}: expected a shape with at least 2 axes, got ${formatShape(shape)}. ` +
        "It has no separate axes for inputs and outputs: pass inAxis, or use normal or zeros.",
    );
  }
  const sizeAlong = (axes: number | readonly number[]): number => {
    const sizes = [axes].flat().map((axis: number) => {
      const size = shape.at(axis);
      if (size !== undefined) return size;
      throw new RangeError(
        `initializers.${where}: expected axes of the shape ${formatShape(shape)}, got axis ${axis}. Count from 0, or from -1 backwards.`,
      );
    });
    return sizeOf(sizes);
  };
  const inSize = sizeAlong(inAxis);
  const outSize = sizeAlong(outAxis);
  const receptiveField = sizeOf(shape) / inSize / outSize / sizeAlong(batchAxis);
  return { fanIn: inSize * receptiveField, fanOut: outSize * receptiveField };
}

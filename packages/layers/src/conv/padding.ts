/** @file Padding at the edges of a convolution's input. */
import { NnxError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { concat, gather, pad as tfPad, slice, type Tensor } from "@nnxjs/kernels/internal";

/** Numbers of zeros before and after an axis. Negative numbers crop. */
export type Pads = readonly [before: number, after: number];

/**
 * `"SAME"`: zeros, so that the output has `ceil(size / stride)` elements. `"VALID"`: none.
 * `"CIRCULAR"`: periodic continuation. `"REFLECT"`: reflection at the edge elements. `"CAUSAL"`:
 * zeros only in front (one axis). Or numbers of zeros: one for all axes, or one number or a pair
 * for each axis.
 */
export type Padding =
  | "SAME"
  | "VALID"
  | "CIRCULAR"
  | "REFLECT"
  | "CAUSAL"
  | number
  | readonly (number | Pads)[];

/** Padding as a name, or as a pair for each axis. */
export type CanonicalPadding = Extract<Padding, string> | readonly Pads[];

const NAMES: readonly unknown[] = ["SAME", "VALID", "CIRCULAR", "REFLECT", "CAUSAL"];

const isPair = (item: number | Pads): item is Pads =>
  Array.isArray(item) && item.length === 2 && item.every(Number.isInteger);

/** @throws NnxError unless `padding` is a {@link Padding} for this number of axes. */
export function canonicalPadding(where: string, padding: Padding, axes: number): CanonicalPadding {
  if (typeof padding === "string" && NAMES.includes(padding)) {
    if (padding !== "CAUSAL" || axes === 1) return padding;
    throw new NnxError(
      `${where}: expected "CAUSAL" padding with one spatial axis, got ${axes}. Pass pairs of numbers instead.`,
    );
  }
  if (Number.isInteger(padding))
    return Array.from({ length: axes }, () => [padding as number, padding as number] as const);
  if (Array.isArray(padding) && padding.length === axes) {
    const items = padding as readonly (number | Pads)[];
    const pairs = items.map((item): Pads | null =>
      Number.isInteger(item) ? [item as number, item as number] : isPair(item) ? item : null,
    );
    if (pairs.every((pair) => pair !== null)) return pairs;
  }
  throw new NnxError(
    `${where}: expected padding to be one of ${NAMES.join(", ")}, an integer, or ${axes} integers or pairs of integers, got ${describe(padding)}. "SAME" keeps the sizes.`,
  );
}

/** The zeros of `"SAME"` along one axis. */
export function samePads(size: number, window: number, stride: number): Pads {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + window - size, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** Pads spatial axes (1 onwards) with zeros, or crops them where a number is negative. */
export function padZeros(x: Tensor, pads: readonly Pads[]): Tensor {
  const all: Pads[] = [[0, 0], ...pads, [0, 0]];
  let cut = x;
  if (all.some(([before, after]) => before < 0 || after < 0)) {
    const begin = all.map(([before]) => Math.max(-before, 0));
    const size = x.shape.map((n, i) => n - (begin[i] as number) - Math.max(-(all[i] as Pads)[1], 0));
    cut = slice(x, begin, size);
  }
  if (all.every(([before, after]) => before <= 0 && after <= 0)) return cut;
  return tfPad(
    cut,
    all.map(([before, after]): [number, number] => [Math.max(before, 0), Math.max(after, 0)]),
  );
}

/** The position in `[0, n)` of the mirrored element. */
function mirrored(position: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const at = ((position % period) + period) % period;
  return at < n ? at : period - at;
}

/** Continues the input beyond its edges, periodically or by reflection. */
export function padContinued(x: Tensor, pads: readonly Pads[], mode: "CIRCULAR" | "REFLECT"): Tensor {
  let padded = x;
  pads.forEach(([before, after], i) => {
    const axis = i + 1;
    const n = x.shape[axis] as number;
    const at = (position: number): number =>
      mode === "REFLECT" ? mirrored(position, n) : ((position % n) + n) % n;
    const range = (from: number, count: number): number[] =>
      Array.from({ length: count }, (_, k) => at(from + k));
    const pieces = [
      ...(before > 0 ? [gather(padded, range(-before, before), axis)] : []),
      padded,
      ...(after > 0 ? [gather(padded, range(n, after), axis)] : []),
    ];
    if (pieces.length > 1) padded = concat(pieces, axis);
  });
  return padded;
}

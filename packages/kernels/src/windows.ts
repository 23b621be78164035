/** @file Loops over the windows of a pool. */
import type { Axis } from "./conv-geometry.ts";
import type { Elements } from "./memory/access.ts";

/** The geometry of a pool over `[batch, depth, height, width, channels]`. */
export interface Windows {
  readonly batch: number;
  readonly channels: number;
  /** One to three axes. Missing ones are leading axes of size 1. */
  readonly axes: readonly Axis[];
}

/** The windows of a pool, for an input of this shape. */
export const windowsOf = (shape: readonly number[], axes: readonly Axis[]): Windows => ({
  batch: shape[0]!,
  channels: shape.at(-1)!,
  axes,
});

const one: Axis = { input: 1, output: 1, window: 1, stride: 1, dilation: 1, before: 0 };

/**
 * Calls `window` at the start of each window and `tap` for each of its elements, in order.
 * Positions are those of channel 0.
 * @param tap - Receives -1 as `from` for an element of the padding.
 */
function eachTap(
  { batch, channels, axes }: Windows,
  window: (out: number) => void,
  tap: (out: number, from: number, isFirst: boolean) => void,
): void {
  const [d, h, w] = [one, one, ...axes].slice(-3) as [Axis, Axis, Axis];
  let out = 0;
  for (let n = 0; n < batch; n++) {
    for (let od = 0; od < d.output; od++) {
      for (let oh = 0; oh < h.output; oh++) {
        for (let ow = 0; ow < w.output; ow++, out += channels) {
          window(out);
          for (let kd = 0; kd < d.window; kd++) {
            const id = od * d.stride - d.before + kd * d.dilation;
            for (let kh = 0; kh < h.window; kh++) {
              const ih = oh * h.stride - h.before + kh * h.dilation;
              for (let kw = 0; kw < w.window; kw++) {
                const iw = ow * w.stride - w.before + kw * w.dilation;
                const isInside =
                  id >= 0 && id < d.input && ih >= 0 && ih < h.input && iw >= 0 && iw < w.input;
                const from = ((n * d.input + id) * h.input + ih) * w.input + iw;
                tap(out, isInside ? from * channels : -1, kd + kh + kw === 0);
              }
            }
          }
        }
      }
    }
  }
}

/**
 * The largest element of each window, or NaN if the window has one. Padding counts as -Infinity.
 */
export function largest(windows: Windows, x: Elements, y: Elements): void {
  const { channels } = windows;
  eachTap(
    windows,
    (out) => y.fill(Number.NEGATIVE_INFINITY, out, out + channels),
    (out, from) => {
      if (from < 0) return;
      for (let c = 0; c < channels; c++) y[out + c] = Math.max(y[out + c]!, x[from + c]!);
    },
  );
}

/**
 * The element of each window that receives its gradient: the first largest one. As in XLA's
 * select-and-scatter, every comparison with NaN moves the choice to the next element.
 * @param positions - Receives positions in x, or -1 where padding was chosen.
 */
export function selected(windows: Windows, x: Elements, positions: Elements): void {
  const { channels } = windows;
  eachTap(
    windows,
    () => undefined,
    (out, from, isFirst) => {
      for (let c = 0; c < channels; c++) {
        const at = positions[out + c]!;
        const value = from < 0 ? Number.NEGATIVE_INFINITY : x[from + c]!;
        const best = isFirst || at < 0 ? Number.NEGATIVE_INFINITY : x[at]!;
        if (isFirst || !(best >= value)) positions[out + c] = from < 0 ? -1 : from + c;
      }
    },
  );
}

/** The transpose of a maximum pool: each window gives its number to the element {@link selected}. */
export function toSelected(windows: Windows, dy: Elements, x: Elements, dx: Elements): void {
  const positions = new Int32Array(dy.length);
  selected(windows, x, positions);
  dx.fill(0);
  positions.forEach((at, i) => {
    if (at >= 0) dx[at] = dx[at]! + dy[i]!;
  });
}

/** How many elements of each window are not padding. */
function countInside(windows: Windows): Uint32Array {
  const outputs = windows.axes.reduce((product, a) => product * a.output, 1);
  const counts = new Uint32Array(outputs);
  eachTap(
    { ...windows, batch: 1, channels: 1 },
    () => undefined,
    (out, from) => {
      counts[out] = counts[out]! + +(from >= 0);
    },
  );
  return counts;
}

/**
 * Calls `each` for every element of every window: with the first channel of the window's result and
 * of the element, and with the element's share in a mean, which leaves out padding.
 */
function eachShare(windows: Windows, each: (out: number, from: number, share: number) => void): void {
  const counts = countInside(windows);
  eachTap(
    windows,
    () => undefined,
    (out, from) => {
      if (from >= 0) each(out, from, 1 / counts[(out / windows.channels) % counts.length]!);
    },
  );
}

/** The mean of the elements of each window that are not padding. */
export function means(windows: Windows, x: Elements, y: Elements): void {
  const { channels } = windows;
  y.fill(0);
  eachShare(windows, (out, from, share) => {
    for (let c = 0; c < channels; c++) y[out + c] = y[out + c]! + x[from + c]! * share;
  });
}

/** The transpose of {@link means}: each window gives its elements equal shares. */
export function shares(windows: Windows, dy: Elements, dx: Elements): void {
  const { channels } = windows;
  dx.fill(0);
  eachShare(windows, (out, from, share) => {
    for (let c = 0; c < channels; c++) dx[from + c] = dx[from + c]! + dy[out + c]! * share;
  });
}

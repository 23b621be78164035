/**
 * @file The windows of pools, element by element: the values that each output reads, and the
 * gradients that it returns.
 */
import { type Axis, interleave, padSpatial, sizeOf } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { only, select } from "./select.ts";

/** The offsets of a window's elements along each axis. The last axis varies fastest. */
const tapsOf = (axes: readonly Axis[]): readonly (readonly number[])[] =>
  axes.reduce<readonly (readonly number[])[]>(
    (taps, a) => taps.flatMap((tap) => Array.from({ length: a.window }, (_, k) => [...tap, k])),
    [[]],
  );

/**
 * Splits `axis` of size q·s: `[s, ...the other axes, with q in place of q·s]`. The reverse of
 * {@link interleave}.
 */
function phasesOf(x: Tensor, axis: number, s: number): Tensor {
  if (s === 1) return tf.expandDims(x, 0);
  const q = x.shape[axis]! / s;
  const rows = tf.reshape(x, [sizeOf(x.shape.slice(0, axis)) * q, s, sizeOf(x.shape.slice(axis + 1))]);
  const apart = x.shape.map((n, i) => (i === axis ? q : n));
  return tf.reshape(tf.transpose(rows, [1, 0, 2]), [s, ...apart]);
}

/**
 * The values that each output reads, one tensor for each element of the window, in the order of
 * {@link tapsOf}.
 * @param region - See {@link readRegion}.
 * @returns Each `[N, ...output, C]`.
 */
export function readTaps(region: Tensor, axes: readonly Axis[]): readonly Tensor[] {
  const [batch, channels] = [region.shape[0], region.shape.at(-1)!];
  // Split into phases first: on wasm, a strided slice costs many times as much as a transpose.
  const sizes = axes.map((a, i) => Math.ceil(region.shape[i + 1]! / a.stride));
  let phases = padSpatial(
    region,
    axes.map((a, i) => [0, sizes[i]! * a.stride - region.shape[i + 1]!] as const),
  );
  axes.forEach((a, i) => {
    // Join the axes that were split so far with the batch, in front.
    phases = phasesOf(phases, i + 1, a.stride);
    phases = tf.reshape(phases, [phases.shape[0] * phases.shape[1]!, ...phases.shape.slice(2)]);
  });
  const groups = tf.unstack(tf.reshape(phases, [phases.shape[0] / batch, batch, ...phases.shape.slice(1)]));
  return tapsOf(axes).map((offsets) => {
    // The last axis was split last, so its phase varies slowest.
    const group = axes.reduceRight(
      (index, a, i) => index * a.stride + ((offsets[i]! * a.dilation) % a.stride),
      0,
    );
    const begin = axes.map((a, i) => Math.floor((offsets[i]! * a.dilation) / a.stride));
    const output = axes.map((a) => a.output);
    const x = groups[group]!;
    const isWhole = begin.every((at) => at === 0) && output.every((n, i) => n === x.shape[i + 1]);
    return isWhole ? x : tf.slice(x, [0, ...begin, 0], [batch, ...output, channels]);
  });
}

/**
 * The transpose of `readTaps`: adds up the gradients of the windows' elements, given as one tensor
 * `[N, ...output, C]` for each element of the window.
 */
export function fromTaps(parts: readonly Tensor[], axes: readonly Axis[]): Tensor {
  const blocks = axes.map((a) => Math.ceil(((a.window - 1) * a.dilation + 1) / a.stride));
  const byPhase = new Map<string, Tensor[]>();
  tapsOf(axes).forEach((offsets, i) => {
    // Element s·m + r of window p is element r of block p + m.
    const at = offsets.map((k, axis) => k * axes[axis]!.dilation);
    const phase = at.map((k, axis) => k % axes[axis]!.stride).join();
    const pads = at.map((k, axis) => {
      const m = Math.floor(k / axes[axis]!.stride);
      return [m, blocks[axis]! - 1 - m] as const;
    });
    byPhase.set(phase, [...(byPhase.get(phase) ?? []), padSpatial(parts[i]!, pads)]);
  });
  const phases = tapsOf(axes.map((a) => ({ ...a, window: a.stride }))).map((phase) =>
    byPhase.get(phase.join()),
  );
  const sums = phases.map((terms) => (terms === undefined ? undefined : tf.addN(terms)));
  const some = sums.find((sum) => sum !== undefined)!;
  const n = axes.length;
  const spatial = some.shape.slice(1, -1);
  const channels = some.shape.at(-1)!;
  const stacked = tf.stack(
    sums.map((sum) => sum ?? tf.zerosLike(some)),
    n + 1,
  );
  let region = tf.reshape(stacked, [some.shape[0], ...spatial, ...axes.map((a) => a.stride), channels]);
  axes.forEach((_, i) => {
    region = interleave(region, 1 + i, 1 + n);
  });
  return padSpatial(
    region,
    axes.map((a, i) => [-a.before, a.before + a.input - region.shape[i + 1]!] as const),
  );
}

/**
 * Assigns dy to the first of the taps that is the largest. As in XLA's select-and-scatter, every
 * comparison with NaN moves the choice to the next tap.
 * @returns One tensor per tap.
 */
export function toFirstMaximum(dy: Tensor, taps: readonly Tensor[]): readonly Tensor[] {
  let [largest] = taps as readonly [Tensor];
  let chosen: Tensor = tf.zerosLike(dy);
  for (const [i, tap] of taps.entries()) {
    if (i === 0) continue;
    const stays = tf.greaterEqual(largest, tap);
    largest = select(stays, largest, tap);
    chosen = select(stays, chosen, tf.fill(dy.shape, i));
  }
  return taps.map((_, i) => only(tf.equal(chosen, i), dy));
}

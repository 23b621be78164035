/** @file Pools and their gradients: every window is one pass. */
import { type Code, f32, f32x4, i32x4, type Local, type, v128, when } from "../wasm-emitter/code.ts";
import type { WasmFunction } from "../wasm-emitter/module.ts";
import { make, overWindows, WIDTHS } from "./windows.ts";

/** The largest element of each window, NaN if it has one, and -Infinity if it is all padding. */
const largest = overWindows((width, { out, tap }, locals) => {
  const sums = make(locals, type.v128, width.vectors);
  return {
    begin: sums.flatMap((sum) => sum.set(f32x4.const(Number.NEGATIVE_INFINITY))),
    tap: sums.flatMap((sum, v) => sum.set(f32x4.max(sum.get, width.load(tap.get, 16 * v)))),
    end: sums.flatMap((sum, v) => width.store(out, 16 * v, sum.get)),
  };
});

/** How many elements a window has, at least 1, in each lane. */
const divisor = (count: Local): Code => f32x4.max(f32x4.fromI32x4(i32x4.splat(count.get)), f32x4.const(1));

/** The mean of the elements that are not padding. */
const means = overWindows((width, { out, tap, inside }, locals) => {
  const sums = make(locals, type.v128, width.vectors);
  const by = locals.make(type.v128);
  return {
    begin: sums.flatMap((sum) => sum.set(f32x4.const(0))),
    tap: sums.flatMap((sum, v) => sum.set(f32x4.add(sum.get, width.load(tap.get, 16 * v)))),
    end: [
      ...by.set(divisor(inside)),
      ...sums.flatMap((sum, v) => width.store(out, 16 * v, f32x4.div(sum.get, by.get))),
    ],
  };
});

/** Adds the number of each window, in equal shares, to its elements: `array` is written. */
const shares = overWindows((width, { out, tap, inside }, locals) => {
  const parts = make(locals, type.v128, width.vectors);
  const by = locals.make(type.v128);
  return {
    begin: [
      ...by.set(divisor(inside)),
      ...parts.flatMap((part, v) => part.set(f32x4.div(width.load(out, 16 * v), by.get))),
    ],
    tap: parts.flatMap((part, v) =>
      width.store(tap.get, 16 * v, f32x4.add(width.load(tap.get, 16 * v), part.get)),
    ),
    end: [],
  };
});

/**
 * Adds the number of each window to the place in `other` of the element that is its maximum: the
 * first largest one; every comparison with NaN moves the choice on. Padding is -Infinity, and what
 * it receives is lost.
 */
const toLargest = overWindows(
  (width, { out, tap, toOther }, locals) => {
    const best = make(locals, type.v128, width.vectors);
    const places = make(locals, type.v128, width.vectors);
    const [value, moves] = make(locals, type.v128, 2) as [Local, Local];
    const to = locals.make(type.i32);
    const each = (code: (best: Local, place: Local, v: number) => Code): Code =>
      best.flatMap((local, v) => code(local, places[v]!, v));
    const lanes = width.bytes === 4 ? [0] : [0, 1, 2, 3];
    return {
      // No comparison with NaN holds, so the first element is always taken.
      begin: each((largest, place) => [
        ...largest.set(f32x4.const(Number.NaN)),
        ...place.set(i32x4.const(0)),
      ]),
      tap: each((largest, place, v) => [
        ...value.set(width.load(tap.get, 16 * v)),
        ...moves.set(f32x4.ge(largest.get, value.get)),
        ...largest.set(v128.bitselect(largest.get, value.get, moves.get)),
        ...place.set(v128.bitselect(place.get, i32x4.splat(tap.get), moves.get)),
      ]),
      padding: each((largest, place) => [
        ...moves.set(f32x4.eq(largest.get, largest.get)),
        ...place.set(v128.and(place.get, moves.get)),
        ...largest.set(v128.bitselect(largest.get, f32x4.const(Number.NEGATIVE_INFINITY), moves.get)),
      ]),
      end: each((_, place, v) => [
        ...value.set(width.load(out, 16 * v)),
        ...lanes.flatMap((lane) => [
          ...to.set(i32x4.lane(place.get, lane)),
          ...when(to.get, [
            ...to.increase(toOther.get),
            ...f32.store(
              to.get,
              16 * v + 4 * lane,
              f32.add(f32.load(to.get, 16 * v + 4 * lane), f32x4.lane(value.get, lane)),
            ),
          ]),
        ]),
      ]),
    };
  },
  { widths: WIDTHS.slice(1) },
);

/** The functions of the module. */
export const poolFunctions: Readonly<Record<string, WasmFunction>> = { largest, means, shares, toLargest };

/** @file Lists of what is not zero in packed rows, and sums of products with what is in a list. */
import {
  type Code,
  f32x4,
  i32,
  type Local,
  repeatWhile,
  type,
  v128,
  when,
  whileTrue,
} from "../wasm-emitter/code.ts";
import type { WasmFunction } from "../wasm-emitter/module.ts";
import { named } from "./named.ts";
import { transposed } from "./pack.ts";
import { storeSums } from "./sums.ts";

/** Bytes of an entry of a list: a distance and a number. */
const ENTRY = 8;
/** Entries at a time. */
const ENTRIES = 2;
/** Sums at a time, and their bytes. */
export const SUMS = 16;
export const SUMS_BYTES = 64;
/** Lists at a time. */
export const LISTS = 4;

/**
 * A function that multiplies the numbers of a list, from `at` to `end`, with 16 numbers each, and
 * stores the 16 sums.
 * - panel: what is multiplied with the number of distance 0.
 */
export const few: WasmFunction = named(["at", "end", "panel", "out"], ({ at, end, panel, out }, locals) => {
  const sums = Array.from({ length: SUMS / 4 }, () => locals.make(type.v128));
  const [factor, from] = [locals.make(type.v128), locals.make(type.i32)];
  const entry = (offset: number): Code => [
    ...from.set(i32.add(panel.get, i32.load(at.get, offset))),
    ...factor.set(v128.loadSplat(at.get, offset + 4)),
    ...sums.flatMap((sum, i) =>
      sum.set(f32x4.add(sum.get, f32x4.mul(factor.get, v128.load(from.get, 16 * i)))),
    ),
  ];
  return [
    ...whileTrue(i32.ne(at.get, end.get), [
      ...Array.from({ length: ENTRIES }, (_, i) => entry(ENTRY * i)).flat(),
      ...at.increase(i32.const(ENTRY * ENTRIES)),
    ]),
    ...sums.flatMap((sum, i) => v128.store(out.get, 16 * i, sum.get)),
  ];
});

/**
 * A function that stores 4 × 4 sums, which are 64 bytes apart.
 * - isTurned: whether each four are a part of a column.
 * - others: see {@link storeSums}.
 */
export const turn: WasmFunction = named(
  ["from", "isTurned", "out", "outStep", "bias", "adds", "clamps"],
  ({ from, isTurned, out, outStep, bias, adds, clamps }, locals) => {
    const make = (): Local => locals.make(type.v128);
    const sums = Array.from({ length: LISTS }, make);
    const { code, rows } = transposed(sums, make);
    const to = [out, outStep, bias, adds, clamps] as const;
    return [
      ...sums.flatMap((sum, i) => sum.set(v128.load(from.get, SUMS_BYTES * i))),
      ...when(isTurned.get, [...code, ...sums.flatMap((sum, i) => sum.set(rows[i]!))]),
      ...storeSums(
        sums.map((sum) => [sum]),
        to,
        // Nobody needs it any more.
        locals.make(type.v128),
        locals,
      ),
    ];
  },
);

/** Where the next list begins. */
const wholeEntries = (at: Code): Code => i32.and(i32.add(at, i32.const(15)), i32.const(-16));
/** Where the first list begins, of so many. */
export const firstList = (lists: Code, count: Code): Code =>
  wholeEntries(i32.add(i32.add(lists, i32.const(4)), i32.shl(count, i32.const(2))));

/**
 * A function that lists the elements of packed rows that are not zero, if about a quarter is zero.
 * - from, wide, length, count: so many rows in panels of `wide` bytes.
 * - lists: whether there are lists, the end of each, and the lists one after the other, each at a
 *   multiple of 16. They need `48 + 4 * count + 6 * (count + 1) * length` bytes.
 */
export const list: WasmFunction = named(
  ["from", "wide", "length", "count", "lists"],
  ({ from, wide, length, count, lists }, locals) => {
    const make = (): Local => locals.make(type.i32);
    const [at, end, to, most, distance, bits] = [make(), make(), make(), make(), make(), make()];
    const [ends, place] = [make(), make()];
    const row: Code = [
      ...at.set(i32.add(from.get, place.get)),
      ...end.set(i32.add(at.get, i32.mul(length.get, wide.get))),
      ...distance.set(i32.const(0)),
      ...repeatWhile(
        [
          ...i32.store(to.get, 0, distance.get),
          ...i32.store(to.get, 4, bits.tee(i32.load(at.get, 0))),
          // What is stored for a zero is overwritten.
          ...to.increase(i32.shl(i32.ne(i32.shl(bits.get, i32.const(1)), i32.const(0)), i32.const(3))),
          ...distance.increase(i32.const(SUMS_BYTES)),
          ...at.increase(wide.get),
        ],
        i32.ne(at.get, end.get),
      ),
      // One more, if that makes them as many as are taken at a time.
      ...i32.store(to.get, 0, i32.const(0)),
      ...i32.store(to.get, 4, i32.const(0)),
      ...to.set(wholeEntries(to.get)),
      ...ends.increase(i32.const(4)),
      ...i32.store(ends.get, 0, to.get),
      ...most.increase(i32.mul(length.get, i32.const(6))),
      ...place.increase(i32.const(4)),
      ...when(i32.eq(place.get, wide.get), [
        ...place.set(i32.const(0)),
        ...from.increase(i32.mul(length.get, wide.get)),
      ]),
      ...count.increase(i32.const(-1)),
    ];
    return [
      ...ends.set(lists.get),
      ...to.set(firstList(lists.get, count.get)),
      // Half a row is room for three quarters of the elements before it to be a few more.
      ...most.set(i32.add(to.get, i32.shl(length.get, i32.const(2)))),
      ...whileTrue(i32.and(i32.ne(count.get, i32.const(0)), i32.leU(to.get, most.get)), row),
      ...i32.store(lists.get, 0, i32.eqz(count.get)),
    ];
  },
);

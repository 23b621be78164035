/** @file Pools and their gradients: every window is one pass, over several channels at a time. */
import {
  type Code,
  f32,
  f32x4,
  i32,
  i32x4,
  type Local,
  type Locals,
  repeatWhile,
  type,
  v128,
  when,
  whileTrue,
} from "../wasm-emitter/code.ts";
import { define, type WasmFunction } from "../wasm-emitter/module.ts";

/** How many channels are worked on at a time: some vectors, or one lane. */
interface Width {
  readonly vectors: number;
  readonly bytes: number;
  readonly load: (address: Code, offset: number) => Code;
  readonly store: (address: Code, offset: number, value: Code) => Code;
}

const WIDTHS: readonly Width[] = [
  { vectors: 4, bytes: 64, load: v128.load, store: v128.store },
  { vectors: 1, bytes: 16, load: v128.load, store: v128.store },
  { vectors: 1, bytes: 4, load: v128.loadOne, store: v128.storeOne },
];

/** What a kernel does in one window, for the channels of one width. */
interface Steps {
  readonly begin: Code;
  /** For the element at `tap`. */
  readonly tap: Code;
  /** For elements of the padding, before and after those of a row, or a whole row of them. */
  readonly padding?: Code;
  readonly end: Code;
}

/** Where a window is. */
interface Place {
  /** The address of the window's number, of the first of these channels. */
  readonly out: Code;
  /** The address of an element in the array that the windows read. */
  readonly tap: Local;
  /** How many elements of the window are not padding. */
  readonly inside: Local;
  /** From an address in the array that the windows read to the same place of another array. */
  readonly toOther: Local;
}

const make = (locals: Locals, of: typeof type.i32 | typeof type.v128, count: number): Local[] =>
  Array.from({ length: count }, () => locals.make(of));

/**
 * A function `(array, out, other, table, images, image, rows, tall, columns, width, taps, stride,
 * dilation, before, pixel)`.
 * - array: `[images, …, width, channels]`, which the windows read; `image` bytes for each image.
 * - out: `[images, rows, columns, channels]`, one number for each window.
 * - other: another array like the first.
 * - table: for each of the `rows` rows of windows, how many of the window's `tall` rows are not
 *   padding, and the offset of each in the image, or -1.
 * - taps, stride, dilation, before: the last spatial axis.
 * - pixel: bytes of all channels.
 */
const overWindows = (
  steps: (width: Width, place: Place, locals: Locals) => Steps,
  widths = WIDTHS,
): WasmFunction =>
  define(Array<typeof type.i32>(15).fill(type.i32), (parameters, locals) => {
    const [array, out, other, table, images, image, rows, tall, columns, width, taps, stride] =
      parameters as [Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local];
    const [dilation, before, pixel] = parameters.slice(12) as [Local, Local, Local];
    const [entry, row, column, first, skipped, read, at, line, tap, end, channel, entries] = make(
      locals,
      type.i32,
      12,
    ) as [Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local];
    const [inside, toOther, step, tableEnd, from] = make(locals, type.i32, 5) as [
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const place: Place = { out: i32.add(out.get, channel.get), tap, inside, toOther };

    const window = ({ begin, tap: each, padding = [], end: finish }: Steps): Code => [
      ...begin,
      ...at.set(i32.add(entry.get, i32.const(4))),
      ...repeatWhile(
        [
          ...line.set(i32.load(at.get, 0)),
          ...(padding.length > 0 ? when(i32.or(i32.eq(line.get, i32.const(-1)), skipped.get), padding) : []),
          ...when(i32.ne(line.get, i32.const(-1)), [
            ...tap.set(i32.add(i32.add(line.get, from.get), channel.get)),
            ...end.set(i32.add(tap.get, i32.mul(read.get, step.get))),
            ...whileTrue(i32.ltU(tap.get, end.get), [...each, ...tap.increase(step.get)]),
            ...(padding.length > 0 ? when(i32.ltU(i32.add(skipped.get, read.get), taps.get), padding) : []),
          ]),
          ...at.increase(i32.const(4)),
        ],
        i32.ltU(at.get, tableEnd.get),
      ),
      ...finish,
    ];
    const channels: Code = [
      ...channel.set(i32.const(0)),
      ...widths.flatMap((each) =>
        whileTrue(i32.leU(i32.add(channel.get, i32.const(each.bytes)), pixel.get), [
          ...window(steps(each, place, locals)),
          ...channel.increase(i32.const(each.bytes)),
        ]),
      ),
    ];
    return [
      ...toOther.set(i32.sub(other.get, array.get)),
      ...step.set(i32.mul(dilation.get, pixel.get)),
      ...entries.set(i32.add(i32.const(4), i32.shl(tall.get, i32.const(2)))),
      ...whileTrue(images.get, [
        ...entry.set(table.get),
        ...row.set(rows.get),
        ...repeatWhile(
          [
            ...tableEnd.set(i32.add(entry.get, entries.get)),
            ...first.set(i32.sub(i32.const(0), before.get)),
            ...column.set(columns.get),
            ...repeatWhile(
              [
                // How many taps are before the row's begin, and how many are in it.
                ...skipped.set(i32.const(0)),
                ...read.set(i32.const(0)),
                ...line.set(first.get),
                ...whileTrue(i32.and(i32.ltS(line.get, i32.const(0)), i32.ltU(skipped.get, taps.get)), [
                  ...skipped.increase(i32.const(1)),
                  ...line.increase(dilation.get),
                ]),
                ...from.set(i32.add(array.get, i32.mul(line.get, pixel.get))),
                ...whileTrue(
                  i32.and(i32.ltS(line.get, width.get), i32.ltU(i32.add(skipped.get, read.get), taps.get)),
                  [...read.increase(i32.const(1)), ...line.increase(dilation.get)],
                ),
                ...inside.set(i32.mul(i32.load(entry.get, 0), read.get)),
                ...channels,
                ...out.increase(pixel.get),
                ...first.increase(stride.get),
                ...column.increase(i32.const(-1)),
              ],
              column.get,
            ),
            ...entry.set(tableEnd.get),
            ...row.increase(i32.const(-1)),
          ],
          row.get,
        ),
        ...array.increase(image.get),
        ...images.increase(i32.const(-1)),
      ]),
    ];
  });

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
const toLargest = overWindows((width, { out, tap, toOther }, locals) => {
  const best = make(locals, type.v128, width.vectors);
  const places = make(locals, type.v128, width.vectors);
  const [value, moves] = make(locals, type.v128, 2) as [Local, Local];
  const to = locals.make(type.i32);
  const each = (code: (best: Local, place: Local, v: number) => Code): Code =>
    best.flatMap((local, v) => code(local, places[v]!, v));
  const lanes = width.bytes === 4 ? [0] : [0, 1, 2, 3];
  return {
    // No comparison with NaN holds, so the first element is always taken.
    begin: each((largest, place) => [...largest.set(f32x4.const(Number.NaN)), ...place.set(i32x4.const(0))]),
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
}, WIDTHS.slice(1));

/** The functions of the module. */
export const poolFunctions: Readonly<Record<string, WasmFunction>> = { largest, means, shares, toLargest };

/** @file Loops over the windows of an image, with several channels at a time. */
import {
  type Code,
  i32,
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

export const WIDTHS: readonly Width[] = [
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

/** Options of {@link overWindows}. */
interface OverWindows {
  readonly widths?: readonly Width[];
  readonly hasWeights?: boolean;
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
  /** The address of the window's weight for the element at `tap`; only where there are weights. */
  readonly weight: Local;
}

export const make = (locals: Locals, of: typeof type.i32 | typeof type.v128, count: number): Local[] =>
  Array.from({ length: count }, () => locals.make(of));

/**
 * A function `(array, out, other, table, images, image, rows, tall, columns, width, taps, stride,
 * dilation, before, pixel)`.
 * - array: `[images, …, width, channels]`, which the windows read; `image` bytes for each image.
 * - out: `[images, rows, columns, channels]`, one number for each window.
 * - other: another array like the first; or the weights, one number for each tap and channel.
 * - table: for each of the `rows` rows of windows, how many of the window's `tall` rows are not
 *   padding, and the offset of each in the image, or -1.
 * - taps, stride, dilation, before: the last spatial axis.
 * - pixel: bytes of all channels.
 */
export const overWindows = (
  steps: (width: Width, place: Place, locals: Locals) => Steps,
  { widths = WIDTHS, hasWeights = false }: OverWindows = {},
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
    const [weight, weightRow] = [locals.make(type.i32), locals.make(type.i32)];
    const given = (code: Code): Code => (hasWeights ? code : []);
    const place: Place = { out: i32.add(out.get, channel.get), tap, inside, toOther, weight };

    const window = ({ begin, tap: each, padding = [], end: finish }: Steps): Code => [
      ...begin,
      ...at.set(i32.add(entry.get, i32.const(4))),
      ...given(weightRow.set(i32.add(other.get, channel.get))),
      ...repeatWhile(
        [
          ...line.set(i32.load(at.get, 0)),
          ...(padding.length > 0 ? when(i32.or(i32.eq(line.get, i32.const(-1)), skipped.get), padding) : []),
          ...when(i32.ne(line.get, i32.const(-1)), [
            ...tap.set(i32.add(i32.add(line.get, from.get), channel.get)),
            ...end.set(i32.add(tap.get, i32.mul(read.get, step.get))),
            ...given(weight.set(i32.add(weightRow.get, i32.mul(skipped.get, pixel.get)))),
            ...whileTrue(i32.ltU(tap.get, end.get), [
              ...each,
              ...tap.increase(step.get),
              ...given(weight.increase(pixel.get)),
            ]),
            ...(padding.length > 0 ? when(i32.ltU(i32.add(skipped.get, read.get), taps.get), padding) : []),
          ]),
          ...given(weightRow.increase(i32.mul(taps.get, pixel.get))),
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

/** @file What a convolution's windows read, copied to the rows of a matrix, and added back. */
import { type Code, f32x4, i32, type Local, type, v128, when, whileTrue } from "../wasm-emitter/code.ts";
import { define, type WasmFunction } from "../wasm-emitter/module.ts";

/** What happens to neighbours in memory: the pixel's and the matrix' addresses go on. */
interface Piece {
  /** For 4 numbers and for one. Reads and writes at these addresses. */
  readonly vector: (pixel: Code, cell: Code) => Code;
  readonly single: (pixel: Code, cell: Code) => Code;
  /** For a piece of the padding, from `cell` to `end`. */
  readonly outside: (cell: Local, end: Local) => Code;
}

/**
 * A function `(x, matrix, count, first, step, dilation, width, taps, pixel, bytes, row)` over
 * `count` windows of one row of an image.
 * - x: the address of the row's pixel 0, `pixel` bytes from one to the next.
 * - matrix: the address of a row for the first window, `row` bytes from one to the next. For each
 *   of the window's `taps` it has `bytes` bytes of the pixel.
 * - first: the pixel of the first window's first tap; `step` more for each window, `dilation` more
 *   for each tap. Pixels below 0 and from `width` on are padding.
 */
const overPatches = ({ vector, single, outside }: Piece): WasmFunction =>
  define(Array<typeof type.i32>(11).fill(type.i32), (parameters, locals) => {
    const [x, matrix, count, first, step, dilation, width, taps, pixel, bytes, row] = parameters as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const make = (): Local => locals.make(type.i32);
    const [place, pieces, length, cell, from, end, wholes, isDense] = Array.from({ length: 8 }, make) as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const isInside = i32.ltU(place.get, width.get);
    return [
      // All taps of a window are neighbours in memory.
      ...isDense.set(i32.and(i32.eq(dilation.get, i32.const(1)), i32.eq(pixel.get, bytes.get))),
      ...whileTrue(count.get, [
        ...place.set(first.get),
        ...cell.set(matrix.get),
        ...pieces.set(taps.get),
        ...length.set(bytes.get),
        ...when(
          i32.and(
            i32.and(isDense.get, i32.geS(place.get, i32.const(0))),
            i32.geS(width.get, i32.add(place.get, taps.get)),
          ),
          [...pieces.set(i32.const(1)), ...length.set(i32.mul(taps.get, bytes.get))],
        ),
        ...whileTrue(pieces.get, [
          ...end.set(i32.add(cell.get, length.get)),
          ...when(
            isInside,
            [
              ...from.set(i32.add(x.get, i32.mul(place.get, pixel.get))),
              ...wholes.set(i32.add(cell.get, i32.and(length.get, i32.const(-16)))),
              ...whileTrue(i32.ltU(cell.get, wholes.get), [
                ...vector(from.get, cell.get),
                ...cell.increase(i32.const(16)),
                ...from.increase(i32.const(16)),
              ]),
              ...whileTrue(i32.ltU(cell.get, end.get), [
                ...single(from.get, cell.get),
                ...cell.increase(i32.const(4)),
                ...from.increase(i32.const(4)),
              ]),
            ],
            outside(cell, end),
          ),
          ...cell.set(end.get),
          ...place.increase(dilation.get),
          ...pieces.increase(i32.const(-1)),
        ]),
        ...first.increase(step.get),
        ...matrix.increase(row.get),
        ...count.increase(i32.const(-1)),
      ]),
    ];
  });

/** Copies pixels to the matrix. Padding is zeros. */
const gather = overPatches({
  vector: (pixel, cell) => v128.store(cell, 0, v128.load(pixel, 0)),
  single: (pixel, cell) => i32.store(cell, 0, i32.load(pixel, 0)),
  outside: (cell, end) =>
    whileTrue(i32.ltU(cell.get, end.get), [
      ...i32.store(cell.get, 0, i32.const(0)),
      ...cell.increase(i32.const(4)),
    ]),
});

/** Adds the matrix to pixels. What padding receives is lost. */
const scatter = overPatches({
  vector: (pixel, cell) => v128.store(pixel, 0, f32x4.add(v128.load(pixel, 0), v128.load(cell, 0))),
  single: (pixel, cell) => v128.storeOne(pixel, 0, f32x4.add(v128.loadOne(pixel, 0), v128.loadOne(cell, 0))),
  outside: () => [],
});

/** The functions of the module. */
export const patchesFunctions: Readonly<Record<string, WasmFunction>> = { gather, scatter };

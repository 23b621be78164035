/** @file The product of two packed matrices, in tiles of 4 × 8 whose sums stay in registers. */
import {
  call,
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
import { define, type WasmFunction } from "../wasm-emitter/module.ts";
import { type MultiplyAdd, plainMultiplyAdd } from "./multiply-add.ts";
import { named } from "./named.ts";
import { pack } from "./pack.ts";
import { type Store, storeSums } from "./sums.ts";

const ROWS = 4;
const TILE_STEP = 32;

const integers = (count: number): (typeof type.i32)[] => Array<typeof type.i32>(count).fill(type.i32);

type Locals10 = readonly [Local, Local, Local, Local, Local, Local, Local, Local, Local, Local];

/**
 * A function `(a, aStep, b, bStep, length, out, outStep, bias, adds, clamps)` that computes
 * `rows × columns` sums of `length` products.
 * - a: `rows` elements for each product, `aStep` bytes apart.
 * - b: `columns` elements for each product, `bStep` bytes apart.
 * - others: see {@link storeSums}.
 * @param store - Stores a tile that is not whole.
 */
export const tile = (rows: number, columns: number, multiplyAdd: MultiplyAdd, store?: Store): WasmFunction =>
  define(integers(10), (parameters, locals) => {
    const [a, aStep, b, bStep, length, ...to] = parameters as Locals10;
    const make = (): Local => locals.make(type.v128);
    const vectors = columns / 4;
    // What one row alone multiplies needs no register before.
    const right = rows > 1 ? Array.from({ length: vectors }, make) : [];
    const left = make();
    const sums = Array.from({ length: rows }, () => Array.from({ length: vectors }, make));
    const end = locals.make(type.i32);
    return [
      ...end.set(i32.add(b.get, i32.mul(length.get, bStep.get))),
      ...repeatWhile(
        [
          ...right.flatMap((local, v) => local.set(v128.load(b.get, 16 * v))),
          ...sums.flatMap((row, r) => [
            ...left.set(v128.loadSplat(a.get, 4 * r)),
            ...row.flatMap((sum, v) =>
              sum.set(multiplyAdd(left.get, right[v]?.get ?? v128.load(b.get, 16 * v), sum.get)),
            ),
          ]),
          ...a.increase(aStep.get),
          ...b.increase(bStep.get),
        ],
        i32.ne(b.get, end.get),
      ),
      ...storeSums(sums, to, left, locals, store),
    ];
  });

/** A function `(from, fromStep, to, toStep, rows, columns)` that copies a part of a tile. */
const copyPart: WasmFunction = define(integers(6), (parameters, locals) => {
  const [from, fromStep, to, toStep, rows, columns] = parameters as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const at = locals.make(type.i32);
  const bytes = locals.make(type.i32);
  return [
    ...bytes.set(i32.shl(columns.get, i32.const(2))),
    ...whileTrue(rows.get, [
      ...at.set(i32.const(0)),
      ...whileTrue(i32.ltU(at.get, bytes.get), [
        ...i32.store(i32.add(to.get, at.get), 0, i32.load(i32.add(from.get, at.get), 0)),
        ...at.increase(i32.const(4)),
      ]),
      ...from.increase(fromStep.get),
      ...to.increase(toStep.get),
      ...rows.increase(i32.const(-1)),
    ]),
  ];
});

/** The numbers of the functions in the module that others call. */
const numbers = { tile8: 0, tile4: 1, copyPart: 2 };

/**
 * A function
 * `(a, b, bPanel, bStep, length, out, outStep, rows, columns, bias, adds, clamps, part, done)` that
 * computes all tiles of a product.
 * - a: panels of 4 rows, as `pack4` writes them.
 * - b: panels of 8 columns, `bPanel` bytes apart, whose elements are `bStep` bytes apart for each
 *   product. `pack8` writes them; a matrix whose number of columns is a multiple of 8 is such panels.
 * - bias: the address of as many numbers as there are columns, and up to 7 more; or 0.
 * - adds, clamps: see the tile.
 * - part: 128 bytes for a tile that is not whole.
 * - done: the address of how many columns are there already, and how many rows; or 0.
 */
const tiles: WasmFunction = named(
  [
    "a",
    "b",
    "bPanel",
    "bStep",
    "length",
    "out",
    "outStep",
    "rows",
    "columns",
    "bias",
    "adds",
    "clamps",
    "part",
    "done",
  ],
  ({ a, b, bPanel, bStep, length, out, outStep, rows, columns, bias, adds, clamps, part, done }, locals) => {
    const make = (): Local => locals.make(type.i32);
    const [row, wide, high, left, target] = [make(), make(), make(), make(), make()];
    const tileTo = (number: number, to: Code, step: Code): Code =>
      call(
        number,
        left.get,
        i32.const(4 * ROWS),
        b.get,
        bStep.get,
        length.get,
        to,
        step,
        bias.get,
        adds.get,
        clamps.get,
      );
    /** A tile of 4 or of 8 columns: whichever has room for those that are there. */
    const anyTile = (to: Code, step: Code): Code =>
      when(i32.gtU(wide.get, i32.const(4)), tileTo(numbers.tile8, to, step), tileTo(numbers.tile4, to, step));
    const isWhole = i32.and(
      i32.eq(high.get, i32.const(ROWS)),
      i32.or(i32.eq(wide.get, i32.const(8)), i32.eq(wide.get, i32.const(4))),
    );
    const atMost = (local: Local, size: Code, most: number): Code => [
      ...local.set(size),
      ...when(i32.gtU(local.get, i32.const(most)), local.set(i32.const(most))),
    ];
    const all = whileTrue(columns.get, [
      ...atMost(wide, columns.get, 8),
      ...row.set(rows.get),
      ...left.set(a.get),
      ...target.set(out.get),
      ...whileTrue(row.get, [
        ...atMost(high, row.get, ROWS),
        ...when(isWhole, anyTile(target.get, outStep.get), [
          ...when(
            adds.get,
            call(
              numbers.copyPart,
              target.get,
              outStep.get,
              part.get,
              i32.const(TILE_STEP),
              high.get,
              wide.get,
            ),
          ),
          ...anyTile(part.get, i32.const(TILE_STEP)),
          ...call(
            numbers.copyPart,
            part.get,
            i32.const(TILE_STEP),
            target.get,
            outStep.get,
            high.get,
            wide.get,
          ),
        ]),
        ...row.set(i32.sub(row.get, high.get)),
        ...left.increase(i32.shl(length.get, i32.const(4))),
        ...target.increase(i32.shl(outStep.get, i32.const(2))),
      ]),
      ...columns.set(i32.sub(columns.get, wide.get)),
      ...out.increase(i32.const(TILE_STEP)),
      ...b.increase(bPanel.get),
      ...when(bias.get, bias.increase(i32.const(TILE_STEP))),
    ]);
    const skipped: Code = [
      ...wide.set(i32.load(done.get, 0)),
      ...high.set(i32.load(done.get, 4)),
      ...columns.set(i32.sub(columns.get, wide.get)),
      ...rows.set(i32.sub(rows.get, high.get)),
      ...a.increase(i32.shl(i32.mul(high.get, length.get), i32.const(2))),
      ...b.increase(i32.mul(i32.shrU(wide.get, i32.const(3)), bPanel.get)),
      ...wide.set(i32.shl(wide.get, i32.const(2))),
      ...out.increase(i32.add(wide.get, i32.mul(high.get, outStep.get))),
      ...when(bias.get, bias.increase(wide.get)),
    ];
    return [...when(done.get, skipped), ...all];
  },
);

/** What adds products, in the order of {@link numbers}. */
const sums = (multiplyAdd: MultiplyAdd): Readonly<Record<string, WasmFunction>> => ({
  tile8: tile(ROWS, 8, multiplyAdd),
  tile4: tile(ROWS, 4, multiplyAdd),
  copyPart,
  tiles,
});

/** The functions of the module. */
export const productFunctions: Readonly<Record<string, WasmFunction>> = {
  ...sums(plainMultiplyAdd),
  pack4: pack(4),
  pack8: pack(8),
};

/** Those of them that relaxed SIMD makes quicker. */
export const relaxedProductFunctions: Readonly<Record<string, WasmFunction>> = sums(f32x4.relaxedMultiplyAdd);

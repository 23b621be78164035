/** @file Products of single rows with matrices: of one row with each of many, or of many with one. */
import {
  call,
  type Code,
  f32x4,
  i32,
  type Local,
  type,
  v128,
  when,
  whileTrue,
} from "../wasm-emitter/code.ts";
import type { WasmFunction } from "../wasm-emitter/module.ts";
import { type MultiplyAdd, plainMultiplyAdd } from "./multiply-add.ts";
import { named } from "./named.ts";
import { tile } from "./product-kernel.ts";
import { type Store, storeSums } from "./sums.ts";

/** Stores the last lanes of one vector: as many as is written in the place of a step. */
const storeLast: Store = ([sums], [out], count) =>
  [0, 1, 2, 3].flatMap((lane) =>
    when(i32.gtU(count.get, i32.const(3 - lane)), v128.storeLane(lane, out!.get, 4 * lane, sums![0]!.get)),
  );

/** How many rows of b are read side by side, and how many vectors of each at a time. */
const STREAMS = 4;
const VECTORS = 2;
const WIDTH = 16 * VECTORS;

/**
 * A function `(a, aStep, b, bStep, length, out, bytes, bias, adds, clamps, sums)` that computes one
 * row of sums of `length` products. It reads b row by row, from one end to the other, as processors
 * foresee; the sums are in a cache meanwhile.
 * - bytes: of the row, a multiple of 32.
 * - sums: as many bytes for the sums, which may be those of `out` unless `adds`.
 * - others: see the tile.
 */
const wideRow = (multiplyAdd: MultiplyAdd): WasmFunction =>
  named(
    ["a", "aStep", "b", "bStep", "length", "out", "bytes", "bias", "adds", "clamps", "sums"],
    ({ a, aStep, b, bStep, length, out, bytes, bias, adds, clamps, sums }, locals) => {
      const make = (): Local => locals.make(type.i32);
      const vector = (): Local => locals.make(type.v128);
      const [at, end] = [make(), make()];
      const places = Array.from({ length: STREAMS }, make);
      const left = places.map(vector);
      const totals = Array.from({ length: VECTORS }, vector);
      const [total, free] = [totals[0]!, left[0]!];
      const products = (rows: number): Code => {
        const from = places.slice(0, rows);
        return [
          ...totals.flatMap((each, v) => each.set(v128.load(at.get, 16 * v))),
          ...from.flatMap((place, r) =>
            totals.flatMap((each, v) =>
              each.set(multiplyAdd(left[r]!.get, v128.load(place.get, 16 * v), each.get)),
            ),
          ),
          ...totals.flatMap((each, v) => v128.store(at.get, 16 * v, each.get)),
          ...[at, ...from].flatMap((each) => each.increase(i32.const(WIDTH))),
        ];
      };
      const rows = (count: number): Code => [
        ...places
          .slice(0, count)
          .flatMap((place, r) => [
            ...place.set(b.get),
            ...b.increase(bStep.get),
            ...left[r]!.set(v128.loadSplat(a.get, 0)),
            ...a.increase(aStep.get),
          ]),
        ...at.set(sums.get),
        ...whileTrue(i32.ltU(at.get, end.get), products(count)),
        ...length.increase(i32.const(-count)),
      ];
      return [
        ...end.set(i32.add(sums.get, bytes.get)),
        ...at.set(sums.get),
        ...whileTrue(i32.ltU(at.get, end.get), [
          ...v128.store(at.get, 0, f32x4.const(0)),
          ...at.increase(i32.const(16)),
        ]),
        ...whileTrue(i32.geU(length.get, i32.const(STREAMS)), rows(STREAMS)),
        ...whileTrue(length.get, rows(1)),
        ...at.set(sums.get),
        ...when(
          i32.or(i32.or(adds.get, bias.get), clamps.get),
          whileTrue(i32.ltU(at.get, end.get), [
            ...total.set(v128.load(at.get, 0)),
            ...storeSums([[total]], [out, bStep, bias, adds, clamps], free, locals),
            ...[at, out].flatMap((each) => each.increase(i32.const(16))),
            ...when(bias.get, bias.increase(i32.const(16))),
          ]),
        ),
      ];
    },
  );

/** The numbers of the functions in the module that others call. */
const numbers = { wideRow: 0, last: 1 };

/**
 * A function
 * `(a, aStep, aNext, b, bStep, bNext, length, out, outNext, columns, bias, biasNext, count, adds, clamps, sums)`
 * that computes `count` rows of sums of `length` products.
 * - aNext, bNext, outNext, biasNext: how far it is from row to row of the results, in bytes. 0 repeats.
 * - bias: the address of as many numbers as there are columns; or 0.
 * - sums: memory for a row.
 * - others: see the tile. The columns of b are neighbours.
 *
 * Where the last columns are less than four, it reads up to 12 bytes before b, the bias and out.
 */
const rows: WasmFunction = named(
  [
    "a",
    "aStep",
    "aNext",
    "b",
    "bStep",
    "bNext",
    "length",
    "out",
    "outNext",
    "columns",
    "bias",
    "biasNext",
    "count",
    "adds",
    "clamps",
    "sums",
  ],
  (given, locals) => {
    const { a, aStep, aNext, b, bStep, bNext, length, out, outNext, columns } = given;
    const { bias, biasNext, count, adds, clamps, sums } = given;
    const make = (): Local => locals.make(type.i32);
    const [left, right, to, offset, by] = [make(), make(), make(), make(), make()];
    const compute = (number: number, second: Code, ...more: Code[]): Code =>
      call(
        number,
        a.get,
        aStep.get,
        right.get,
        bStep.get,
        length.get,
        to.get,
        second,
        offset.get,
        adds.get,
        clamps.get,
        ...more,
      );
    const move = (bytes: Code): Code => [
      ...by.set(bytes),
      ...right.increase(by.get),
      ...to.increase(by.get),
      ...when(offset.get, offset.increase(by.get)),
    ];
    const wide: Code = [
      ...by.set(i32.and(i32.shl(left.get, i32.const(2)), i32.const(-WIDTH))),
      ...when(adds.get, compute(numbers.wideRow, by.get, sums.get), compute(numbers.wideRow, by.get, to.get)),
      ...move(by.get),
      ...left.set(i32.and(left.get, i32.const(WIDTH / 4 - 1))),
    ];
    return whileTrue(count.get, [
      ...left.set(columns.get),
      ...right.set(b.get),
      ...to.set(out.get),
      ...offset.set(bias.get),
      ...when(i32.geU(left.get, i32.const(WIDTH / 4)), wide),
      ...when(i32.geU(left.get, i32.const(4)), [
        ...compute(numbers.last, i32.const(4)),
        ...move(i32.const(16)),
        ...left.increase(i32.const(-4)),
      ]),
      // A whole vector that ends with the last column.
      ...when(left.get, [
        ...move(i32.sub(i32.shl(left.get, i32.const(2)), i32.const(16))),
        ...compute(numbers.last, left.get),
      ]),
      ...a.increase(aNext.get),
      ...b.increase(bNext.get),
      ...out.increase(outNext.get),
      ...when(bias.get, bias.increase(biasNext.get)),
      ...count.increase(i32.const(-1)),
    ]);
  },
);

/** What adds products, in the order of {@link numbers}. */
const functions = (multiplyAdd: MultiplyAdd): Readonly<Record<string, WasmFunction>> => ({
  wideRow: wideRow(multiplyAdd),
  last: tile(1, 4, multiplyAdd, storeLast),
  rows,
});

/** The functions of the module. */
export const productRowsFunctions: Readonly<Record<string, WasmFunction>> = functions(plainMultiplyAdd);

/** The same, by relaxed SIMD. */
export const relaxedProductRowsFunctions: Readonly<Record<string, WasmFunction>> = functions(
  f32x4.relaxedMultiplyAdd,
);

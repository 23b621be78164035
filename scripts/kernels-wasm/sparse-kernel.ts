/**
 * @file Products of packed matrices of which one has many zeros, as activations after relu and dropout
 * have, and their gradients. Products with these zeros are left out. No bit changes: such a product
 * is a zero if the other factor is finite, which is looked at first, and a sum that begins with 0 is
 * never -0.
 */
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
import type { WasmFunction } from "../wasm-emitter/module.ts";
import { named } from "./named.ts";
import { few, firstList, list, LISTS, SUMS, SUMS_BYTES, turn } from "./sparse-lists.ts";

/** The numbers of the functions that others call. */
const numbers = { few: 0, turn: 1, list: 2 };

/** Rows from which listing columns of the other operand is worth while: each is used for all. */
const LEAST_ROWS = 64;

/** Repeats the body for as long as there are `of` elements left. */
const groups = (size: Local, of: number, body: Code): Code =>
  whileTrue(i32.geU(size.get, i32.const(of)), [...body, ...size.increase(i32.const(-of))]);

/**
 * A function that computes a product of packed matrices, if one of them has many zeros and the other
 * is finite, but for rows or columns that are left after the last 16.
 * - a: panels of 4 rows, as `pack4` writes them.
 * - b: panels of 8 columns, as `pack8` writes them.
 * - left, right: places for lists of the rows of a, and of the columns of b.
 * - isNew: 1 if a is another than before, 2 if b is, 3 if both are.
 * - part: `64 * length` bytes, and 256 after them.
 * - done: where it stores how many columns and how many rows are done.
 * - others: see {@link storeSums}.
 */
const sparse: WasmFunction = named(
  [
    "a",
    "b",
    "length",
    "out",
    "outStep",
    "rows",
    "columns",
    "bias",
    "adds",
    "clamps",
    "left",
    "right",
    "isNew",
    "part",
    "done",
  ],
  (
    { a, b, length, out, outStep, rows, columns, bias, adds, clamps, left, right, isNew, part, done },
    locals,
  ) => {
    const make = (): Local => locals.make(type.i32);
    const [isTurned, lists, count, others, from, wide] = [make(), make(), make(), make(), make(), make()];
    const [at, end, to, ends, sums, rest] = [make(), make(), make(), make(), make(), make()];
    const [second, third, step, listStep, biasStep, biasListStep] = [
      make(),
      make(),
      make(),
      make(),
      make(),
      make(),
    ];
    const [outAt, biasAt, toBias] = [make(), make(), make()];
    const seen = locals.make(type.v128);
    const zero = i32.const(0);
    const isFour = (size: Local): Code => i32.eqz(i32.and(size.get, i32.const(LISTS - 1)));
    const times4 = (value: Code): Code => i32.shl(value, i32.const(2));
    const vector = i32.const(16);
    const has = (of: Local): Code => i32.eq(i32.load(of.get, 0), i32.const(1));

    /** Lists that are there, or made now. -1 stands for those that nobody has asked for yet. */
    const listed: Code = [
      ...when(i32.and(isNew.get, i32.const(1)), [
        ...i32.store(left.get, 0, zero),
        ...when(isFour(rows), call(numbers.list, a.get, i32.const(16), length.get, rows.get, left.get)),
      ]),
      ...when(i32.and(isNew.get, i32.const(2)), i32.store(right.get, 0, i32.const(-1))),
      ...isTurned.set(i32.eqz(i32.load(left.get, 0))),
      ...when(
        isTurned.get,
        when(
          i32.and(
            i32.and(isFour(columns), i32.geU(rows.get, i32.const(LEAST_ROWS))),
            i32.eq(i32.load(right.get, 0), i32.const(-1)),
          ),
          call(numbers.list, b.get, i32.const(32), length.get, columns.get, right.get),
        ),
      ),
    ];
    /** By rows of a, or by columns of b. */
    const sides: Code = [
      ...lists.set(left.get),
      ...count.set(rows.get),
      ...from.set(b.get),
      ...others.set(columns.get),
      ...wide.set(i32.const(32)),
      ...second.set(vector),
      ...step.set(vector),
      ...listStep.set(times4(outStep.get)),
      ...biasStep.set(vector),
      ...when(isTurned.get, [
        ...lists.set(right.get),
        ...count.set(columns.get),
        ...from.set(a.get),
        ...others.set(rows.get),
        ...wide.set(vector),
        ...second.set(i32.shl(length.get, i32.const(4))),
        ...step.set(listStep.get),
        ...listStep.set(vector),
        ...biasStep.set(zero),
        ...biasListStep.set(vector),
      ]),
      ...third.set(i32.shl(length.get, i32.const(5))),
      ...when(i32.eqz(bias.get), [...biasStep.set(zero), ...biasListStep.set(zero)]),
    ];
    /** Whether what the numbers of the lists are multiplied with is finite. */
    const finite: Code = [
      ...at.set(from.get),
      ...end.set(i32.add(at.get, times4(i32.mul(others.get, length.get)))),
      ...repeatWhile(
        [
          ...seen.set(f32x4.add(seen.get, f32x4.mul(v128.load(at.get, 0), f32x4.const(0)))),
          ...at.increase(vector),
        ],
        i32.ltU(at.get, end.get),
      ),
    ];
    /** Panels as one of 16 numbers. */
    const joined: Code = [
      ...at.set(part.get),
      ...end.set(i32.add(part.get, i32.shl(length.get, i32.const(6)))),
      ...to.set(from.get),
      ...repeatWhile(
        [
          ...[
            to.get,
            i32.add(to.get, second.get),
            i32.add(to.get, third.get),
            i32.add(i32.add(to.get, third.get), second.get),
          ].flatMap((place, i) => v128.store(at.get, 16 * i, v128.load(place, 0))),
          ...to.increase(wide.get),
          ...at.increase(i32.const(SUMS_BYTES)),
        ],
        i32.ne(at.get, end.get),
      ),
      ...from.increase(i32.shl(third.get, i32.const(1))),
    ];
    const work = groups(others, SUMS, [
      ...joined,
      ...sums.set(end.get),
      ...ends.set(lists.get),
      ...at.set(firstList(lists.get, count.get)),
      ...rest.set(count.get),
      ...outAt.set(out.get),
      ...biasAt.set(bias.get),
      ...groups(rest, LISTS, [
        ...Array.from({ length: LISTS }, (_, i) => [
          ...ends.increase(i32.const(4)),
          ...end.set(i32.load(ends.get, 0)),
          ...call(numbers.few, at.get, end.get, part.get, i32.add(sums.get, i32.const(SUMS_BYTES * i))),
          ...at.set(end.get),
        ]).flat(),
        ...to.set(outAt.get),
        ...toBias.set(biasAt.get),
        ...end.set(i32.add(sums.get, i32.const(SUMS_BYTES))),
        ...repeatWhile(
          [
            ...call(
              numbers.turn,
              sums.get,
              isTurned.get,
              to.get,
              outStep.get,
              toBias.get,
              adds.get,
              clamps.get,
            ),
            ...to.increase(step.get),
            ...toBias.increase(biasStep.get),
            ...sums.increase(vector),
          ],
          i32.ne(sums.get, end.get),
        ),
        ...sums.increase(i32.const(-SUMS_BYTES)),
        ...outAt.increase(listStep.get),
        ...biasAt.increase(biasListStep.get),
      ]),
      ...out.increase(times4(step.get)),
      ...when(bias.get, bias.increase(times4(biasStep.get))),
    ]);
    return [
      ...i32.store(done.get, 0, zero),
      ...i32.store(done.get, 4, zero),
      ...listed,
      ...sides,
      ...when(has(lists), [
        ...finite,
        ...when(i32.eqz(v128.anyTrue(f32x4.ne(seen.get, seen.get))), [
          ...i32.store(
            i32.add(done.get, i32.shl(isTurned.get, i32.const(2))),
            0,
            i32.and(others.get, i32.const(-SUMS)),
          ),
          ...work,
        ]),
      ]),
    ];
  },
);

/** The functions of the module. */
export const sparseFunctions: Readonly<Record<string, WasmFunction>> = { few, turn, list, sparse };

/** @file What is summed (or else folded) of each column of matrices whose rows lie one after the other. */
import { type Code, i32, type Local, repeatWhile, type, v128, when, whileTrue } from "./code.ts";
import { define, type WasmFunction } from "./module.ts";

/** What {@link foldColumns} makes a function of. */
export interface ColumnFold {
  /** How many matrices are read; all have the same shape. */
  readonly matrices: number;
  /** How many vectors with one number for each column. @defaultValue 0 */
  readonly vectors?: number;
  readonly results: number;
  /** What the results are of no rows, four times. */
  readonly neutral: Code;
  readonly join: (a: Code, b: Code) => Code;
  /** The terms of a row for each result, of four columns. */
  readonly terms: (x: readonly Local[], vectors: readonly Local[]) => readonly Code[];
  /** How many columns of vectors are computed at a time. @defaultValue 4 */
  readonly wide?: number;
}

/**
 * A function `(…matrices, …vectors, …results, rows, columns, adds)`. `rows` is at least 1. `adds`
 * tells whether the results are joined to what is there.
 */
export function foldColumns({
  matrices,
  vectors = 0,
  results,
  neutral,
  join,
  terms,
  wide = 4,
}: ColumnFold): WasmFunction {
  const addresses = matrices + vectors + results;
  return define(Array<typeof type.i32>(addresses + 3).fill(type.i32), (parameters, locals) => {
    const make = (of: typeof type.i32 | typeof type.v128, length: number): Local[] =>
      Array.from({ length }, () => locals.make(of));
    const from = parameters.slice(0, matrices);
    const each = parameters.slice(matrices, matrices + vectors);
    const to = parameters.slice(matrices + vectors, addresses);
    const [rows, columns, adds] = parameters.slice(addresses) as [Local, Local, Local];
    const [stride, end] = make(type.i32, 2) as [Local, Local];
    const cursors = make(type.i32, matrices);
    const x = make(type.v128, matrices);
    const known = Array.from({ length: wide }, () => make(type.v128, vectors));
    const sums = Array.from({ length: wide }, () => make(type.v128, results));

    /** So many vectors of columns, or (of 0) one column. */
    const tile = (vectorsWide: number): Code => {
      const isOne = vectorsWide === 0;
      const load = (at: Local, i: number): Code =>
        isOne ? v128.loadSplat(at.get, 0) : v128.load(at.get, 16 * i);
      const store = (at: Local, i: number, value: Code): Code =>
        isOne ? v128.storeOne(at.get, 0, value) : v128.store(at.get, 16 * i, value);
      const tiles = Array.from({ length: Math.max(vectorsWide, 1) }, (_, i) => i);
      const bytes = isOne ? 4 : 16 * vectorsWide;
      return [
        ...tiles.flatMap((i) => [
          ...sums[i]!.flatMap((sum) => sum.set(neutral)),
          ...known[i]!.flatMap((local, v) => local.set(load(each[v]!, i))),
        ]),
        ...cursors.flatMap((cursor, m) => cursor.set(from[m]!.get)),
        ...end.set(i32.add(from[0]!.get, i32.mul(rows.get, stride.get))),
        ...repeatWhile(
          [
            ...tiles.flatMap((i) => [
              ...x.flatMap((local, m) => local.set(load(cursors[m]!, i))),
              ...terms(x, known[i]!).flatMap((term, r) => {
                const sum = sums[i]![r]!;
                return sum.set(join(sum.get, term));
              }),
            ]),
            ...cursors.flatMap((cursor) => cursor.increase(stride.get)),
          ],
          i32.ne(cursors[0]!.get, end.get),
        ),
        ...when(
          adds.get,
          tiles.flatMap((i) => sums[i]!.flatMap((sum, r) => sum.set(join(load(to[r]!, i), sum.get)))),
        ),
        ...tiles.flatMap((i) => sums[i]!.flatMap((sum, r) => store(to[r]!, i, sum.get))),
        ...[...from, ...each, ...to].flatMap((address) => address.increase(i32.const(bytes))),
        ...columns.increase(i32.const(-bytes / 4)),
      ];
    };
    return [
      ...stride.set(i32.shl(columns.get, i32.const(2))),
      ...whileTrue(i32.geU(columns.get, i32.const(4 * wide)), tile(wide)),
      ...(wide > 1 ? whileTrue(i32.geU(columns.get, i32.const(4)), tile(1)) : []),
      ...whileTrue(columns.get, tile(0)),
    ];
  });
}

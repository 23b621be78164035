/** @file What kernels do with sums of products that registers hold. */
import { type Code, f32x4, i32, type Local, type Locals, type, v128, when } from "../wasm-emitter/code.ts";

/**
 * Stores what becomes of sums.
 * @param places - Where each row begins.
 * @param outStep - As it was given.
 */
export type Store = (sums: readonly (readonly Local[])[], places: readonly Local[], outStep: Local) => Code;

const storeAll: Store = (sums, places) =>
  sums.flatMap((row, r) => row.flatMap((sum, v) => v128.store(places[r]!.get, 16 * v, sum.get)));

/**
 * Stores sums, each of which holds four columns of a row.
 * @param to - `(out, outStep, bias, adds, clamps)`
 * - out: the address of the first row; the others are `outStep` bytes apart.
 * - bias: the address of a number to add for each column, or 0.
 * - adds: whether the sums are added to what `out` has.
 * - clamps: 1 for a lower bound of 0, 2 for an upper bound of 6, too. NaN stays NaN.
 * @param free - A vector that nobody needs any more.
 */
export function storeSums(
  sums: readonly (readonly Local[])[],
  to: readonly [out: Local, outStep: Local, bias: Local, adds: Local, clamps: Local],
  free: Local,
  locals: Locals,
  store: Store = storeAll,
): Code {
  const [out, outStep, bias, adds, clamps] = to;
  const places = [out, ...sums.slice(1).map(() => locals.make(type.i32))];
  const each = (code: (sum: Local, row: number, vector: number) => Code): Code =>
    sums.flatMap((row, r) => row.flatMap((sum, v) => code(sum, r, v)));
  const bounded = (bound: (sum: Code, by: Code) => Code, by: number): Code => [
    ...free.set(f32x4.const(by)),
    ...each((sum) => sum.set(bound(sum.get, free.get))),
  ];
  return [
    ...places.slice(1).flatMap((place, r) => place.set(i32.add(places[r]!.get, outStep.get))),
    ...when(
      adds.get,
      each((sum, r, v) => sum.set(f32x4.add(v128.load(places[r]!.get, 16 * v), sum.get))),
    ),
    ...when(
      bias.get,
      each((sum, _, v) => sum.set(f32x4.add(sum.get, v128.load(bias.get, 16 * v)))),
    ),
    ...when(clamps.get, bounded(f32x4.max, 0)),
    ...when(i32.eq(clamps.get, i32.const(2)), bounded(f32x4.min, 6)),
    ...store(sums, places, outStep),
  ];
}

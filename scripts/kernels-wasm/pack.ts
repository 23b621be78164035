/**
 * @file Copies a matrix into panels: `width` rows side by side, one column after the other, so that
 * a product reads its operands from one end to the other, however they are stored.
 */
import { type Code, f32, i32, type Local, type, v128, when, whileTrue } from "../wasm-emitter/code.ts";
import { define, type WasmFunction } from "../wasm-emitter/module.ts";

/** The four vectors with the lanes of these four as rows instead of columns. */
export function transposed(
  [a, b, c, d]: readonly Local[],
  make: () => Local,
): { code: Code; rows: readonly Code[] } {
  const [low, high, low2, high2] = [make(), make(), make(), make()];
  const code = [
    ...low.set(v128.shuffle(a!.get, b!.get, [0, 4, 1, 5])),
    ...high.set(v128.shuffle(a!.get, b!.get, [2, 6, 3, 7])),
    ...low2.set(v128.shuffle(c!.get, d!.get, [0, 4, 1, 5])),
    ...high2.set(v128.shuffle(c!.get, d!.get, [2, 6, 3, 7])),
  ];
  const rows = [
    v128.shuffle(low.get, low2.get, [0, 1, 4, 5]),
    v128.shuffle(low.get, low2.get, [2, 3, 6, 7]),
    v128.shuffle(high.get, high2.get, [0, 1, 4, 5]),
    v128.shuffle(high.get, high2.get, [2, 3, 6, 7]),
  ];
  return { code, rows };
}

/**
 * A function `(from, to, count, length, step, along)`. Element l of row r is read at
 * `from + r * step + l * along` and written at
 * `to + 4 * (floor(r / width) * width * length + l * width + r % width)`. Rows that the last panel
 * lacks are zeros. `length` is at least 1; steps are in bytes.
 */
export const pack = (width: 4 | 8): WasmFunction =>
  define([type.i32, type.i32, type.i32, type.i32, type.i32, type.i32], (parameters, locals) => {
    const [from, to, count, length, step, along] = parameters as [Local, Local, Local, Local, Local, Local];
    const make = (): Local => locals.make(type.i32);
    const [at, target, end, row, base, place] = [make(), make(), make(), make(), make(), make()];
    const vectors = Array.from({ length: 4 }, () => locals.make(type.v128));
    const wide = 4 * width;
    const bytes = i32.mul(length.get, i32.const(wide));

    /** The rows are neighbours in memory: whole vectors are copied. */
    const copied: Code = [
      ...at.set(from.get),
      ...target.set(to.get),
      ...end.set(i32.add(to.get, bytes)),
      ...whileTrue(i32.ltU(target.get, end.get), [
        ...Array.from({ length: width / 4 }, (_, i) =>
          v128.store(target.get, 16 * i, v128.load(at.get, 16 * i)),
        ).flat(),
        ...at.increase(along.get),
        ...target.increase(i32.const(wide)),
      ]),
    ];

    /** Rows one by one, zeros where there is none. */
    const scattered: Code = [
      ...row.set(i32.const(0)),
      ...whileTrue(i32.ltU(row.get, i32.const(width)), [
        ...at.set(i32.add(from.get, i32.mul(row.get, step.get))),
        ...target.set(i32.add(to.get, i32.shl(row.get, i32.const(2)))),
        ...end.set(i32.add(target.get, bytes)),
        ...when(
          i32.ltU(row.get, count.get),
          whileTrue(i32.ltU(target.get, end.get), [
            ...i32.store(target.get, 0, i32.load(at.get, 0)),
            ...at.increase(along.get),
            ...target.increase(i32.const(wide)),
          ]),
          whileTrue(i32.ltU(target.get, end.get), [
            ...f32.store(target.get, 0, f32.const(0)),
            ...target.increase(i32.const(wide)),
          ]),
        ),
        ...row.increase(i32.const(1)),
      ]),
    ];

    /** The elements of a row are neighbours: blocks of 4 × 4 are transposed. */
    const rows = Array.from({ length: 4 }, make);
    const block = transposed(vectors, () => locals.make(type.v128));
    const turned: Code = [
      ...base.set(from.get),
      ...place.set(to.get),
      ...row.set(i32.const(0)),
      ...whileTrue(i32.ltU(row.get, i32.const(width)), [
        ...rows.flatMap((local, i) => local.set(i === 0 ? base.get : i32.add(rows[i - 1]!.get, step.get))),
        ...base.set(i32.add(rows[3]!.get, step.get)),
        ...target.set(place.get),
        ...end.set(i32.add(place.get, i32.mul(i32.and(length.get, i32.const(-4)), i32.const(wide)))),
        ...whileTrue(i32.ltU(target.get, end.get), [
          ...vectors.flatMap((local, i) => local.set(v128.load(rows[i]!.get, 0))),
          ...block.code,
          ...block.rows.flatMap((value, i) => v128.store(target.get, i * wide, value)),
          ...rows.flatMap((local) => local.increase(i32.const(16))),
          ...target.increase(i32.const(4 * wide)),
        ]),
        ...end.set(i32.add(place.get, bytes)),
        ...whileTrue(i32.ltU(target.get, end.get), [
          ...rows.flatMap((local, i) => i32.store(target.get, 4 * i, i32.load(local.get, 0))),
          ...rows.flatMap((local) => local.increase(i32.const(4))),
          ...target.increase(i32.const(wide)),
        ]),
        ...place.increase(i32.const(16)),
        ...row.increase(i32.const(4)),
      ]),
    ];

    const is4 = (steps: Local): Code => i32.eq(steps.get, i32.const(4));
    return [
      ...whileTrue(i32.geU(count.get, i32.const(width)), [
        ...when(is4(step), copied, when(is4(along), turned, scattered)),
        ...from.increase(i32.mul(step.get, i32.const(width))),
        ...to.increase(bytes),
        ...count.set(i32.sub(count.get, i32.const(width))),
      ]),
      ...when(count.get, scattered),
    ];
  });

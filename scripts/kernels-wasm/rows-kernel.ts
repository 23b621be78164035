/** @file Takes rows of a table by their numbers, and adds rows to those of a table. */
import {
  type Code,
  f32,
  f32x4,
  i32,
  i32x4,
  type Local,
  type Locals,
  type as types,
  v128,
  when,
  whileTrue,
} from "../wasm-emitter/code.ts";
import { define, type WasmFunction } from "../wasm-emitter/module.ts";

/** What is done with 16 bytes, or with one word. */
type Step = (to: Code, from: Code) => Code;
interface Steps {
  readonly vector: Step;
  readonly word: Step;
}

const copy: Steps = {
  vector: (to, from) => v128.store(to, 0, v128.load(from, 0)),
  word: (to, from) => i32.store(to, 0, i32.load(from, 0)),
};
const add: Steps = {
  vector: (to, from) => v128.store(to, 0, f32x4.add(v128.load(to, 0), v128.load(from, 0))),
  word: (to, from) => f32.store(to, 0, f32.add(f32.load(to, 0), f32.load(from, 0))),
};
const fillWith = (word: Code): Steps => ({
  vector: (to) => v128.store(to, 0, i32x4.splat(word)),
  word: (to) => i32.store(to, 0, word),
});

/** Goes along `words` words by vectors, and then word by word. Both addresses move to the end. */
function along(words: Code, to: Local, from: Local, end: Local, { vector, word }: Steps): Code {
  const advance = (bytes: number): Code => [
    ...to.increase(i32.const(bytes)),
    ...from.increase(i32.const(bytes)),
  ];
  return [
    ...end.set(i32.add(to.get, i32.shl(i32.and(words, i32.const(-4)), i32.const(2)))),
    ...whileTrue(i32.ltU(to.get, end.get), [...vector(to.get, from.get), ...advance(16)]),
    ...end.increase(i32.shl(i32.and(words, i32.const(3)), i32.const(2))),
    ...whileTrue(i32.ltU(to.get, end.get), [...word(to.get, from.get), ...advance(4)]),
  ];
}

/**
 * A function `(a, numbers, b, count, words, rows, wrap, rest)`. `wrap` is added to negative numbers.
 * @param run - Gets the address of row `id`, counted from `table`, for numbers from 0 to `rows`.
 */
const byNumber = (
  run: (
    given: {
      readonly a: Local;
      readonly b: Local;
      readonly words: Code;
      readonly rows: Local;
      readonly rest: Code;
    },
    at: { readonly row: Code; readonly x: Local; readonly y: Local; readonly end: Local },
  ) => { readonly first?: Code; readonly known: Code; readonly unknown: Code },
): WasmFunction =>
  define(Array<typeof types.i32>(8).fill(types.i32), (parameters: readonly Local[], locals: Locals) => {
    const [a, numbers, b, count, words, rows, wrap, rest] = parameters as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const [id, x, y, end] = [0, 1, 2, 3].map(() => locals.make(types.i32)) as [Local, Local, Local, Local];
    const row = i32.shl(i32.mul(id.get, words.get), i32.const(2));
    const {
      first = [],
      known,
      unknown,
    } = run({ a, b, words: words.get, rows, rest: rest.get }, { row, x, y, end });
    return [
      ...first,
      ...whileTrue(i32.gtS(count.get, i32.const(0)), [
        ...id.set(i32.load(numbers.get, 0)),
        ...when(i32.ltS(id.get, i32.const(0)), id.increase(wrap.get)),
        ...when(i32.ltU(id.get, rows.get), known, unknown),
        ...numbers.increase(i32.const(4)),
        ...count.increase(i32.const(-1)),
      ]),
    ];
  });

/** The functions of the module. */
export const rowsFunctions: Readonly<Record<string, WasmFunction>> = {
  // Copies rows of `a` to `b`, one after another; the word `rest` instead of a row that is not there.
  take: byNumber(({ a, b, words, rest }, { row, x, end }) => ({
    known: [...x.set(i32.add(a.get, row)), ...along(words, b, x, end, copy)],
    unknown: along(words, b, x, end, fillWith(rest)),
  })),
  // Fills `b` with zeros, and adds the rows of `a` to it, one after another.
  add: byNumber(({ a, b, words, rows }, { row, x, y, end }) => ({
    first: [...y.set(b.get), ...along(i32.mul(rows.get, words), y, x, end, fillWith(i32.const(0)))],
    known: [...y.set(i32.add(b.get, row)), ...along(words, y, a, end, add)],
    unknown: a.increase(i32.shl(words, i32.const(2))),
  })),
};

/** @file Copies of planes: rows of elements, with any steps in what is read and what is written. */
import {
  type Code,
  i32,
  type Local,
  type Locals,
  type as types,
  v128,
  when,
  whileTrue,
} from "../wasm-emitter/code.ts";
import { define, type WasmFunction } from "../wasm-emitter/module.ts";

/** Loads and stores of one element. */
interface Width {
  readonly bytes: 1 | 4;
  readonly copy: (to: Code, from: Code) => Code;
}

const widths = {
  copy4: { bytes: 4, copy: (to, from) => i32.store(to, 0, i32.load(from, 0)) },
  copy1: { bytes: 1, copy: (to, from) => i32.store8(to, 0, i32.load8U(from, 0)) },
} satisfies Record<string, Width>;

/** Runs the body `count` times, for count from 1 on. It changes `left`. */
const times = (left: Local, count: Code, body: Code): Code => [
  ...left.set(count),
  ...whileTrue(i32.gtS(left.get, i32.const(0)), [...body, ...left.increase(i32.const(-1))]),
];

/** 4 × 4 elements: the rows of what is read become the columns of what is written. */
function turnSquare(from: Code, fromStep: Code, to: Code, toStep: Code, locals: Locals): Code {
  const rows = Array.from({ length: 4 }, () => locals.make(types.v128));
  const halves = Array.from({ length: 4 }, () => locals.make(types.v128));
  const [a, b, c, d] = rows.map((row) => row.get) as [Code, Code, Code, Code];
  const [p, q, r, s] = halves.map((half) => half.get) as [Code, Code, Code, Code];
  const at = (start: Code, step: Code, i: number): Code => i32.add(start, i32.mul(step, i32.const(i)));
  const columns = [
    v128.shuffle(p, q, [0, 1, 4, 5]),
    v128.shuffle(p, q, [2, 3, 6, 7]),
    v128.shuffle(r, s, [0, 1, 4, 5]),
    v128.shuffle(r, s, [2, 3, 6, 7]),
  ];
  return [
    ...rows.flatMap((row, i) => row.set(v128.load(at(from, fromStep, i), 0))),
    ...halves[0]!.set(v128.shuffle(a, b, [0, 4, 1, 5])),
    ...halves[1]!.set(v128.shuffle(c, d, [0, 4, 1, 5])),
    ...halves[2]!.set(v128.shuffle(a, b, [2, 6, 3, 7])),
    ...halves[3]!.set(v128.shuffle(c, d, [2, 6, 3, 7])),
    ...columns.flatMap((column, i) => v128.store(at(to, toStep, i), 0, column)),
  ];
}

/**
 * A function `(from, to, rows, fromRow, toRow, size, fromStep, toStep)`; steps are in bytes. Runs
 * are copied by 16 bytes. Words that lie across are transposed by squares of 4 × 4.
 */
const copyOf = ({ bytes, copy }: Width): WasmFunction =>
  define(Array<typeof types.i32>(8).fill(types.i32), (parameters, locals) => {
    const [from, to, rows, fromRow, toRow, size, fromStep, toStep] = parameters as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const [a, b, end, left, row] = Array.from({ length: 5 }, () => locals.make(types.i32)) as [
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const isRun = i32.and(i32.eq(fromStep.get, i32.const(bytes)), i32.eq(toStep.get, i32.const(bytes)));
    const run: Code = [
      ...end.set(i32.add(a.get, i32.and(i32.mul(size.get, i32.const(bytes)), i32.const(-16)))),
      ...whileTrue(i32.ltU(a.get, end.get), [
        ...v128.store(b.get, 0, v128.load(a.get, 0)),
        ...a.increase(i32.const(16)),
        ...b.increase(i32.const(16)),
      ]),
      ...left.set(i32.and(size.get, i32.const(16 / bytes - 1))),
    ];
    const single: Code = whileTrue(i32.gtS(left.get, i32.const(0)), [
      ...copy(b.get, a.get),
      ...a.increase(fromStep.get),
      ...b.increase(toStep.get),
      ...left.increase(i32.const(-1)),
    ]);
    const splat = locals.make(types.v128);
    const repeated: Code = [
      ...splat.set(v128.loadSplat(a.get, 0)),
      ...end.set(i32.add(b.get, i32.and(i32.shl(size.get, i32.const(2)), i32.const(-16)))),
      ...whileTrue(i32.ltU(b.get, end.get), [
        ...v128.store(b.get, 0, splat.get),
        ...b.increase(i32.const(16)),
      ]),
      ...left.set(i32.and(size.get, i32.const(3))),
    ];
    const isRepeated = i32.and(i32.eqz(fromStep.get), i32.eq(toStep.get, i32.const(bytes)));
    const rowByRow: Code = times(row, rows.get, [
      ...a.set(from.get),
      ...b.set(to.get),
      ...left.set(size.get),
      ...when(isRun, run, bytes === 4 ? when(isRepeated, repeated) : undefined),
      ...single,
      ...from.increase(fromRow.get),
      ...to.increase(toRow.get),
    ]);
    if (bytes === 1) return rowByRow;
    // Four rows at a time, and four elements of each. The rest of four rows goes one by one; the
    // rows after the last four go row by row.
    const square = turnSquare(a.get, fromStep.get, b.get, toRow.get, locals);
    const [c, d, rest] = [locals.make(types.i32), locals.make(types.i32), locals.make(types.i32)];
    const byFour: Code = whileTrue(i32.gtS(rows.get, i32.const(3)), [
      ...a.set(from.get),
      ...b.set(to.get),
      ...times(left, i32.shrU(size.get, i32.const(2)), [
        ...square,
        ...a.increase(i32.shl(fromStep.get, i32.const(2))),
        ...b.increase(i32.const(16)),
      ]),
      ...times(left, i32.and(size.get, i32.const(3)), [
        ...c.set(a.get),
        ...d.set(b.get),
        ...times(rest, i32.const(4), [
          ...copy(d.get, c.get),
          ...c.increase(fromRow.get),
          ...d.increase(toRow.get),
        ]),
        ...a.increase(fromStep.get),
        ...b.increase(toStep.get),
      ]),
      ...from.increase(i32.const(16)),
      ...to.increase(i32.shl(toRow.get, i32.const(2))),
      ...rows.increase(i32.const(-4)),
    ]);
    const isTurned = i32.and(i32.eq(fromRow.get, i32.const(4)), i32.eq(toStep.get, i32.const(4)));
    return [...when(isTurned, byFour), ...rowByRow];
  });

/** The functions of the module. */
export const moveFunctions: Readonly<Record<string, WasmFunction>> = Object.fromEntries(
  Object.entries(widths).map(([name, width]) => [name, copyOf(width)]),
);

/** @file Sums, products and extrema along an axis that is the last, the first, or between others. */
import {
  call,
  type Code,
  f32,
  f32x4,
  f64,
  i32,
  type Local,
  type,
  v128,
  when,
  whileTrue,
} from "../wasm-emitter/code.ts";
import { foldColumns } from "../wasm-emitter/columns.ts";
import { elementwise } from "../wasm-emitter/elementwise.ts";
import { define, type WasmFunction } from "../wasm-emitter/module.ts";
import { joined, Sums, walk } from "../wasm-emitter/rows.ts";

/** How elements are joined, and what none are. */
interface Join {
  readonly join: (a: Code, b: Code) => Code;
  readonly neutral: number;
}

const maximum: Join = { join: f32x4.max, neutral: Number.NEGATIVE_INFINITY };
const minimum: Join = { join: f32x4.min, neutral: Number.POSITIVE_INFINITY };
const product: Join = { join: f32x4.mul, neutral: 1 };
const sum: Join = { join: f32x4.add, neutral: 0 };

/** A function `(x, out, rows, length, divisor)`: the sum of each row, divided by a number. */
const sumRows: WasmFunction = define(
  [type.i32, type.i32, type.i32, type.i32, type.f32],
  (parameters, locals) => {
    const [x, out, rows, length, divisor] = parameters as [Local, Local, Local, Local, Local];
    const sums = new Sums(locals, 1, 4);
    return whileTrue(rows.get, [
      ...sums.over([x], length.get, (step) => ({ terms: [step.load(x)] })),
      ...f32.store(out.get, 0, f32.fromF64(f64.div(sums.totals[0]!.get, f64.fromF32(divisor.get)))),
      ...out.increase(i32.const(4)),
      ...rows.increase(i32.const(-1)),
    ]);
  },
);

/** A function `(x, out, rows, length)`: all elements of each row joined. */
const joinRows = ({ join, neutral }: Join): WasmFunction =>
  define([type.i32, type.i32, type.i32, type.i32], (parameters, locals) => {
    const [x, out, rows, length] = parameters as [Local, Local, Local, Local];
    const end = locals.make(type.i32);
    const found = Array.from({ length: 4 }, () => locals.make(type.v128));
    const [first, ...others] = found as [Local, ...Local[]];
    return whileTrue(rows.get, [
      ...found.flatMap((each) => each.set(f32x4.const(neutral))),
      ...walk(
        [x],
        length.get,
        end,
        (step, number) => {
          const each = found[number]!;
          const value = step.load(x);
          // A single element is in all lanes, of which a product takes one.
          const once = v128.bitselect(value, f32x4.const(neutral), v128.const([-1, 0, 0, 0]));
          return each.set(join(each.get, step.isSingle ? once : value));
        },
        4,
      ),
      ...others.flatMap((other) => first.set(join(first.get, other.get))),
      ...joined(first, join),
      ...v128.storeOne(out.get, 0, first.get),
      ...out.increase(i32.const(4)),
      ...rows.increase(i32.const(-1)),
    ]);
  });

/** A function `(x, out, rows, columns, adds)`: see {@link foldColumns}. */
const partOf = ({ join, neutral }: Join): WasmFunction =>
  foldColumns({
    matrices: 1,
    results: 1,
    neutral: f32x4.const(neutral),
    join,
    terms: ([x]) => [x!.get],
  });

/**
 * A function `(x, out, outer, rows, columns, block)`: of each of `outer` matrices, the columns
 * joined, at most `block` rows at a time, so that rounding does not add up.
 */
const joinColumns = (part: number): WasmFunction =>
  define([type.i32, type.i32, type.i32, type.i32, type.i32, type.i32], (parameters, locals) => {
    const [x, out, outer, rows, columns, block] = parameters as [Local, Local, Local, Local, Local, Local];
    const [left, high, adds] = [type.i32, type.i32, type.i32].map((of) => locals.make(of)) as [
      Local,
      Local,
      Local,
    ];
    return whileTrue(outer.get, [
      ...left.set(rows.get),
      ...adds.set(i32.const(0)),
      ...whileTrue(left.get, [
        ...high.set(left.get),
        ...when(i32.gtU(high.get, block.get), high.set(block.get)),
        ...call(part, x.get, out.get, high.get, columns.get, adds.get),
        ...adds.set(i32.const(1)),
        ...x.increase(i32.shl(i32.mul(high.get, columns.get), i32.const(2))),
        ...left.set(i32.sub(left.get, high.get)),
      ]),
      ...out.increase(i32.shl(columns.get, i32.const(2))),
      ...outer.increase(i32.const(-1)),
    ]);
  });

/** The functions of a module. The first is called by the second. */
export const sumFunctions: Readonly<Record<string, WasmFunction>> = {
  part: partOf(sum),
  columns: joinColumns(0),
  rows: sumRows,
  /** `(x, out, length, divisor)` */
  divide: elementwise({
    inputs: 1,
    outputs: 1,
    scalars: 1,
    step: ([x], [divisor]) => ({ results: [f32x4.div(x!.get, divisor!.get)] }),
  }),
};

/** The functions of another module. The first three are called by the three after them. */
export const extremaFunctions: Readonly<Record<string, WasmFunction>> = {
  maxPart: partOf(maximum),
  minPart: partOf(minimum),
  prodPart: partOf(product),
  maxColumns: joinColumns(0),
  minColumns: joinColumns(1),
  prodColumns: joinColumns(2),
  maxRows: joinRows(maximum),
  minRows: joinRows(minimum),
  prodRows: joinRows(product),
};

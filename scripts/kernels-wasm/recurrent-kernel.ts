/** @file Recurrent cells: the product of a step, and what their gates do with it. */
import {
  type Code,
  f32,
  f32x4,
  i32,
  type Local,
  type Locals,
  repeatWhile,
  type,
  v128,
  when,
  whileTrue,
} from "../wasm-emitter/code.ts";
import { define, type WasmFunction } from "../wasm-emitter/module.ts";
import { partsOfRows } from "../wasm-emitter/parts-of-rows.ts";
import { hyperbolicTangent, logistic } from "./gate-math.ts";
import { type MultiplyAdd, plainMultiplyAdd } from "./multiply-add.ts";

const { add, sub, mul } = f32x4;
const ONE = f32x4.const(1);

/** Columns are packed eight by eight; a row of such a panel has this many bytes. */
const PANEL = 32;

const repeated = <T>(of: T, times: number): T[] => Array<T>(times).fill(of);

/**
 * `(from, rowStep, columnStep, to, rows, columns)`: lays panels of eight columns, row by row, one
 * after another. Steps are in bytes, so that a transposed matrix is packed as well.
 */
const pack = define(repeated(type.i32, 6), ([from, rowStep, columnStep, to, rows, columns], locals) => {
  const [row, at, left, lane] = repeated(type.i32, 4).map((of) => locals.make(of));
  return whileTrue(i32.gtS(columns!.get, i32.const(0)), [
    ...row!.set(from!.get),
    ...left!.set(rows!.get),
    ...whileTrue(left!.get, [
      ...at!.set(row!.get),
      ...lane!.set(i32.const(0)),
      ...repeatWhile(
        [
          ...f32.store(i32.add(to!.get, i32.shl(lane!.get, i32.const(2))), 0, f32.load(at!.get, 0)),
          ...at!.increase(columnStep!.get),
          ...lane!.increase(i32.const(1)),
        ],
        i32.and(i32.ltS(lane!.get, i32.const(8)), i32.ltS(lane!.get, columns!.get)),
      ),
      ...row!.increase(rowStep!.get),
      ...to!.increase(i32.const(PANEL)),
      ...left!.increase(i32.const(-1)),
    ]),
    ...from!.increase(i32.shl(columnStep!.get, i32.const(3))),
    ...columns!.increase(i32.const(-8)),
  ]);
});

/** How many columns are computed at a time, and how their values are read and written. */
const widths = [
  { columns: 8, vectors: 2, load: v128.load, store: v128.store },
  { columns: 1, vectors: 1, load: v128.loadOne, store: v128.storeOne },
] as const;

interface Operands {
  readonly a: Local;
  readonly aStep: Local;
  readonly b: Local;
  readonly from: Local;
  readonly fromStep: Local;
  readonly to: Local;
  readonly toStep: Local;
  readonly rows: Local;
  readonly inner: Local;
  readonly columns: Local;
}

/** Computes `count` rows of the product after another, for as long as there are so many. */
function rowsOf(count: number, operands: Operands, locals: Locals, multiplyAdd: MultiplyAdd): Code {
  const { a, aStep, b, from, fromStep, to, toStep, rows, inner, columns } = operands;
  const make = (of: (typeof type)["i32" | "v128"]): Local => locals.make(of);
  const [left, panel, end, bAt] = repeated(type.i32, 4).map(make) as [Local, Local, Local, Local];
  const aAt = repeated(type.i32, count).map(make);
  const fromAt = repeated(type.i32, count).map(make);
  const toAt = repeated(type.i32, count).map(make);
  const factor = make(type.v128);
  const columnsAt = repeated(type.v128, 2).map(make);
  const sums = repeated(0, count).map(() => repeated(type.v128, 2).map(make));
  const startRows = (at: readonly Local[], first: Local, step: Local): Code =>
    at.flatMap((local, i) => local.set(i === 0 ? first.get : i32.add(at[i - 1]!.get, step.get)));

  const block = ({ columns: width, vectors, load, store }: (typeof widths)[number]): Code => {
    const each = (run: (row: number, vector: number) => Code): Code =>
      repeated(0, count).flatMap((_r, row) => repeated(0, vectors).flatMap((_v, vector) => run(row, vector)));
    const used = columnsAt.slice(0, vectors);
    return whileTrue(i32.geS(left.get, i32.const(width)), [
      ...when(
        from.get,
        each((row, vector) => sums[row]![vector]!.set(load(fromAt[row]!.get, 16 * vector))),
        each((row, vector) => sums[row]![vector]!.set(f32x4.const(0))),
      ),
      ...startRows(aAt, a, aStep),
      ...end.set(i32.add(a.get, i32.shl(inner.get, i32.const(2)))),
      ...bAt.set(panel.get),
      ...whileTrue(i32.ltU(aAt[0]!.get, end.get), [
        ...used.flatMap((local, vector) => local.set(load(bAt.get, 16 * vector))),
        ...bAt.increase(i32.const(PANEL)),
        ...aAt.flatMap((at, row) => [
          ...factor.set(v128.loadSplat(at.get, 0)),
          ...used.flatMap((column, vector) =>
            sums[row]![vector]!.set(multiplyAdd(factor.get, column.get, sums[row]![vector]!.get)),
          ),
          ...at.increase(i32.const(4)),
        ]),
      ]),
      ...each((row, vector) => store(toAt[row]!.get, 16 * vector, sums[row]![vector]!.get)),
      ...[...fromAt, ...toAt].flatMap((at) => at.increase(i32.const(4 * width))),
      ...left.increase(i32.const(-width)),
      ...panel.increase(width === 8 ? i32.mul(inner.get, i32.const(PANEL)) : i32.const(4 * width)),
    ]);
  };

  return whileTrue(i32.geS(rows.get, i32.const(count)), [
    ...left.set(columns.get),
    ...panel.set(b.get),
    ...startRows(fromAt, from, fromStep),
    ...startRows(toAt, to, toStep),
    ...widths.flatMap(block),
    ...a.increase(i32.mul(aStep.get, i32.const(count))),
    ...when(from.get, from.increase(i32.mul(fromStep.get, i32.const(count)))),
    ...to.increase(i32.mul(toStep.get, i32.const(count))),
    ...rows.increase(i32.const(-count)),
  ]);
}

/**
 * `(a, aStep, b, from, fromStep, to, toStep, rows, inner, columns)`: `to = from + a @ b` with a
 * packed b; without `from` (an address of 0) `to = a @ b`. `to` may be `from`. Steps are in bytes
 * from row to row.
 */
const product = (multiplyAdd: MultiplyAdd): WasmFunction =>
  define(repeated(type.i32, 10), (parameters, locals) => {
    const [a, aStep, b, from, fromStep, to, toStep, rows, inner, columns] = parameters as Local[];
    const operands = { a, aStep, b, from, fromStep, to, toStep, rows, inner, columns } as unknown as Operands;
    return [4, 1].flatMap((count) => rowsOf(count, operands, locals, multiplyAdd));
  });

const unary = (f: typeof logistic): WasmFunction =>
  partsOfRows({
    inputs: 1,
    outputs: 1,
    step: ([x], _scalars, make) => {
      const { code, result } = f(x!, make);
      return { code, results: [result] };
    },
  });

/** A function of arrays whose results are expressions of their elements. */
const expression = (
  inputs: number,
  outputs: number,
  results: (x: readonly Code[], once: (value: Code) => Code) => readonly Code[],
): WasmFunction =>
  partsOfRows({
    inputs,
    outputs,
    step: (x, _scalars, make) => {
      const code: number[] = [];
      const once = (value: Code): Code => {
        const local = make();
        code.push(...local.set(value));
        return local.get;
      };
      const values = results(
        x.map(({ get }) => get),
        once,
      );
      return { code, results: values };
    },
  });

/** The derivative of the logistic function from its value, and that of tanh. */
const slopeOfLogistic = (y: Code): Code => mul(y, sub(ONE, y));
const slopeOfTanh = (y: Code): Code => sub(ONE, mul(y, y));

/** The product of a step. */
export const stepFunctions: Readonly<Record<string, WasmFunction>> = {
  pack,
  product: product(plainMultiplyAdd),
};

/** The same by relaxed SIMD. */
export const relaxedStepFunctions: Readonly<Record<string, WasmFunction>> = {
  product: product(f32x4.relaxedMultiplyAdd),
};

/** What gates do. The functions take parts of rows, as `partsOfRows` has them. */
export const gateFunctions: Readonly<Record<string, WasmFunction>> = {
  logistic: unary(logistic),
  tanh: unary(hyperbolicTangent),
  add: expression(2, 1, (x) => [add(x[0]!, x[1]!)]),
  mul: expression(2, 1, (x) => [mul(x[0]!, x[1]!)]),
  /** (f, c, i, g, memory) */
  memory: expression(4, 1, ([f, c, i, g]) => [add(mul(f!, c!), mul(i!, g!))]),
  /** (x, r, h, sum): what the candidate is the tanh of. */
  candidate: expression(3, 1, ([x, r, h]) => [add(x!, mul(r!, h!))]),
  /** (z, n, h, h') */
  mix: expression(3, 1, ([z, n, h]) => [add(mul(sub(ONE, z!), n!), mul(z!, h!))]),
};

/** The gradients of gates. Modules of more than 4096 bytes are not compiled at once in some browsers. */
export const gateGradientFunctions: Readonly<Record<string, WasmFunction>> = {
  /** (i, f, g, o, tanh of the memory, memory before, dh, dh', dc, dc', di, df, dg, do, dc') */
  lstmBack: expression(10, 5, ([i, f, g, o, t, c, dh1, dh2, dc1, dc2], once) => {
    const dh = once(add(dh1!, dh2!));
    const dc = once(add(add(dc1!, dc2!), mul(mul(dh, o!), slopeOfTanh(t!))));
    return [
      mul(mul(dc, g!), slopeOfLogistic(i!)),
      mul(mul(dc, c!), slopeOfLogistic(f!)),
      mul(mul(dc, i!), slopeOfTanh(g!)),
      mul(mul(dh, t!), slopeOfLogistic(o!)),
      mul(dc, f!),
    ];
  }),
  /** (r, z, n, product of n, h before, dh, dh', dx of r, z, n, dproduct of r, z, n, dh') */
  gruBack: expression(7, 7, ([r, z, n, p, h, dh1, dh2], once) => {
    const dh = once(add(dh1!, dh2!));
    const dn = once(mul(mul(dh, sub(ONE, z!)), slopeOfTanh(n!)));
    const dr = once(mul(mul(dn, p!), slopeOfLogistic(r!)));
    const dz = once(mul(mul(dh, sub(h!, n!)), slopeOfLogistic(z!)));
    return [dr, dz, dn, dr, dz, mul(dn, r!), mul(dh, z!)];
  }),
  /** (h, dh, dh', dx, dh') */
  simpleBack: expression(3, 2, ([h, dh1, dh2], once) => {
    const dx = once(mul(add(dh1!, dh2!), slopeOfTanh(h!)));
    return [dx, dx];
  }),
};

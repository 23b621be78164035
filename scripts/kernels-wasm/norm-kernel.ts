/** @file Normalisation by mean and variance, and its gradient: of rows, and of groups of columns. */
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
import { splatOf, Sums, walk } from "../wasm-emitter/rows.ts";

const integers = (count: number): (typeof type.i32)[] => Array<typeof type.i32>(count).fill(type.i32);
const { add, sub, mul, div, sqrt, max } = f32x4;
type Many = readonly [
  Local,
  Local,
  Local,
  Local,
  Local,
  Local,
  Local,
  Local,
  Local,
  Local,
  Local,
  Local,
  Local,
];

const numbers = { moments: 0 };

/** Where `moments` leaves what it knows of a row: float64, in bytes from `known` on. */
const at = { mean: 0, variance: 8, inverse: 16 };

/** 1 / √(variance + ε), in float64. */
const inverseOf = (variance: Code, epsilon: Local): Code =>
  f64.div(f64.const(1), f64.sqrt(f64.add(variance, f64.fromF32(epsilon.get))));

/**
 * A function `(x, known, length, usesMean, isFast, ε)` for one row: mean, variance and
 * 1 / √(variance + ε). Without a mean it is 0; `isFast` takes the variance from the sum of squares,
 * in the same pass.
 */
const moments: WasmFunction = define([...integers(5), type.f32], (parameters, locals) => {
  const [x, known, length, usesMean, isFast, epsilon] = parameters as unknown as Many;
  const cursor = locals.make(type.i32);
  const [value, centre] = [locals.make(type.v128), locals.make(type.v128)];
  const [average, square] = [locals.make(type.f64), locals.make(type.f64)];
  const both = new Sums(locals, 2, 4);
  const squares = new Sums(locals, 1, 2);
  const count = f64.fromI32U(length.get);
  return [
    ...cursor.set(x.get),
    ...both.over([cursor], length.get, (step) => ({
      code: value.set(step.load(cursor)),
      terms: [value.get, mul(value.get, value.get)],
    })),
    ...when(usesMean.get, average.set(f64.div(both.totals[0]!.get, count))),
    ...square.set(f64.mul(average.get, average.get)),
    // Where float32 cannot hold the square of the mean, it holds no variance: ∞ - ∞ is NaN.
    ...square.set(f64.add(square.get, f64.mul(f64.fromF32(f32.fromF64(square.get)), f64.const(0)))),
    ...square.set(f64.max(f64.sub(f64.div(both.totals[1]!.get, count), square.get), f64.const(0))),
    ...when(i32.eqz(i32.or(isFast.get, i32.eqz(usesMean.get))), [
      ...centre.set(splatOf(average.get)),
      ...cursor.set(x.get),
      ...squares.over([cursor], length.get, (step) => ({
        code: value.set(sub(step.load(cursor), centre.get)),
        terms: [mul(value.get, value.get)],
      })),
      ...square.set(f64.div(squares.totals[0]!.get, count)),
    ]),
    ...f64.store(known.get, at.mean, average.get),
    ...f64.store(known.get, at.variance, square.get),
    ...f64.store(known.get, at.inverse, inverseOf(square.get, epsilon)),
  ];
});

/** Scale and bias of the next row: those of the first after `period` rows. */
interface Period {
  readonly begin: Code;
  readonly next: Code;
}

function periodic(
  addresses: readonly Local[],
  cursors: readonly Local[],
  left: Local,
  period: Local,
  bytes: Code,
): Period {
  const begin = [...left.set(period.get), ...cursors.flatMap((cursor, i) => cursor.set(addresses[i]!.get))];
  const next = [
    ...left.increase(i32.const(-1)),
    ...cursors.flatMap((cursor) => cursor.increase(bytes)),
    ...when(i32.eqz(left.get), begin),
  ];
  return { begin, next };
}

/**
 * A function `(x, scale, bias, y, mean, variance, known, rows, length, period, usesMean, isFast, ε)`:
 * (x - mean) (scale / √(variance + ε)) + bias. Scale and bias have numbers for `period` rows; `known`
 * are 24 bytes of its own.
 */
const rows: WasmFunction = define([...integers(12), type.f32], (parameters, locals) => {
  const [x, scale, bias, y, mean, variance, known, count, length, period, usesMean, isFast, epsilon] =
    parameters as unknown as Many;
  const [s, b, end, left, from, factor] = integers(6).map((of) => locals.make(of)) as unknown as Many;
  const [centre, inverse] = [locals.make(type.v128), locals.make(type.v128)];
  const vectors = periodic([scale, bias], [factor, from], left, period, i32.shl(length.get, i32.const(2)));
  return [
    ...vectors.begin,
    ...whileTrue(count.get, [
      ...call(numbers.moments, x.get, known.get, length.get, usesMean.get, isFast.get, epsilon.get),
      ...f32.store(mean.get, 0, f32.fromF64(f64.load(known.get, at.mean))),
      ...f32.store(variance.get, 0, f32.fromF64(f64.load(known.get, at.variance))),
      ...centre.set(splatOf(f64.load(known.get, at.mean))),
      ...inverse.set(splatOf(f64.load(known.get, at.inverse))),
      ...s.set(factor.get),
      ...b.set(from.get),
      ...walk([x, s, b, y], length.get, end, (step) =>
        step.store(y, add(mul(sub(step.load(x), centre.get), mul(inverse.get, step.load(s))), step.load(b))),
      ),
      ...mean.increase(i32.const(4)),
      ...variance.increase(i32.const(4)),
      ...vectors.next,
      ...count.increase(i32.const(-1)),
    ]),
  ];
});

/**
 * A function `(x, dy, scale, dx, dScale, dBias, known, rows, length, period, usesMean, isFast, ε)`.
 * It adds to dScale and dBias, which have as many numbers as scale; `known` are 24 bytes of its own.
 */
const rowsBack: WasmFunction = define([...integers(12), type.f32], (parameters, locals) => {
  const [x, dy, scale, dx, dScale, dBias, known, count, length, period, usesMean, isFast, epsilon] =
    parameters as unknown as Many;
  const [s, ds, db, end, left, fromS, fromDs, fromDb, atX, atDy] = integers(10).map((of) =>
    locals.make(of),
  ) as unknown as Many;
  const vectors = Array.from({ length: 7 }, () => locals.make(type.v128));
  const [centre, inverse, g, slope, away, shift, factor] = vectors as unknown as Many;
  const sums = new Sums(locals, 2, 2);
  const period4 = periodic(
    [scale, dScale, dBias],
    [fromS, fromDs, fromDb],
    left,
    period,
    i32.shl(length.get, i32.const(2)),
  );
  const exact = locals.make(type.f64);
  const share = (total: Local): Code => f64.mul(f64.div(total.get, f64.fromI32U(length.get)), exact.get);
  return [
    ...period4.begin,
    ...whileTrue(count.get, [
      ...call(numbers.moments, x.get, known.get, length.get, usesMean.get, isFast.get, epsilon.get),
      ...exact.set(f64.load(known.get, at.inverse)),
      ...centre.set(splatOf(f64.load(known.get, at.mean))),
      ...inverse.set(splatOf(exact.get)),
      ...[s.set(fromS.get), ds.set(fromDs.get), db.set(fromDb.get), atX.set(x.get), atDy.set(dy.get)].flat(),
      ...sums.over([atX, atDy, s, ds, db], length.get, (step) => ({
        code: [
          ...slope.set(step.load(atDy)),
          ...away.set(sub(step.load(atX), centre.get)),
          ...g.set(mul(slope.get, step.load(s))),
          ...step.store(ds, add(step.load(ds), mul(slope.get, mul(away.get, inverse.get)))),
          ...step.store(db, add(step.load(db), slope.get)),
        ],
        terms: [g.get, mul(g.get, away.get)],
      })),
      // The terms below may cancel: shift and factor are rounded once, at the end.
      ...shift.set(f32x4.const(0)),
      ...when(usesMean.get, shift.set(splatOf(share(sums.totals[0]!)))),
      ...factor.set(splatOf(f64.mul(share(sums.totals[1]!), f64.mul(exact.get, exact.get)))),
      ...s.set(fromS.get),
      ...walk([x, dy, s, dx], length.get, end, (step) => {
        const own = mul(mul(step.load(dy), step.load(s)), inverse.get);
        const off = mul(sub(step.load(x), centre.get), factor.get);
        return step.store(dx, sub(sub(own, shift.get), off));
      }),
      ...period4.next,
      ...count.increase(i32.const(-1)),
    ]),
  ];
});

/** Applies a function to each row of matrices, with vectors that have a number for each column. */
const onColumns = (
  matrices: number,
  vectors: number,
  f: (x: readonly Code[], v: readonly Code[]) => Code,
): WasmFunction =>
  define(integers(matrices + vectors + 3), (parameters, locals) => {
    const x = parameters.slice(0, matrices);
    const v = parameters.slice(matrices, matrices + vectors);
    const [out, count, columns] = parameters.slice(matrices + vectors) as [Local, Local, Local];
    const end = locals.make(type.i32);
    const cursors = v.map(() => locals.make(type.i32));
    return whileTrue(count.get, [
      ...cursors.flatMap((cursor, i) => cursor.set(v[i]!.get)),
      ...walk([...x, ...cursors, out], columns.get, end, (step) =>
        step.store(
          out,
          f(
            x.map((cursor) => step.load(cursor)),
            cursors.map((cursor) => step.load(cursor)),
          ),
        ),
      ),
      ...count.increase(i32.const(-1)),
    ]);
  });

const fold = { neutral: f32x4.const(0), join: add };

/** `(from, to, count, size)`: each number `size` times. */
const spread: WasmFunction = define(integers(4), (parameters, locals) => {
  const [from, to, count, size] = parameters as [Local, Local, Local, Local];
  const [end, value] = [locals.make(type.i32), locals.make(type.v128)];
  return whileTrue(count.get, [
    ...value.set(v128.loadSplat(from.get, 0)),
    ...walk([to], size.get, end, (step) => step.store(to, value.get)),
    ...from.increase(i32.const(4)),
    ...count.increase(i32.const(-1)),
  ]);
});

/** `(from, to, count, size)`: the sum of each `size` numbers. */
const sumRuns: WasmFunction = define(integers(4), (parameters, locals) => {
  const [from, to, count, size] = parameters as [Local, Local, Local, Local];
  const sums = new Sums(locals, 1, 1);
  return whileTrue(count.get, [
    ...sums.over([from], size.get, (step) => ({ terms: [step.load(from)] })),
    ...f32.store(to.get, 0, f32.fromF64(sums.totals[0]!.get)),
    ...to.increase(i32.const(4)),
    ...count.increase(i32.const(-1)),
  ]);
});

/** `(out, count, number)` */
const fill: WasmFunction = define([type.i32, type.i32, type.f32], (parameters, locals) => {
  const [out, count, number] = parameters as [Local, Local, Local];
  const [end, value] = [locals.make(type.i32), locals.make(type.v128)];
  return [
    ...value.set(f32x4.splat(number.get)),
    ...walk([out], count.get, end, (step) => step.store(out, value.get)),
  ];
});

/** The functions of the module of rows. The last two call the first. */
export const normRowsFunctions: Readonly<Record<string, WasmFunction>> = {
  moments,
  rows,
  rowsBack,
  spread,
  sumRuns,
  fill,
  /** `(a, b, a + b, count)` */
  plus: elementwise({
    inputs: 2,
    outputs: 1,
    step: ([a, b]) => ({ results: [add(a!.get, b!.get)] }),
  }),
};

const inverse = (variance: Local, epsilon: Local): Code =>
  div(f32x4.const(1), sqrt(add(variance.get, epsilon.get)));

/** A float32 in memory, as float64. */
const exactly = (at: Local): Code => f64.fromF32(f32.load(at.get, 0));

/** `(variance, scale, factor, count, ε)`: scale / √(variance + ε), rounded once. */
const factors: WasmFunction = define([...integers(4), type.f32], (parameters) => {
  const [variance, scale, factor, count, epsilon] = parameters as unknown as Many;
  return whileTrue(count.get, [
    ...f32.store(factor.get, 0, f32.fromF64(f64.mul(inverseOf(exactly(variance), epsilon), exactly(scale)))),
    ...[variance, scale, factor].flatMap((each) => each.increase(i32.const(4))),
    ...count.increase(i32.const(-1)),
  ]);
});

/**
 * `(variance, scale, Σ g, Σ g (x - mean), factor, p, q, count, ε, number, usesMean)`. What is written
 * is rounded once, because the terms that it is for may cancel.
 */
const factorsBack: WasmFunction = define(
  [...integers(8), type.f32, type.f32, type.f32],
  (parameters, locals) => {
    const [variance, scale, a, b, factor, p, q, count, epsilon, number, usesMean] =
      parameters as unknown as Many;
    const inverse = locals.make(type.f64);
    const share = (total: Local): Code =>
      f64.mul(f64.div(exactly(total), f64.fromF32(number.get)), inverse.get);
    return whileTrue(count.get, [
      ...inverse.set(inverseOf(exactly(variance), epsilon)),
      ...f32.store(factor.get, 0, f32.fromF64(f64.mul(inverse.get, exactly(scale)))),
      ...f32.store(p.get, 0, f32.mul(f32.fromF64(share(a)), usesMean.get)),
      ...f32.store(q.get, 0, f32.fromF64(f64.mul(share(b), f64.mul(inverse.get, inverse.get)))),
      ...[variance, scale, a, b, factor, p, q].flatMap((each) => each.increase(i32.const(4))),
      ...count.increase(i32.const(-1)),
    ]);
  },
);

/** The functions of the module of columns. */
export const normColumnsFunctions: Readonly<Record<string, WasmFunction>> = {
  /** Σ x and Σ x² */
  sums: foldColumns({
    ...fold,
    matrices: 1,
    results: 2,
    wide: 2,
    terms: ([x]) => [x!.get, mul(x!.get, x!.get)],
  }),
  /** Σ (x - mean)² */
  squares: foldColumns({
    ...fold,
    matrices: 1,
    vectors: 1,
    results: 1,
    wide: 2,
    terms: ([x], [mean]) => {
      const away = sub(x!.get, mean!.get);
      return [mul(away, away)];
    },
  }),
  /** `(x, mean, factor, bias, y, rows, columns)` */
  apply: onColumns(1, 3, ([x], [mean, factor, bias]) => add(mul(sub(x!, mean!), factor!), bias!)),
  spread,
  sumRuns,
  fill,
  /** `(sums, squares, mean, variance, count, number)` */
  moments: elementwise({
    inputs: 2,
    outputs: 2,
    scalars: 1,
    step: ([sum, square], [number], make) => {
      const mean = make();
      const code = mean.set(div(sum!.get, number!.get));
      const variance = sub(div(square!.get, number!.get), mul(mean.get, mean.get));
      return { code, results: [mean.get, max(variance, f32x4.const(0))] };
    },
  }),
  /** `(x, out, count, number)` */
  divide: elementwise({
    inputs: 1,
    outputs: 1,
    scalars: 1,
    step: ([x], [number]) => ({ results: [div(x!.get, number!.get)] }),
  }),
  factors,
};

/** The functions of the module of the gradients of columns. */
export const normColumnsBackFunctions: Readonly<Record<string, WasmFunction>> = {
  /** Σ dy and Σ dy (x - mean) */
  slopes: foldColumns({
    ...fold,
    matrices: 2,
    vectors: 1,
    results: 2,
    wide: 2,
    terms: ([x, dy], [mean]) => [dy!.get, mul(dy!.get, sub(x!.get, mean!.get))],
  }),
  /** `(x, dy, mean, factor, p, q, dx, rows, columns)`: dy factor - p - (x - mean) q */
  applyBack: onColumns(2, 4, ([x, dy], [mean, factor, p, q]) =>
    sub(sub(mul(dy!, factor!), p!), mul(sub(x!, mean!), q!)),
  ),
  /** `(slopes, centred slopes, scale, slopes scaled, centred slopes scaled, count)` */
  scaled: elementwise({
    inputs: 3,
    outputs: 2,
    step: ([a, b, scale]) => ({ results: [mul(a!.get, scale!.get), mul(b!.get, scale!.get)] }),
  }),
  factorsBack,
  /** `(dScale, dBias, slopes, centred slopes, variance, dScale, dBias, count, ε)` */
  gather: elementwise({
    inputs: 5,
    outputs: 2,
    scalars: 1,
    step: ([dScale, dBias, a, b, variance], [epsilon]) => ({
      results: [add(dScale!.get, mul(b!.get, inverse(variance!, epsilon!))), add(dBias!.get, a!.get)],
    }),
  }),
};

/** @file Softmax and its logarithm, the cross entropy of it, and their gradients, of rows. */
import {
  call,
  type Code,
  f32,
  f32x4,
  f64,
  i32,
  type Local,
  type Locals,
  type,
  v128,
  when,
  whileTrue,
} from "../wasm-emitter/code.ts";
import { Exp, writeLog } from "../wasm-emitter/exp.ts";
import { define, type WasmFunction } from "../wasm-emitter/module.ts";
import { joined, splatOf, Sums, walk } from "../wasm-emitter/rows.ts";

const integers = (count: number): (typeof type.i32)[] => Array<typeof type.i32>(count).fill(type.i32);
const { add, sub, mul } = f32x4;
const INFINITY = Number.POSITIVE_INFINITY;

/** Where {@link powers} leaves what it knows of a row: float32, in bytes from `known` on. */
const at = { shift: 0, sum: 4, log: 8 };
const numbers = { powers: 0 };

/**
 * A function `(x, out, length, known, guards)` for one row: writes e^(x - shift) to `out`, and
 * shift, the sum of the powers, and its logarithm to `known`. The shift is the largest number.
 * `guards`: it is 0 if all are -Infinity, and the sum is infinite if one is Infinity, as in JAX's
 * logsumexp.
 */
const powers: WasmFunction = define(integers(5), (parameters, locals) => {
  const [x, out, length, known, guards] = parameters as [Local, Local, Local, Local, Local];
  const [cursor, target, end] = integers(3).map((of) => locals.make(of)) as [Local, Local, Local];
  const largest = Array.from({ length: 4 }, () => locals.make(type.v128));
  const [first, ...others] = largest as [Local, ...Local[]];
  const shift = locals.make(type.f32);
  const exp = new Exp(locals);
  const sums = new Sums(locals, 1, 1);
  return [
    ...exp.begin,
    ...largest.flatMap((each) => each.set(f32x4.const(-INFINITY))),
    ...cursor.set(x.get),
    ...walk(
      [cursor],
      length.get,
      end,
      (step, number) => largest[number]!.set(f32x4.max(largest[number]!.get, step.load(cursor))),
      4,
    ),
    ...others.flatMap((other) => first.set(f32x4.max(first.get, other.get))),
    ...joined(first, f32x4.max),
    ...shift.set(f32x4.lane(first.get, 0)),
    ...when(i32.and(guards.get, f32.eq(shift.get, f32.const(-INFINITY))), shift.set(f32.const(0))),
    ...first.set(f32x4.splat(shift.get)),
    ...cursor.set(x.get),
    ...target.set(out.get),
    ...sums.over([cursor, target], length.get, (step) => {
      const { code, result } = exp.of(sub(step.load(cursor), first.get));
      return { code: [...code, ...step.store(target, result)], terms: [result] };
    }),
    ...f32.store(known.get, at.shift, shift.get),
    ...f32.store(known.get, at.sum, f32.fromF64(sums.totals[0]!.get)),
    ...when(
      i32.and(guards.get, f32.eq(shift.get, f32.const(INFINITY))),
      f32.store(known.get, at.sum, f32.const(INFINITY)),
    ),
    ...writeLog(known, at.sum, at.log, locals),
  ];
});

/** What the functions of rows share: their locals, and the end of a turn. */
interface Row {
  readonly locals: Locals;
  readonly end: Local;
  readonly vector: () => Local;
  readonly integer: () => Local;
}

/**
 * A function of addresses, `rows` and `length`, then others: for each row the body runs, and the
 * addresses go on: by a row where there are rows, by a number where there is one number for each.
 */
const eachRow = (
  ofRows: readonly ("row" | "number" | "same")[],
  more: number,
  body: (places: readonly Local[], length: Local, more: readonly Local[], row: Row) => Code,
): WasmFunction =>
  define(integers(ofRows.length + 2 + more), (parameters, locals) => {
    const places = parameters.slice(0, ofRows.length);
    const [rows, length, ...others] = parameters.slice(ofRows.length) as [Local, Local, ...Local[]];
    const end = locals.make(type.i32);
    const row: Row = {
      locals,
      end,
      vector: () => locals.make(type.v128),
      integer: () => locals.make(type.i32),
    };
    return whileTrue(rows.get, [
      ...body(places, length, others, row),
      ...places.flatMap((place, i) => {
        if (ofRows[i] === "same") return [];
        return place.increase(ofRows[i] === "row" ? i32.shl(length.get, i32.const(2)) : i32.const(4));
      }),
      ...rows.increase(i32.const(-1)),
    ]);
  });

/** Walks copies of the addresses along one row. */
function walkCopies(
  places: readonly Local[],
  length: Local,
  { end, integer }: Row,
  step: (cursors: readonly Local[], walked: Parameters<Parameters<typeof walk>[3]>[0]) => Code,
): Code {
  const cursors = places.map(integer);
  return [
    ...cursors.flatMap((cursor, i) => cursor.set(places[i]!.get)),
    ...walk(cursors, length.get, end, (walked) => step(cursors, walked)),
  ];
}

const loadKnown = (known: Local, offset: number): Code => v128.loadSplat(known.get, offset);

/** `(x, out, known, rows, length)` */
const softmax = eachRow(["row", "row", "same"], 0, ([x, out, known], length, _, row) => {
  const inverse = row.vector();
  return [
    ...call(numbers.powers, x!.get, out!.get, length.get, known!.get, i32.const(0)),
    ...inverse.set(f32x4.div(f32x4.const(1), loadKnown(known!, at.sum))),
    ...walkCopies([out!], length, row, ([to], step) => step.store(to!, mul(step.load(to!), inverse.get))),
  ];
});

/** `(x, out, known, rows, length)` */
const logSoftmax = eachRow(["row", "row", "same"], 0, ([x, out, known], length, _, row) => {
  const [shift, log] = [row.vector(), row.vector()];
  return [
    ...call(numbers.powers, x!.get, out!.get, length.get, known!.get, i32.const(0)),
    ...shift.set(loadKnown(known!, at.shift)),
    ...log.set(loadKnown(known!, at.log)),
    ...walkCopies([x!, out!], length, row, ([from, to], step) =>
      step.store(to!, sub(sub(step.load(from!), shift.get), log.get)),
    ),
  ];
});

/** `(x, out, spare, known, rows, length)`; `spare` has room for a row. */
const logSumExp = eachRow(["row", "number", "same", "same"], 0, ([x, out, spare, known], length) => [
  ...call(numbers.powers, x!.get, spare!.get, length.get, known!.get, i32.const(1)),
  ...f32.store(out!.get, 0, f32.add(f32.load(known!.get, at.log), f32.load(known!.get, at.shift))),
]);

/** Sums over a row, of copies of the addresses. */
function sumCopies(
  places: readonly Local[],
  length: Local,
  { locals, integer }: Row,
  terms: (cursors: readonly Local[], step: Parameters<Parameters<typeof walk>[3]>[0]) => Code,
): { code: Code; total: Local } {
  const cursors = places.map(integer);
  const sums = new Sums(locals, 1, 2);
  const code = [
    ...cursors.flatMap((cursor, i) => cursor.set(places[i]!.get)),
    ...sums.over(cursors, length.get, (step) => ({ terms: [terms(cursors, step)] })),
  ];
  return { code, total: sums.totals[0]! };
}

/** `(y, dy, dx, rows, length)`: y (dy - Σ dy y). */
const softmaxBack = eachRow(["row", "row", "row"], 0, ([y, dy, dx], length, _, row) => {
  const { code, total } = sumCopies([y!, dy!], length, row, ([p, g], step) =>
    mul(step.load(p!), step.load(g!)),
  );
  const mean = row.vector();
  return [
    ...code,
    ...mean.set(splatOf(total.get)),
    ...walkCopies([y!, dy!, dx!], length, row, ([p, g, to], step) =>
      step.store(to!, mul(step.load(p!), sub(step.load(g!), mean.get))),
    ),
  ];
});

/** `(y, dy, dx, rows, length)`: dy - e^y Σ dy. */
const logSoftmaxBack = define(integers(5), (parameters, locals) => {
  const [y, dy, dx, rows, length] = parameters as [Local, Local, Local, Local, Local];
  const end = locals.make(type.i32);
  const row: Row = {
    locals,
    end,
    vector: () => locals.make(type.v128),
    integer: () => locals.make(type.i32),
  };
  const exp = new Exp(locals);
  const sum = row.vector();
  const { code, total } = sumCopies([dy], length, row, ([g], step) => step.load(g!));
  return [
    ...exp.begin,
    ...whileTrue(rows.get, [
      ...code,
      ...sum.set(splatOf(total.get)),
      ...walk([y, dy, dx], length.get, end, (step) => {
        const power = exp.of(step.load(y));
        return [...power.code, ...step.store(dx, sub(step.load(dy), mul(sum.get, power.result)))];
      }),
      ...rows.increase(i32.const(-1)),
    ]),
  ];
});

/** `(x, dy, dx, known, rows, length)` with a number of dy for each row: dy e^x / Σ e^x. */
const logSumExpBack = eachRow(["row", "number", "row", "same"], 0, ([x, dy, dx, known], length, _, row) => {
  const factor = row.vector();
  return [
    ...call(numbers.powers, x!.get, dx!.get, length.get, known!.get, i32.const(1)),
    ...factor.set(f32x4.div(v128.loadSplat(dy!.get, 0), loadKnown(known!, at.sum))),
    ...walkCopies([dx!], length, row, ([to], step) => step.store(to!, mul(step.load(to!), factor.get))),
  ];
});

/** The address of the element that the label names. */
const named = (x: Local, label: Local): Code => i32.add(x.get, i32.shl(i32.load(label.get, 0), i32.const(2)));

/** `(x, labels, out, spare, known, rows, length)` with an int32 label for each row; NaN if it is none. */
const labelEntropy = eachRow(
  ["row", "number", "number", "same", "same"],
  0,
  ([x, label, out, spare, known], length) => [
    ...call(numbers.powers, x!.get, spare!.get, length.get, known!.get, i32.const(1)),
    ...f32.store(out!.get, 0, f32.const(Number.NaN)),
    ...when(
      i32.ltU(i32.load(label!.get, 0), length.get),
      f32.store(
        out!.get,
        0,
        f32.add(
          f32.load(known!.get, at.log),
          f32.sub(f32.load(known!.get, at.shift), f32.load(named(x!, label!), 0)),
        ),
      ),
    ),
  ],
);

/** `(x, labels, dy, dx, known, rows, length)` */
const labelEntropyBack = eachRow(
  ["row", "number", "number", "row", "same"],
  0,
  ([x, label, dy, dx, known], length, _, row) => {
    const factor = row.vector();
    return [
      ...call(numbers.powers, x!.get, dx!.get, length.get, known!.get, i32.const(1)),
      ...factor.set(f32x4.div(v128.loadSplat(dy!.get, 0), loadKnown(known!, at.sum))),
      ...walkCopies([dx!], length, row, ([to], step) => step.store(to!, mul(step.load(to!), factor.get))),
      ...when(
        i32.ltU(i32.load(label!.get, 0), length.get),
        f32.store(named(dx!, label!), 0, f32.sub(f32.load(named(dx!, label!), 0), f32.load(dy!.get, 0))),
      ),
    ];
  },
);

/** `(x, labels, out, spare, known, rows, length, skipsZeros)` with as many labels as logits. */
const entropy = eachRow(
  ["row", "row", "number", "same", "same"],
  1,
  ([x, label, out, spare, known], length, [skipsZeros], row) => {
    const [shift, log, skips, value] = [row.vector(), row.vector(), row.vector(), row.vector()];
    const { code, total } = sumCopies([x!, label!], length, row, ([from, share], step) => {
      const term = mul(value.get, sub(log.get, sub(step.load(from!), shift.get)));
      const isZero = v128.and(skips.get, f32x4.eq(value.get, f32x4.const(0)));
      return [...value.set(step.load(share!)), ...v128.bitselect(f32x4.const(0), term, isZero)];
    });
    return [
      ...call(numbers.powers, x!.get, spare!.get, length.get, known!.get, i32.const(0)),
      ...shift.set(loadKnown(known!, at.shift)),
      ...log.set(loadKnown(known!, at.log)),
      // All ones or all zeros.
      ...skips.set(f32x4.splat(f32.const(0))),
      ...when(skipsZeros!.get, skips.set(v128.const([-1, -1, -1, -1]))),
      ...code,
      ...f32.store(out!.get, 0, f32.fromF64(total.get)),
    ];
  },
);

/** `(x, labels, dy, dx, known, rows, length)`: the gradient for the logits. */
const entropyBack = eachRow(
  ["row", "row", "number", "row", "same"],
  0,
  ([x, label, dy, dx, known], length, _, row) => {
    const { code, total } = sumCopies([label!], length, row, ([share], step) => step.load(share!));
    const [factor, slope] = [row.vector(), row.vector()];
    return [
      ...call(numbers.powers, x!.get, dx!.get, length.get, known!.get, i32.const(0)),
      ...code,
      ...slope.set(v128.loadSplat(dy!.get, 0)),
      ...factor.set(f32x4.div(mul(slope.get, splatOf(total.get)), loadKnown(known!, at.sum))),
      ...walkCopies([label!, dx!], length, row, ([share, to], step) =>
        step.store(to!, sub(mul(step.load(to!), factor.get), mul(step.load(share!), slope.get))),
      ),
    ];
  },
);

/** The functions of the module. Others call the first. */
export const softmaxFunctions: Readonly<Record<string, WasmFunction>> = {
  powers,
  softmax,
  softmaxBack,
  logSoftmax,
  logSumExp,
  logSumExpBack,
};

/** The function of another module. */
export const logSoftmaxFunctions: Readonly<Record<string, WasmFunction>> = { logSoftmaxBack };

/** The functions of a third module. The others call the first. */
export const entropyFunctions: Readonly<Record<string, WasmFunction>> = {
  powers,
  labelEntropy,
  labelEntropyBack,
  entropy,
  entropyBack,
};

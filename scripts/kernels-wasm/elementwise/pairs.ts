/** @file Element-wise functions of two tensors with broadcasting: what happens in two folded axes. */
import { type Code, f32x4, i32, type Local, type, v128, when, whileTrue } from "../../wasm-emitter/code.ts";
import { define, type WasmFunction } from "../../wasm-emitter/module.ts";
import { choose } from "./formulas.ts";
import { number, Steps, storeByte, word } from "./steps.ts";

/** How results are stored, by their bytes per element. */
const stores = {
  4: { wide: v128.store, one: v128.storeOne },
  // The results of a comparison fill the vector, so its first bytes are the four of them.
  1: { wide: v128.storeOne, one: storeByte },
} as const;

/**
 * A function `(a, b, out, rows, length, rowA, rowB, stepA, stepB)`. `stepA` is 0 where a row of a
 * is one element, repeated, and `rowA` is the bytes from one row of a to the next.
 */
function pairs(bytes: 1 | 4, formula: (s: Steps, a: Code, b: Code) => Code): WasmFunction {
  return define(Array<typeof type.i32>(9).fill(type.i32), (parameters, locals) => {
    const [a, b, out, rows, length, rowA, rowB, stepA, stepB] = parameters as unknown as [
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
    const make = (): Local => locals.make(type.i32);
    const [fromA, fromB, left] = [make(), make(), make()];
    const vector = (): Local => locals.make(type.v128);
    const [x, y] = [vector(), vector()];
    const steps = new Steps(vector);
    const result = formula(steps, x.get, y.get);
    const advance = (
      elements: number,
      load: (address: Code, offset: number) => Code,
      store: (address: Code, offset: number, value: Code) => Code,
    ): Code => [
      ...when(stepA.get, [...x.set(load(fromA.get, 0)), ...fromA.increase(i32.const(4 * elements))]),
      ...when(stepB.get, [...y.set(load(fromB.get, 0)), ...fromB.increase(i32.const(4 * elements))]),
      ...steps.code,
      ...store(out.get, 0, result),
      ...out.increase(i32.const(bytes * elements)),
      ...left.increase(i32.const(-elements)),
    ];
    return whileTrue(rows.get, [
      ...fromA.set(a.get),
      ...fromB.set(b.get),
      ...x.set(v128.loadSplat(a.get, 0)),
      ...y.set(v128.loadSplat(b.get, 0)),
      ...left.set(length.get),
      ...whileTrue(i32.gtU(left.get, i32.const(3)), advance(4, v128.load, stores[bytes].wide)),
      ...whileTrue(left.get, advance(1, v128.loadOne, stores[bytes].one)),
      ...a.increase(rowA.get),
      ...b.increase(rowB.get),
      ...rows.increase(i32.const(-1)),
    ]);
  });
}

const arithmetic = (formula: (a: Code, b: Code) => Code): WasmFunction =>
  pairs(4, (_s, a, b) => formula(a, b));

const { add, sub, mul, div, max, min } = f32x4;

/** Arithmetic. `max` and `min` are NaN where either is. */
export const pairFunctions: Readonly<Record<string, WasmFunction>> = {
  add: arithmetic(add),
  sub: arithmetic(sub),
  mul: arithmetic(mul),
  div: arithmetic(div),
  max: arithmetic(max),
  min: arithmetic(min),
  squaredDifference: pairs(4, (s, a, b) => {
    const difference = s.keep(sub(a, b));
    return mul(difference, difference);
  }),
  /** `a` where it is not below 0, elsewhere `a * b`. NaN stays NaN. */
  prelu: pairs(4, (_s, a, b) => choose(f32x4.lt(a, number(0)), mul(a, b), a)),
  /** 1 where a > b, 1/2 where they are equal, else 0. */
  above: pairs(4, (_s, a, b) => {
    const half = number(0.5);
    return add(v128.and(f32x4.gt(a, b), half), v128.and(f32x4.ge(a, b), half));
  }),
};

const comparison = (formula: (a: Code, b: Code) => Code): WasmFunction =>
  pairs(1, (s, a, b) => {
    const ones = s.keep(v128.and(formula(a, b), word(1)));
    const halves = s.keep(v128.narrowTo16(ones, ones));
    return v128.narrowTo8(halves, halves);
  });

/** Comparisons, which give one byte for each element. */
export const comparisonFunctions: Readonly<Record<string, WasmFunction>> = {
  greater: comparison(f32x4.gt),
  greaterEqual: comparison(f32x4.ge),
  less: comparison(f32x4.lt),
  lessEqual: comparison(f32x4.le),
  equal: comparison(f32x4.eq),
  notEqual: comparison(f32x4.ne),
};

/** @file Chooses between words by a condition of bytes. */
import {
  type Code,
  i32,
  i32x4,
  type Local,
  type as types,
  v128,
  when,
  whileTrue,
} from "../wasm-emitter/code.ts";
import { define, type WasmFunction } from "../wasm-emitter/module.ts";

type Six = [Local, Local, Local, Local, Local, Local];

/** All bits of a word where its byte of the condition is not 0, else none. */
const masksOf = (bytes: Code): Code =>
  v128.not(i32x4.eq(v128.widenTo32(v128.widenTo16(bytes)), i32x4.const(0)));

/**
 * `select(conditions, yesRows, noRows, out, size, conditionStep, yesStep, noStep, rows, conditionRow,
 * yesRow, noRow)`: rows of `size` elements. Steps are in bytes, from element to element and from row to
 * row, 0 to repeat one. Four words at a time, and the rest one by one.
 */
const select: WasmFunction = define(Array<typeof types.i32>(12).fill(types.i32), (parameters, locals) => {
  const [conditions, yesRows, noRows, out, size, conditionStep] = parameters as Six;
  const [yesStep, noStep, rows, conditionRow, yesRow, noRow] = parameters.slice(6) as Six;
  const make = (): Local => locals.make(types.i32);
  const [condition, yes, no, end] = [make(), make(), make(), make()];
  const [mask, a, b] = [locals.make(types.v128), locals.make(types.v128), locals.make(types.v128)];
  /** Loads what is repeated once, before the loop. */
  const first = (target: Local, at: Local, step: Local): Code =>
    when(i32.eqz(step.get), target.set(v128.loadSplat(at.get, 0)));
  const each = (target: Local, at: Local, step: Local): Code =>
    when(step.get, [...target.set(v128.load(at.get, 0)), ...at.increase(i32.const(16))]);
  const one = (at: Local, step: Local): Code => [...at.increase(step.get)];
  const byte = i32x4.splat(i32.load8U(condition.get, 0));
  return whileTrue(rows.get, [
    ...condition.set(conditions.get),
    ...yes.set(yesRows.get),
    ...no.set(noRows.get),
    ...when(i32.eqz(conditionStep.get), mask.set(v128.not(i32x4.eq(byte, i32x4.const(0))))),
    ...first(a, yes, yesStep),
    ...first(b, no, noStep),
    ...end.set(i32.add(out.get, i32.shl(i32.and(size.get, i32.const(-4)), i32.const(2)))),
    ...whileTrue(i32.ltU(out.get, end.get), [
      ...when(conditionStep.get, [
        ...mask.set(masksOf(v128.loadOne(condition.get, 0))),
        ...condition.increase(i32.const(4)),
      ]),
      ...each(a, yes, yesStep),
      ...each(b, no, noStep),
      ...v128.store(out.get, 0, v128.bitselect(a.get, b.get, mask.get)),
      ...out.increase(i32.const(16)),
    ]),
    ...end.increase(i32.shl(i32.and(size.get, i32.const(3)), i32.const(2))),
    ...whileTrue(i32.ltU(out.get, end.get), [
      ...when(
        i32.load8U(condition.get, 0),
        i32.store(out.get, 0, i32.load(yes.get, 0)),
        i32.store(out.get, 0, i32.load(no.get, 0)),
      ),
      ...one(condition, conditionStep),
      ...one(yes, yesStep),
      ...one(no, noStep),
      ...out.increase(i32.const(4)),
    ]),
    ...one(conditions, conditionRow),
    ...one(yesRows, yesRow),
    ...one(noRows, noRow),
    ...rows.increase(i32.const(-1)),
  ]);
});

/** The functions of the module. */
export const selectFunctions: Readonly<Record<string, WasmFunction>> = { select };

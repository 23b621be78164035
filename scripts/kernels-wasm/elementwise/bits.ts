/** @file Element-wise functions of booleans, which are bytes: choices and logic. */
import { type Code, f32x4, i32, type Local, type, v128, when, whileTrue } from "../../wasm-emitter/code.ts";
import { define, type WasmFunction } from "../../wasm-emitter/module.ts";
import { differ, isZeroByte, number, splatByte, storeByte, widened, word } from "./steps.ts";

/** A function `(…inputs, out, length)` of bytes, sixteen at a time and then one by one. */
const bytes = (inputs: 1 | 2, formula: (x: readonly Code[]) => Code): WasmFunction =>
  define(Array<typeof type.i32>(inputs + 2).fill(type.i32), (parameters, locals) => {
    const at = parameters.slice(0, inputs + 1);
    const out = at[inputs]!;
    const left = parameters[inputs + 1]!;
    const x = Array.from({ length: inputs }, () => locals.make(type.v128));
    const result = formula(x.map(({ get }) => get));
    const advance = (
      elements: number,
      load: (address: Code, offset: number) => Code,
      store: (address: Code, offset: number, value: Code) => Code,
    ): Code => [
      ...x.flatMap((local, i) => local.set(load(at[i]!.get, 0))),
      ...store(out.get, 0, result),
      ...at.flatMap((local) => local.increase(i32.const(elements))),
      ...left.increase(i32.const(-elements)),
    ];
    const one = (address: Code, offset: number): Code => splatByte(i32.load8U(address, offset));
    return [
      ...whileTrue(i32.gtU(left.get, i32.const(15)), advance(16, v128.load, v128.store)),
      ...whileTrue(left.get, advance(1, one, storeByte)),
    ];
  });

const bit = (mask: Code): Code => v128.and(mask, splatByte(i32.const(1)));

/** A function `(condition, yes, no, out, length)` of bytes and 32-bit words. */
const select = define(Array<typeof type.i32>(5).fill(type.i32), (parameters, locals) => {
  const [condition, yes, no, out, left] = parameters as readonly Local[];
  const at = [yes!, no!, out!];
  const mask = locals.make(type.v128);
  const isWide = locals.make(type.i32);
  const value = (load: (address: Code, offset: number) => Code): Code =>
    v128.bitselect(load(yes!.get, 0), load(no!.get, 0), mask.get);
  const next = (elements: number): Code => [
    ...condition!.increase(i32.const(elements)),
    ...at.flatMap((local) => local.increase(i32.const(4 * elements))),
    ...left!.increase(i32.const(-elements)),
  ];
  return whileTrue(left!.get, [
    ...isWide.set(i32.gtU(left!.get, i32.const(3))),
    ...when(
      isWide.get,
      mask.set(widened(v128.loadOne(condition!.get, 0))),
      mask.set([...i32.load8U(condition!.get, 0), 0xfd, 0x11]),
    ),
    ...mask.set(differ(mask.get, word(0))),
    ...when(
      isWide.get,
      [...v128.store(out!.get, 0, value(v128.load)), ...next(4)],
      [...v128.storeOne(out!.get, 0, value(v128.loadOne)), ...next(1)],
    ),
  ]);
});

/** A function `(x, out, length)` from numbers to whether they are not 0. */
const isTrue = define([type.i32, type.i32, type.i32], (parameters, locals) => {
  const [x, out, left] = parameters as readonly Local[];
  const [ones, halves] = [locals.make(type.v128), locals.make(type.v128)];
  const advance = (
    elements: number,
    load: (address: Code, offset: number) => Code,
    store: (address: Code, offset: number, value: Code) => Code,
  ): Code => [
    ...ones.set(v128.and(f32x4.ne(load(x!.get, 0), number(0)), word(1))),
    ...halves.set(v128.narrowTo16(ones.get, ones.get)),
    ...store(out!.get, 0, v128.narrowTo8(halves.get, halves.get)),
    ...x!.increase(i32.const(4 * elements)),
    ...out!.increase(i32.const(elements)),
    ...left!.increase(i32.const(-elements)),
  ];
  return [
    ...whileTrue(i32.gtU(left!.get, i32.const(3)), advance(4, v128.load, v128.storeOne)),
    ...whileTrue(left!.get, advance(1, v128.loadOne, storeByte)),
  ];
});

/** Choices and logic. */
export const bitFunctions: Readonly<Record<string, WasmFunction>> = {
  select,
  isTrue,
  and: bytes(2, ([a, b]) => bit(v128.not(v128.or(isZeroByte(a!), isZeroByte(b!))))),
  or: bytes(2, ([a, b]) => bit(v128.not(isZeroByte(v128.or(a!, b!))))),
  not: bytes(1, ([x]) => bit(isZeroByte(x!))),
};

/** @file Element-wise functions of one loop, and the steps that they are written in. */
import {
  type Code,
  f32,
  f32x4,
  i32,
  type Local,
  Locals,
  type,
  v128,
  when,
  whileTrue,
} from "../../wasm-emitter/code.ts";
import type { WasmFunction } from "../../wasm-emitter/module.ts";

/** The same number four times, in fewer bytes than a constant of 128 bits. */
export const number = (value: number): Code => f32x4.splat(f32.const(value));

/** The same four words. */
export const word = (value: number): Code => [...i32.const(value), 0xfd, 0x11];

/** Steps of a computation, in order. */
export class Steps {
  readonly code: number[] = [];
  readonly #make: () => Local;

  constructor(make: () => Local) {
    this.#make = make;
  }

  /** Computes a value here, and gives the code that reads it. */
  keep(value: Code): Code {
    const local = this.#make();
    this.code.push(...local.set(value));
    return local.get;
  }

  /** A polynomial of x, the coefficient of the highest power first. */
  polynomial(x: Code, coefficients: readonly number[]): Code {
    const [first, ...others] = coefficients;
    return others.reduce((sum, c) => this.keep(f32x4.add(f32x4.mul(sum, x), number(c))), number(first!));
  }
}

/** The value of four elements, from those of each input and from numbers, each four times. */
export type Formula = (steps: Steps, inputs: readonly Code[], numbers: readonly Code[]) => Code;

/**
 * A function `(…inputs, output, length, …numbers)`. Its loop takes four elements, and one by one
 * those that are left, with the same instructions, so that an element's result does not depend on
 * its position. The formula is there once, which keeps modules small.
 */
export function eachElement(inputs: number, numbers: number, formula: Formula): WasmFunction {
  const parameters = [
    ...Array<typeof type.i32>(inputs + 2).fill(type.i32),
    ...Array<typeof type.f32>(numbers).fill(type.f32),
  ];
  const locals = new Locals();
  const given = parameters.map((of) => locals.make(of));
  const at = given.slice(0, inputs + 1);
  const left = given[inputs + 1]!;
  const isWide = locals.make(type.i32);
  const make = (): Local => locals.make(type.v128);
  const x = Array.from({ length: inputs }, make);
  const splats = Array.from({ length: numbers }, make);
  const result = make();
  const steps = new Steps(make);
  const value = formula(
    steps,
    x.map(({ get }) => get),
    splats.map(({ get }) => get),
  );
  const load = (how: (address: Code, offset: number) => Code): Code =>
    x.flatMap((local, i) => local.set(how(at[i]!.get, 0)));
  const store = (
    how: (address: Code, offset: number, value: Code) => Code,
    bytes: number,
    elements: number,
  ): Code => [
    ...how(at[inputs]!.get, 0, result.get),
    ...at.flatMap((local) => local.increase(i32.const(bytes))),
    ...left.increase(i32.const(-elements)),
  ];
  const body: Code = [
    ...splats.flatMap((local, i) => local.set(f32x4.splat(given[inputs + 2 + i]!.get))),
    ...whileTrue(left.get, [
      ...isWide.set(i32.gtU(left.get, i32.const(3))),
      ...when(isWide.get, load(v128.load), load(v128.loadOne)),
      ...steps.code,
      ...result.set(value),
      ...when(isWide.get, store(v128.store, 16, 4), store(v128.storeOne, 4, 1)),
    ]),
  ];
  return { parameters, locals, body };
}

/** Stores the first of 16 bytes. */
export const storeByte = (address: Code, offset: number, value: Code): Code =>
  i32.store8(address, offset, [...value, 0xfd, 0x16, 0]);

/** One byte, sixteen times. */
export const splatByte = (value: Code): Code => [...value, 0xfd, 0x0f];

/** Which of sixteen bytes are 0. */
export const isZeroByte = (value: Code): Code => [...value, ...splatByte(i32.const(0)), 0xfd, 0x23];

/** Four bytes as four 32-bit integers, of the bytes that come first. */
export const widened = (value: Code): Code => [...value, 0xfd, 0x89, 0x01, 0xfd, 0xa9, 0x01];

/** Which of four 32-bit integers differ. */
export const differ = (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0x38];

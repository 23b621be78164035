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

/** Keeps the constants of a loop in locals: engines make a constant anew wherever it stands. */
let keepConstant: ((value: Code) => Code) | undefined;

const constant = (value: Code): Code => keepConstant?.(value) ?? value;

/** The same number four times, in fewer bytes than a constant of 128 bits. */
export const number = (value: number): Code => constant(f32x4.splat(f32.const(value)));

/** The same four words. */
export const word = (value: number): Code => constant([...i32.const(value), 0xfd, 0x11]);

/** What a formula computes, and code that sets its constants, which has to run before the loop. */
function withConstants<R>(make: () => Local, formula: () => R): { begin: Code; value: R } {
  const found = new Map<string, Local>();
  const begin: number[] = [];
  keepConstant = (value) => {
    const name = value.join();
    let local = found.get(name);
    if (!local) {
      local = make();
      found.set(name, local);
      begin.push(...local.set(value));
    }
    return local.get;
  };
  try {
    return { value: formula(), begin };
  } finally {
    keepConstant = undefined;
  }
}

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

/** The values of four elements, from those of each input and from numbers, each four times. */
type Formulas = (steps: Steps, inputs: readonly Code[], numbers: readonly Code[]) => readonly Code[];

/** {@link Formulas} of one value. */
export type Formula = (...given: Parameters<Formulas>) => Code;

/** {@link eachElementOf} of one output. */
export const eachElement = (inputs: number, numbers: number, formula: Formula): WasmFunction =>
  eachElementOf(inputs, 1, numbers, (...given) => [formula(...given)]);

/** Formulas of up to so many bytes are also in a loop that takes {@link WIDE} vectors at a time. */
const FEW_BYTES = 40;
const WIDE = 2;

/**
 * A function `(…inputs, …outputs, length, …numbers)`. Its loop takes four elements, and one by one
 * those that are left, with the same instructions, so that an element's result does not depend on
 * its position. The formula is there once, which keeps modules small; a short one also in a loop of
 * more elements, whose turns would take longer than what they compute.
 */
export function eachElementOf(
  inputs: number,
  outputs: number,
  numbers: number,
  formulas: Formulas,
): WasmFunction {
  const arrays = inputs + outputs;
  const parameters = [
    ...Array<typeof type.i32>(arrays + 1).fill(type.i32),
    ...Array<typeof type.f32>(numbers).fill(type.f32),
  ];
  const locals = new Locals();
  const given = parameters.map((of) => locals.make(of));
  const at = given.slice(0, arrays);
  const left = given[arrays]!;
  const isWide = locals.make(type.i32);
  const make = (): Local => locals.make(type.v128);
  const x = Array.from({ length: inputs }, make);
  const splats = Array.from({ length: numbers }, make);
  const results = Array.from({ length: outputs }, make);
  const steps = new Steps(make);
  const { begin, value: values } = withConstants(make, () =>
    formulas(
      steps,
      x.map(({ get }) => get),
      splats.map(({ get }) => get),
    ),
  );
  type Access = (address: Code, offset: number, ...value: Code[]) => Code;
  const load = (how: Access, offset = 0): Code => x.flatMap((local, i) => local.set(how(at[i]!.get, offset)));
  const store = (how: Access, offset = 0): Code =>
    results.flatMap((local, i) => how(at[inputs + i]!.get, offset, local.get));
  const next = (elements: number): Code => [
    ...at.flatMap((local) => local.increase(i32.const(4 * elements))),
    ...left.increase(i32.const(-elements)),
  ];
  const compute = [...steps.code, ...results.flatMap((local, i) => local.set(values[i]!))];
  const wide = (vector: number): Code => [
    ...load(v128.load, 16 * vector),
    ...compute,
    ...store(v128.store, 16 * vector),
  ];
  const body: Code = [
    ...begin,
    ...splats.flatMap((local, i) => local.set(f32x4.splat(given[arrays + 1 + i]!.get))),
    ...(compute.length <= FEW_BYTES
      ? whileTrue(i32.gtU(left.get, i32.const(4 * WIDE - 1)), [
          ...Array.from({ length: WIDE }, (_, vector) => wide(vector)).flat(),
          ...next(4 * WIDE),
        ])
      : []),
    ...whileTrue(left.get, [
      ...isWide.set(i32.gtU(left.get, i32.const(3))),
      ...when(isWide.get, load(v128.load), load(v128.loadOne)),
      ...compute,
      ...when(isWide.get, [...store(v128.store), ...next(4)], [...store(v128.storeOne), ...next(1)]),
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

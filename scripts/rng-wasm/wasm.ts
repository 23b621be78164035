/**
 * @file The part of the WebAssembly binary format that the kernels need. Code is a list of bytes.
 */

/** Encoded instructions. */
export type Code = readonly number[];

/** WebAssembly value types. */
export const type = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const;

/** A value type. */
export type ValueType = (typeof type)[keyof typeof type];

/** Unsigned LEB128. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128. */
function signed(value: number): Code {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

const operator =
  (...opcode: number[]) =>
  (...operands: Code[]): Code => [...operands.flat(), ...opcode];
const simd = (opcode: number) => operator(0xfd, ...unsigned(opcode));
const memory = (opcode: number) => {
  return (address: Code, offset: number, ...operands: Code[]): Code => [
    ...address,
    ...operands.flat(),
    0xfd,
    ...unsigned(opcode),
    0, // no alignment is promised
    ...unsigned(offset),
  ];
};

/** 32-bit integers. */
export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: operator(0x6a),
  shl: operator(0x74),
  xor: operator(0x73),
  ltU: operator(0x49),
  shrU: operator(0x76),
};

/** Four 32-bit integers. */
export const i32x4 = {
  splat: simd(0x11),
  ltS: simd(0x39),
  shl: (a: Code, by: number): Code => simd(0xab)(a, i32.const(by)),
  shrS: (a: Code, by: number): Code => simd(0xac)(a, i32.const(by)),
  shrU: (a: Code, by: number): Code => simd(0xad)(a, i32.const(by)),
  add: simd(0xae),
  /** The same integer four times. */
  const: (value: number): Code => v128.const([value, value, value, value]),
};

/** Four 32-bit floats. */
export const f32x4 = {
  splat: simd(0x13),
  eq: simd(0x41),
  lt: simd(0x43),
  abs: simd(0xe0),
  neg: simd(0xe1),
  sqrt: simd(0xe3),
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  fromI32x4: simd(0xfa),
  /** The same number, rounded to float32, four times. */
  const: (value: number): Code => i32x4.const(new Int32Array(Float32Array.of(value).buffer)[0]!),
};

/** 128 bits. */
export const v128 = {
  load: memory(0x00),
  store: memory(0x0b),
  const: (words: readonly [number, number, number, number]): Code => [
    0xfd,
    0x0c,
    ...new Uint8Array(Int32Array.from(words).buffer),
  ],
  not: simd(0x4d),
  and: simd(0x4e),
  or: simd(0x50),
  xor: simd(0x51),
  /** Takes bits of the first operand where the third has ones, else of the second. */
  bitselect: simd(0x52),
  anyTrue: simd(0x53),
  narrowTo16: simd(0x85),
  narrowTo8: simd(0x65),
};

/** `if` without a result. */
export const when = (condition: Code, body: Code): Code => [...condition, 0x04, 0x40, ...body, 0x0b];

/** Runs the body, and repeats it while the condition after it holds. */
export const repeatWhile = (body: Code, condition: Code): Code => [
  0x03,
  0x40,
  ...body,
  ...condition,
  0x0d,
  0,
  0x0b,
];

/** A function's local variable. */
export interface Local {
  readonly get: Code;
  set(value: Code): Code;
}

/** Makes the local variables of one function. Parameters come first. */
export class Locals {
  readonly #types: ValueType[] = [];

  /** A new local variable. */
  make(of: ValueType): Local {
    const index = unsigned(this.#types.push(of) - 1);
    return { get: [0x20, ...index], set: (value) => [...value, 0x21, ...index] };
  }

  /** The types of all locals, in order. */
  get types(): readonly ValueType[] {
    return this.#types;
  }
}

/** One exported function without a result. */
export interface WasmFunction {
  readonly parameters: readonly ValueType[];
  readonly locals: Locals;
  readonly body: Code;
}

const section = (id: number, ...content: Code[]): Code => {
  const bytes = content.flat();
  return [id, ...unsigned(bytes.length), ...bytes];
};

/** A module that imports the memory `m.m` of one page and exports the function as `f`. */
export function encodeModule({ parameters, locals, body }: WasmFunction): Uint8Array<ArrayBuffer> {
  const declared = locals.types.slice(parameters.length);
  const runs: { of: ValueType; count: number }[] = [];
  for (const of of declared) {
    const last = runs.at(-1);
    if (last?.of === of) last.count++;
    else runs.push({ of, count: 1 });
  }
  const code = [
    ...unsigned(runs.length),
    ...runs.flatMap((run) => [...unsigned(run.count), run.of]),
    ...body,
    0x0b,
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, parameters.length, ...parameters, 0]),
    ...section(2, [1, 1, 0x6d, 1, 0x6d, 2, 1, 1, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x66, 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

/** @file As many WebAssembly instructions as the kernels need: code is a list of bytes. */

/** Encoded instructions. */
export type Code = readonly number[];

/** WebAssembly value types. */
export const type = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;

/** A value type. */
export type ValueType = (typeof type)[keyof typeof type];

/** Unsigned LEB128. */
export function unsigned(value: number): Code {
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
/** An access to memory with these opcode bytes. No alignment is promised. */
const access =
  (...opcode: number[]) =>
  (address: Code, offset: number, ...operands: Code[]): Code => [
    ...address,
    ...operands.flat(),
    ...opcode,
    0,
    ...unsigned(offset),
  ];
const memory = (opcode: number) => access(0xfd, ...unsigned(opcode));

/** 32-bit integers. */
export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: operator(0x6a),
  sub: operator(0x6b),
  mul: operator(0x6c),
  and: operator(0x71),
  or: operator(0x72),
  xor: operator(0x73),
  shl: operator(0x74),
  shrS: operator(0x75),
  shrU: operator(0x76),
  eqz: operator(0x45),
  eq: operator(0x46),
  ne: operator(0x47),
  ltS: operator(0x48),
  ltU: operator(0x49),
  gtS: operator(0x4a),
  gtU: operator(0x4b),
  leU: operator(0x4d),
  geS: operator(0x4e),
  geU: operator(0x4f),
  load: access(0x28),
  load8U: access(0x2d),
  store: access(0x36),
  store8: access(0x3a),
};

/** One 32-bit float. */
export const f32 = {
  const: (value: number): Code => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)],
  load: access(0x2a),
  store: access(0x38),
  abs: operator(0x8b),
  neg: operator(0x8c),
  sqrt: operator(0x91),
  add: operator(0x92),
  sub: operator(0x93),
  mul: operator(0x94),
  div: operator(0x95),
  min: operator(0x96),
  max: operator(0x97),
  eq: operator(0x5b),
  lt: operator(0x5d),
  gt: operator(0x5e),
  fromI32S: operator(0xb2),
  fromF64: operator(0xb6),
};

/** One 64-bit float. */
export const f64 = {
  const: (value: number): Code => [0x44, ...new Uint8Array(Float64Array.of(value).buffer)],
  load: access(0x2b),
  store: access(0x39),
  sqrt: operator(0x9f),
  add: operator(0xa0),
  sub: operator(0xa1),
  mul: operator(0xa2),
  div: operator(0xa3),
  max: operator(0xa5),
  fromF32: operator(0xbb),
  fromI32U: operator(0xb8),
};

/** Four 32-bit integers. */
export const i32x4 = {
  splat: simd(0x11),
  eq: simd(0x37),
  ltS: simd(0x39),
  gtS: simd(0x3b),
  shl: (a: Code, by: number): Code => simd(0xab)(a, i32.const(by)),
  shrS: (a: Code, by: number): Code => simd(0xac)(a, i32.const(by)),
  shrU: (a: Code, by: number): Code => simd(0xad)(a, i32.const(by)),
  add: simd(0xae),
  sub: simd(0xb1),
  mul: simd(0xb5),
  /** One of the four. */
  lane: (a: Code, lane: number): Code => [...a, 0xfd, ...unsigned(0x1b), lane],
  /** The first four bytes, each without a sign. */
  fromFourBytes: (a: Code): Code => simd(0xa9)(simd(0x89)(a)),
  /** Rounds towards 0; NaN becomes 0, and what is out of range the nearest integer in range. */
  fromF32x4: simd(0xf8),
  /** The same integer four times. */
  const: (value: number): Code => v128.const([value, value, value, value]),
};

/** Four 32-bit floats. */
export const f32x4 = {
  splat: simd(0x13),
  eq: simd(0x41),
  ne: simd(0x42),
  lt: simd(0x43),
  gt: simd(0x44),
  le: simd(0x45),
  ge: simd(0x46),
  /** Rounds to the nearest integer, halves to even. */
  nearest: simd(0x6a),
  abs: simd(0xe0),
  neg: simd(0xe1),
  sqrt: simd(0xe3),
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  div: simd(0xe7),
  /** NaN if one of them is NaN. */
  min: simd(0xe8),
  /** NaN if one of them is NaN. */
  max: simd(0xe9),
  /** The second where it is less than the first, else the first: not the same for NaN and zeros. */
  pmin: simd(0xea),
  /** The second where it is greater than the first, else the first. */
  pmax: simd(0xeb),
  /** One of the four. */
  lane: (a: Code, lane: number): Code => [...a, 0xfd, ...unsigned(0x1f), lane],
  fromI32x4: simd(0xfa),
  /** The first times the second plus the third, rounded once or twice, as the engine likes. */
  relaxedMultiplyAdd: simd(0x105),
  /** The same number, rounded to float32, four times. */
  const: (value: number): Code => i32x4.const(new Int32Array(Float32Array.of(value).buffer)[0]!),
};

/** Two 64-bit floats. */
export const f64x2 = {
  /** Of the first two 32-bit integers, without sign. */
  fromFirstU32: simd(0xff),
  floor: simd(0x75),
  add: simd(0xf0),
  sub: simd(0xf1),
  mul: simd(0xf2),
  div: simd(0xf3),
  /** The same number twice. */
  const: (value: number): Code => {
    const [low, high] = new Int32Array(Float64Array.of(value).buffer);
    return v128.const([low!, high!, low!, high!]);
  },
};

/** 128 bits. */
export const v128 = {
  load: memory(0x00),
  /** One 32-bit value from memory, four times. */
  loadSplat: memory(0x09),
  /** One 32-bit value from memory, and zeros. */
  loadOne: memory(0x5c),
  store: memory(0x0b),
  /** Stores the first 32 bits. */
  storeOne: (address: Code, offset: number, value: Code): Code => v128.storeLane(0, address, offset, value),
  /** Stores one of the four 32-bit lanes. */
  storeLane: (lane: number, address: Code, offset: number, value: Code): Code => [
    ...memory(0x5a)(address, offset, value),
    lane,
  ],
  const: (words: readonly [number, number, number, number]): Code => [
    0xfd,
    0x0c,
    ...new Uint8Array(Int32Array.from(words).buffer),
  ],
  not: simd(0x4d),
  and: simd(0x4e),
  /** Bits of the first operand where the second has zeros. */
  andNot: simd(0x4f),
  or: simd(0x50),
  xor: simd(0x51),
  /** Bits of the first operand where the third has ones, else of the second. */
  bitselect: simd(0x52),
  anyTrue: simd(0x53),
  /** Four 32-bit lanes out of eight: 0 to 3 are the first operand's, 4 to 7 the second's. */
  shuffle: (a: Code, b: Code, lanes: readonly [number, number, number, number]): Code => [
    ...a,
    ...b,
    0xfd,
    0x0d,
    ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)),
  ],
  /** The bytes of the first operand in the order of the second, whose bytes are below 16. */
  swizzle: simd(0x0e),
  /** Eight unsigned bytes, the first eight of sixteen, as 16-bit integers. */
  widenTo16: simd(0x89),
  /** Four unsigned 16-bit integers, the first four of eight, as 32-bit integers. */
  widenTo32: simd(0xa9),
  narrowTo16: simd(0x85),
  narrowTo8: simd(0x65),
};

/** Whole pieces of memory. */
export const bulk = {
  /** Copies bytes. The pieces may overlap. */
  copy: (to: Code, from: Code, bytes: Code): Code => [...to, ...from, ...bytes, 0xfc, 0x0a, 0, 0],
};

/** `if` without a result. */
export const when = (condition: Code, body: Code, otherwise?: Code): Code => [
  ...condition,
  0x04,
  0x40,
  ...body,
  ...(otherwise ? [0x05, ...otherwise] : []),
  0x0b,
];

/** Runs the body, and again for as long as the condition after it holds. */
export const repeatWhile = (body: Code, condition: Code): Code => [
  0x03,
  0x40,
  ...body,
  ...condition,
  0x0d,
  0,
  0x0b,
];

/** Runs the body for as long as the condition before it holds. */
export const whileTrue = (condition: Code, body: Code): Code => when(condition, repeatWhile(body, condition));

/** Calls the function with this number in the module. */
export const call = (index: number, ...args: Code[]): Code => [...args.flat(), 0x10, ...unsigned(index)];

/** A function's local variable. */
export interface Local {
  readonly get: Code;
  set(value: Code): Code;
  /** Sets it, and leaves the value on the stack. */
  tee(value: Code): Code;
  /** Adds to it. It has to be an i32. */
  increase(by: Code): Code;
}

/** Hands out the local variables of one function; parameters come first. */
export class Locals {
  readonly #types: ValueType[] = [];

  /** A new local variable. */
  make(of: ValueType): Local {
    const index = unsigned(this.#types.push(of) - 1);
    const get = [0x20, ...index];
    const set = (value: Code): Code => [...value, 0x21, ...index];
    const tee = (value: Code): Code => [...value, 0x22, ...index];
    return { get, set, tee, increase: (by) => set(i32.add(get, by)) };
  }

  /** The types of all locals, in order. */
  get types(): readonly ValueType[] {
    return this.#types;
  }
}

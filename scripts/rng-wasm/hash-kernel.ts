/**
 * @file Kernels that hash counters, 20 at a time, and process the bits before storing the
 * results.
 */
import { OUT, SOURCE } from "../../packages/rnglib/src/keys/wasm/layout.ts";
import {
  type Code,
  f32x4,
  i32,
  i32x4,
  type Local,
  Locals,
  repeatWhile,
  type,
  v128,
} from "../wasm-emitter/code.ts";
import { define, type WasmFunction } from "../wasm-emitter/module.ts";

/** Vectors in flight, so many that all vector units of a core are busy. Each has four counters. */
const LANES = 5;
const PARITY = 0x1bd11bda;
const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;

/** The bytes of four words, each rotated to the left by some bytes, by their old places. */
const rotatedBytes = (by: number): [number, number, number, number] => {
  const word = [0, 1, 2, 3].reduce((bytes, place) => bytes + ((place - by) & 3) * 2 ** (8 * place), 0);
  return [word, word + 0x04040404, word + 0x08080808, word + 0x0c0c0c0c];
};

/** How a kernel processes the bits. */
interface Finish {
  /** Parameters after `(n, k0, k1, hi, lo)`. */
  readonly parameters?: readonly (typeof type.i32 | typeof type.f32)[];
  /**
   * Whether to flip bit 31 of every word, at no cost. A signed comparison then compares unsigned
   * numbers.
   */
  readonly flipped?: boolean;
  /** Returns code to run before the loop. It may make its own locals. */
  prepare?(locals: Locals, parameters: readonly Local[]): Code;
  /**
   * Returns code that processes the bits of the vectors and stores the results. `at` is 4 ×
   * the index of the first word.
   */
  store(at: Code, bits: readonly Code[]): Code;
}

/**
 * A function `(n, k0, k1, hi, lo, ...)` over the counters `(hi, lo) … (hi, lo + n - 1)`. It works
 * on blocks of 20, so it may write up to 19 elements beyond n. `lo` must not overflow within the n.
 */
function hashKernel(finish: Finish): WasmFunction {
  const lanes = LANES;
  const parameters = [type.i32, type.i32, type.i32, type.i32, type.i32, ...(finish.parameters ?? [])];
  const locals = new Locals();
  const [n, k0, k1, hi, lo, ...more] = parameters.map((of) => locals.make(of)) as [
    Local,
    Local,
    Local,
    Local,
    Local,
    ...Local[],
  ];
  const at = locals.make(type.i32);
  const k2 = locals.make(type.i32);
  const vector = () => locals.make(type.v128);
  const counter = vector();
  const x = Array.from({ length: lanes }, vector);
  const y = Array.from({ length: lanes }, vector);
  const first = vector();
  // After rounds 4, 8, 12, 16 and 20, two of the three key words are added to the words, the second
  // one with the number of the step.
  const keys = [k0, k1, k2] as const;
  const flip = finish.flipped === true ? 0x80000000 : 0;
  const keyOf = (local: Local, plus: number): Code =>
    plus === 0 ? local.get : i32.add(local.get, i32.const(plus));
  const steps = [1, 2, 3, 4, 5].map((step) => ({
    x: { local: vector(), value: keyOf(keys[step % 3]!, step === 5 ? flip : 0) },
    y: { local: vector(), value: keyOf(keys[(step + 1) % 3]!, step) },
  }));

  // One instruction rotates by whole bytes, other rotations take three.
  const orders = new Map([16, 24].map((by) => [by, vector()]));
  const rotated = (word: Code, by: number): Code => {
    const order = orders.get(by);
    return order ? v128.swizzle(word, order.get) : v128.or(i32x4.shl(word, by), i32x4.shrU(word, 32 - by));
  };

  const eachLane = (code: (lane: number) => Code): Code =>
    Array.from({ length: lanes }, (_, i) => code(i)).flat();
  const round = (by: number): Code => [
    ...eachLane((i) => x[i]!.set(i32x4.add(x[i]!.get, y[i]!.get))),
    ...eachLane((i) => {
      return y[i]!.set(v128.xor(rotated(y[i]!.get, by), x[i]!.get));
    }),
  ];
  const hash: Code = [
    ...eachLane((i) => [
      ...x[i]!.set(first.get),
      ...y[i]!.set(i === 0 ? counter.get : i32x4.add(counter.get, i32x4.const(4 * i))),
    ]),
    ...steps.flatMap((step, i) => [
      ...ROTATIONS[i % 2]!.flatMap(round),
      ...eachLane((lane) => [
        ...x[lane]!.set(i32x4.add(x[lane]!.get, step.x.local.get)),
        ...y[lane]!.set(i32x4.add(y[lane]!.get, step.y.local.get)),
      ]),
    ]),
  ];
  const prepared = finish.prepare?.(locals, more) ?? [];
  const body: Code = [
    ...k2.set(i32.xor(i32.xor(k0.get, k1.get), i32.const(PARITY))),
    ...first.set(i32x4.splat(i32.add(hi.get, k0.get))),
    ...counter.set(i32x4.add(i32x4.splat(i32.add(lo.get, k1.get)), v128.const([0, 1, 2, 3]))),
    ...steps.flatMap(({ x, y }) => [x, y].flatMap(({ local, value }) => local.set(i32x4.splat(value)))),
    ...[...orders].flatMap(([by, order]) => order.set(v128.const(rotatedBytes(by / 8)))),
    ...prepared,
    ...n.set(i32.shl(n.get, i32.const(2))),
    ...repeatWhile(
      [
        ...hash,
        ...finish.store(
          at.get,
          Array.from({ length: lanes }, (_, i) => v128.xor(x[i]!.get, y[i]!.get)),
        ),
        ...counter.set(i32x4.add(counter.get, i32x4.const(4 * lanes))),
        ...at.set(i32.add(at.get, i32.const(16 * lanes))),
      ],
      i32.ltU(at.get, n.get),
    ),
  ];
  return { parameters, locals, body };
}

const storeEach =
  (value: (bits: Code) => Code) =>
  (at: Code, bits: readonly Code[]): Code =>
    bits.flatMap((word, i) => v128.store(at, OUT + 16 * i, value(word)));

/** Random words. */
export const bitsKernel = (): WasmFunction => hashKernel({ store: storeEach((word) => word) });

/** Uniforms in [0, 1): 23 bits under the exponent of 1, minus 1. */
export const uniformKernel = (): WasmFunction =>
  hashKernel({
    store: storeEach((word) => f32x4.sub(v128.or(i32x4.shrU(word, 9), f32x4.const(1)), f32x4.const(1))),
  });

/**
 * A function `(n, threshold)` that turns random words at `OUT` into bytes there: 1 where the first 23
 * bits are below the threshold, else 0. It works on 16 at a time. As a part of the hash, it would
 * need four vectors in flight, which is slower than the five of {@link bitsKernel} and this.
 */
export const bernoulliKernel = (): WasmFunction =>
  define([type.i32, type.i32], ([n, threshold], locals) => {
    const at = locals.make(type.i32);
    const limit = locals.make(type.v128);
    const below = [0, 16, 32, 48].map((offset) =>
      i32x4.ltS(i32x4.shrU(v128.load(at.get, OUT + offset), 9), limit.get),
    ) as [Code, Code, Code, Code];
    const [a, b, c, d] = below;
    const bytes = v128.narrowTo8(v128.narrowTo16(a, b), v128.narrowTo16(c, d));
    return [
      ...limit.set(i32x4.splat(threshold!.get)),
      ...n!.set(i32.shl(n!.get, i32.const(2))),
      ...repeatWhile(
        [
          // Sixteen words become sixteen bytes.
          ...v128.store(i32.shrU(at.get, i32.const(2)), OUT, v128.and(bytes, i32x4.const(0x01010101))),
          ...at.increase(i32.const(64)),
        ],
        i32.ltU(at.get, n!.get),
      ),
    ];
  });

/**
 * Writes the source times the scale where the flipped bits are below the limit, else +0.
 * Parameters: limit, scale.
 */
export function maskScaleKernel(): WasmFunction {
  let limit: Local;
  let scale: Local;
  return hashKernel({
    parameters: [type.i32, type.f32],
    flipped: true,
    prepare(locals, [limitParameter, scaleParameter]) {
      limit = locals.make(type.v128);
      scale = locals.make(type.v128);
      return [...limit.set(i32x4.splat(limitParameter!.get)), ...scale.set(f32x4.splat(scaleParameter!.get))];
    },
    store: (at, bits) =>
      bits.flatMap((word, i) => {
        const scaled = f32x4.mul(v128.load(at, SOURCE + 16 * i), scale.get);
        return v128.store(at, OUT + 16 * i, v128.and(i32x4.ltS(word, limit.get), scaled));
      }),
  });
}

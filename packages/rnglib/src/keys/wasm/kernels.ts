/** @file Calls the WebAssembly kernels chunk by chunk. Each kernel is compiled on first use. */
import * as modules from "./kernels.generated.ts";
import { CHUNK, OUT, SOURCE } from "./layout.ts";

type Kernel = (...parameters: number[]) => void;

/** The length from which a kernel with its copies is faster than the plain loop. */
export const SMALLEST = 16;

/** The length from which `set` with a view copies faster than a loop. */
const SMALL_COPY = 64;
const TWO32 = 2 ** 32;

interface Page {
  readonly memory: WebAssembly.Memory;
  readonly words: Uint32Array;
  readonly floats: Float32Array;
  readonly bytes: Uint8Array;
  readonly source: Float32Array;
}

let page: Page | undefined;
let disabled = false;
/** By module. */
const compiled = new Map<string, Kernel>();

/**
 * The bytes that `textOf` of `scripts/wasm-emitter` wrote as text. `@nnxjs/kernels` has the same
 * function, but keys import nothing.
 */
export function bytesIn(text: string): ArrayBuffer {
  const bytes: number[] = [];
  let high = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const place = code === 33 ? 57 : code - 35;
    if (place < 90) bytes.push(high + place - 4);
    high = place < 90 ? 0 : 90 * (place - 89);
  }
  // An array of bytes takes -1 for 255.
  return Uint8Array.from(bytes).buffer;
}

/**
 * Compiles a kernel on first use. Returns undefined where WebAssembly or its SIMD is missing or
 * forbidden.
 */
function kernel(module: string): Kernel | undefined {
  const known = compiled.get(module);
  if (known !== undefined || disabled) return known;
  try {
    page ??= newPage();
    const compiledModule = new WebAssembly.Module(bytesIn(module));
    const instance = new WebAssembly.Instance(compiledModule, { m: { m: page.memory } });
    // The module exports one function of numbers.
    const f = instance.exports.f as Kernel;
    compiled.set(module, f);
    return f;
  } catch {
    // There is no WebAssembly or no SIMD, or a content security policy forbids it. The plain path
    // gives the same numbers.
    disabled = true;
    return undefined;
  }
}

function newPage(): Page {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1)
    throw new Error("Kernels need a little-endian host.");
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  return {
    memory,
    words: new Uint32Array(memory.buffer, OUT, CHUNK),
    floats: new Float32Array(memory.buffer, OUT, CHUNK),
    bytes: new Uint8Array(memory.buffer, OUT, CHUNK),
    source: new Float32Array(memory.buffer, SOURCE, CHUNK),
  };
}

/**
 * Turns the kernels off (false), for tests and measurements, or lets them be tried again (true).
 */
export function useKernels(on: boolean): void {
  disabled = !on;
  if (!on) compiled.clear();
}

/** Whether this engine runs the kernels. */
export const hasKernels = (): boolean => kernel(modules.bits) !== undefined;

/**
 * Calls `run(count, hi, lo, begin)` for pieces. A piece fits into a chunk, and the low word of the
 * counter does not overflow within it.
 */
function inChunks(
  start: number,
  length: number,
  run: (count: number, hi: number, lo: number, begin: number) => void,
): void {
  for (let begin = 0; begin < length; ) {
    const hi = Math.floor((start + begin) / TWO32);
    const lo = start + begin - hi * TWO32;
    const count = Math.min(CHUNK, length - begin, TWO32 - lo);
    run(count, hi, lo, begin);
    begin += count;
  }
}

interface Settable {
  [index: number]: number;
  set(values: ArrayLike<number>, at: number): void;
}

/** `to[begin + i] = from[i]` for i < count. */
function copyOut(
  from: Uint32Array | Float32Array | Uint8Array,
  count: number,
  to: Settable,
  begin: number,
): void {
  if (count === from.length) to.set(from, begin);
  else if (count >= SMALL_COPY) to.set(from.subarray(0, count), begin);
  else for (let i = 0; i < count; i++) to[begin + i] = from[i]!;
}

/** {@link plainBits} by kernel. Returns false when there is none. */
export function kernelBits(
  k0: number,
  k1: number,
  start: number,
  out: Uint32Array | Uint16Array | Uint8Array,
): boolean {
  const bits = kernel(modules.bits);
  if (bits === undefined || page === undefined) return false;
  const { words } = page;
  inChunks(start, out.length, (count, hi, lo, begin) => {
    bits(count, k0, k1, hi, lo);
    copyOut(words, count, out, begin);
  });
  return true;
}

/** {@link plainUniform} by kernel. Returns false when there is none. */
export function kernelUniform(k0: number, k1: number, start: number, out: Float32Array): boolean {
  const uniform = kernel(modules.uniform);
  if (uniform === undefined || page === undefined) return false;
  const { floats } = page;
  inChunks(start, out.length, (count, hi, lo, begin) => {
    uniform(count, k0, k1, hi, lo);
    copyOut(floats, count, out, begin);
  });
  return true;
}

/** {@link plainNormal} by kernels. Returns false when there are none. */
export function kernelNormal(k0: number, k1: number, start: number, out: Float32Array): boolean {
  const bits = kernel(modules.bits);
  const normal = kernel(modules.normal);
  if (bits === undefined || normal === undefined || page === undefined) return false;
  const { floats } = page;
  inChunks(start, out.length, (count, hi, lo, begin) => {
    bits(count, k0, k1, hi, lo);
    normal(count);
    copyOut(floats, count, out, begin);
  });
  return true;
}

/** {@link plainProbit} by kernel. Returns false when there is none. */
export function kernelProbit(values: Float32Array): boolean {
  const probit = kernel(modules.probit);
  if (probit === undefined || page === undefined) return false;
  const { floats } = page;
  inChunks(0, values.length, (count, _hi, _lo, begin) => {
    floats.set(values.subarray(begin, begin + count));
    probit(count);
    copyOut(floats, count, values, begin);
  });
  return true;
}

/**
 * Converts a threshold for the kernels, which compare all 32 bits as signed numbers. `threshold`
 * counts units of 2⁹ and is below 2²³.
 */
const limitOf = (threshold: number): number => (threshold << 9) ^ 0x80000000;

/** {@link plainBernoulli} for 0 < threshold < 2²³ by kernel. Returns false when there is none. */
export function kernelBernoulli(
  k0: number,
  k1: number,
  start: number,
  threshold: number,
  out: Uint8Array,
): boolean {
  const bits = kernel(modules.bits);
  const bernoulli = kernel(modules.bernoulli);
  if (bits === undefined || bernoulli === undefined || page === undefined) return false;
  const { bytes } = page;
  inChunks(start, out.length, (count, hi, lo, begin) => {
    bits(count, k0, k1, hi, lo);
    bernoulli(count, threshold);
    copyOut(bytes, count, out, begin);
  });
  return true;
}

/** {@link plainMaskScale} for 0 < threshold < 2²³ by kernel. Returns false when there is none. */
export function kernelMaskScale(
  k0: number,
  k1: number,
  start: number,
  threshold: number,
  scale: number,
  from: Float32Array,
  out: Float32Array,
): boolean {
  const maskScale = kernel(modules.maskScale);
  if (maskScale === undefined || page === undefined) return false;
  const { floats, source } = page;
  const limit = limitOf(threshold);
  inChunks(start, out.length, (count, hi, lo, begin) => {
    source.set(count === from.length ? from : from.subarray(begin, begin + count));
    maskScale(count, k0, k1, hi, lo, limit, scale);
    copyOut(floats, count, out, begin);
  });
  return true;
}

/** How words become integers: `minval + (high * multiplier + low) % span`. */
export interface IntegerRange {
  readonly span: number;
  readonly multiplier: number;
  readonly minval: number;
}

/**
 * Integers in a range from the high and the low words of two keys, by kernels. Returns false when
 * there are none.
 */
export function kernelRandint(
  h0: number,
  h1: number,
  l0: number,
  l1: number,
  { span, multiplier, minval }: IntegerRange,
  out: Int32Array,
): boolean {
  const bits = kernel(modules.bits);
  const randint = kernel(modules.randint);
  if (bits === undefined || randint === undefined || page === undefined) return false;
  const { words, source } = page;
  const high = new Uint32Array(source.buffer, source.byteOffset, CHUNK);
  inChunks(0, out.length, (count, hi, lo, begin) => {
    if (multiplier !== 0) {
      bits(count, h0, h1, hi, lo);
      high.set(words);
    }
    bits(count, l0, l1, hi, lo);
    randint(count, span, multiplier, minval);
    copyOut(words, count, out, begin);
  });
  return true;
}

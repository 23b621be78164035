/** @file A memory of the kernels' own, into which tensors of the cpu backend are copied. */
import type { ElementArrays } from "../memory/access.ts";
import { upTo } from "../shape.ts";

const PAGE = 65536;
/** 1 GB. Kernels are not for operands that have no room in it. */
const MOST_PAGES = 16384;
/** The memory grows by at least 1 MB. */
const STEP = 16;
/** A memory larger than 64 MB is given up after the call: a WebAssembly memory cannot shrink. */
const KEPT_PAGES = 1024;
const LINE = 64;

let memory: WebAssembly.Memory | undefined;
/** How much of it belongs to a program that is running. */
let lent = 0;

const upToLine = (bytes: number): number => upTo(bytes, LINE);

/** Where pieces of these sizes are, each at the begin of a cache line, and how much they need. */
export function layOut(sizes: readonly number[]): { at: readonly number[]; bytes: number } {
  let bytes = LINE + lent;
  const at = sizes.map((size) => {
    const start = bytes;
    // One more line, so that operands of a power of two do not all begin at one place of the cache.
    bytes += upToLine(size) + LINE;
    return start;
  });
  return { at, bytes };
}

/** A memory with room for `bytes` bytes, or undefined when there is none. */
export function memoryWith(bytes: number): WebAssembly.Memory | undefined {
  const needed = Math.ceil(bytes / PAGE);
  if (needed > MOST_PAGES) return undefined;
  try {
    memory ??= new WebAssembly.Memory({ initial: STEP, maximum: MOST_PAGES });
    const pages = memory.buffer.byteLength / PAGE;
    if (needed > pages) memory.grow(Math.min(Math.max(needed - pages, STEP, pages >> 1), MOST_PAGES - pages));
    return memory;
  } catch {
    return undefined;
  }
}

let wholes: ElementArrays | undefined;

/** All of a memory, until it grows. A view of each operand would cost more than small copies do. */
export function wholesOf({ buffer }: WebAssembly.Memory): ElementArrays {
  if (wholes?.bool.buffer !== buffer)
    wholes = {
      float32: new Float32Array(buffer),
      int32: new Int32Array(buffer),
      bool: new Uint8Array(buffer),
    };
  return wholes;
}

/** Gives up a memory that one large call made large. */
export function trimMemory(): void {
  if (lent === 0 && memory && memory.buffer.byteLength > KEPT_PAGES * PAGE) dropMemory();
}

/** Gives up the memory. */
export function dropMemory(): void {
  memory = undefined;
  wholes = undefined;
}

/**
 * Lends the first `bytes` bytes, until {@link giveBackOwnMemory}: kernels use what comes after them.
 * @returns where they begin; undefined where some are lent already, or there is no memory.
 */
export function lendOwnMemory(bytes: number): number | undefined {
  if (lent > 0 || !memoryWith(2 * LINE + bytes)) return undefined;
  lent = upToLine(bytes) + LINE;
  return LINE;
}

/** Gives back what {@link lendOwnMemory} gave. */
export function giveBackOwnMemory(): void {
  lent = 0;
  trimMemory();
}

/** The address of `bytes` bytes after those that are lent, until the next call of a kernel. */
export const ownScratch = (bytes: number): number | undefined =>
  memoryWith(2 * LINE + lent + bytes) && LINE + lent;

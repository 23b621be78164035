/** @file A memory of the kernels' own, into which tensors of the cpu backend are copied. */

const PAGE = 65536;
/** 1 GB. Kernels are not for operands that have no room in it. */
const MOST_PAGES = 16384;
/** The memory grows by at least 1 MB. */
const STEP = 16;
/** A memory larger than 64 MB is given up after the call: a WebAssembly memory cannot shrink. */
const KEPT_PAGES = 1024;
const LINE = 64;

let memory: WebAssembly.Memory | undefined;

/** Where pieces of these sizes are, each at the begin of a cache line, and how much they need. */
export function layOut(sizes: readonly number[]): { at: readonly number[]; bytes: number } {
  let bytes = LINE;
  const at = sizes.map((size) => {
    const start = bytes;
    // One more line, so that operands of a power of two do not all begin at one place of the cache.
    bytes += Math.ceil(size / LINE) * LINE + LINE;
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

/** All of a memory, by dtype. */
export interface Wholes {
  readonly float32: Float32Array;
  readonly int32: Int32Array;
  readonly bool: Uint8Array;
}

let wholes: Wholes | undefined;

/** All of a memory, until it grows. A view of each operand would cost more than small copies do. */
export function wholesOf({ buffer }: WebAssembly.Memory): Wholes {
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
  if (memory && memory.buffer.byteLength > KEPT_PAGES * PAGE) dropMemory();
}

/** Gives up the memory. */
export function dropMemory(): void {
  memory = undefined;
  wholes = undefined;
}

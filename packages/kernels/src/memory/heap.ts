/** @file tensorflow.js's own wasm memory, in which kernels find the tensors of its wasm backend. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { sizeOf } from "../shape.ts";

/**
 * A `WebAssembly.Memory`. Declarations do not name that type, which programs without the types of a
 * browser or of Node do not have.
 */
export interface WasmMemory {
  readonly buffer: ArrayBufferLike;
}

/** What this file uses of tensorflow.js's wasm module. None of it is public, so all is checked. */
interface TensorflowModule {
  readonly HEAPU8?: Uint8Array;
  /** In the threaded build. */
  readonly wasmMemory?: unknown;
  /** In the others. */
  readonly asm?: { readonly memory?: unknown };
  readonly _malloc?: (bytes: number) => number;
  readonly _free?: (address: number) => void;
  readonly tfjs?: {
    readonly getThreadsCount?: () => number;
    readonly registerTensor?: (id: number, size: number, address: number) => void;
    readonly disposeData?: (id: number) => void;
  };
}

interface TensorflowBackend {
  readonly wasm?: TensorflowModule | null;
  readonly dataIdMap?: {
    get(dataId: object): { readonly memoryOffset?: unknown; readonly id?: unknown } | undefined;
  };
}

const moduleOf = (backend: object): TensorflowModule | undefined =>
  (backend as TensorflowBackend).wasm ?? undefined;

/** The memory of tensorflow.js's wasm backend, or undefined where it is out of reach. */
export function heapOf(backend: object): WasmMemory | undefined {
  const wasm = moduleOf(backend);
  const memory = wasm?.wasmMemory ?? wasm?.asm?.memory;
  if (!(memory instanceof WebAssembly.Memory)) return undefined;
  return memory.buffer === wasm?.HEAPU8?.buffer ? memory : undefined;
}

/** Where a tensor's values begin on the heap, or undefined when that cannot be told. */
export function addressOf(backend: object, { dataId }: TensorInfo): number | undefined {
  const address = (backend as TensorflowBackend).dataIdMap?.get(dataId)?.memoryOffset;
  return typeof address === "number" ? address : undefined;
}

/**
 * Whether tensorflow.js can be told that the values of a tensor change where they are: XNNPACK
 * keeps filters and matrices packed, by the number of their data.
 */
export function canForgetPacked(backend: object): boolean {
  const tfjs = moduleOf(backend)?.tfjs;
  return tfjs?.disposeData !== undefined && tfjs.registerTensor !== undefined;
}

/** Says that the values of a tensor change where they are. See {@link canForgetPacked}. */
export function forgetPacked(backend: object, { dataId, shape }: TensorInfo): void {
  const tfjs = moduleOf(backend)?.tfjs;
  const data = (backend as TensorflowBackend).dataIdMap?.get(dataId);
  if (typeof data?.id !== "number" || typeof data.memoryOffset !== "number") return;
  // This ends what is kept for the data. The memory itself is allocated and freed apart from it.
  tfjs?.disposeData?.(data.id);
  tfjs?.registerTensor?.(data.id, sizeOf(shape), data.memoryOffset);
}

/** How many threads tensorflow.js's own kernels use. */
export const threadsOf = (backend: object): number => moduleOf(backend)?.tfjs?.getThreadsCount?.() ?? 1;

/** Memory on the heap that one call of a kernel uses after the other. */
interface Scratch {
  readonly start: number;
  readonly bytes: number;
}

const LINE = 64;
const STEP = 2 ** 16;

let scratches = new Map<TensorflowModule, Scratch>();

/**
 * The address of `bytes` bytes on the heap for a kernel's own use, until the next call. The heap
 * may grow, so that views of it have to be made afterwards. Returns undefined when there is no
 * memory left.
 */
export function scratchOn(backend: object, bytes: number): number | undefined {
  const wasm = moduleOf(backend);
  if (!wasm?._malloc || !wasm._free) return undefined;
  const before = scratches.get(wasm);
  if (before && before.bytes >= bytes) return before.start;
  if (before) wasm._free(before.start);
  scratches.delete(wasm);
  const size = Math.ceil(bytes / STEP) * STEP;
  const at = wasm._malloc(size + LINE) >>> 0;
  if (at === 0) return undefined;
  scratches.set(wasm, { start: at, bytes: size });
  return at;
}

/** Memory for what is between kernels. */
interface Block {
  readonly start: number;
  readonly bytes: number;
  isLent: boolean;
}

/** The first cache line from an address on. */
const lineFrom = (address: number): number => Math.ceil(address / LINE) * LINE;

let blocks = new Map<TensorflowModule, Block>();
/** A larger block is freed after its use. */
const KEPT = 2 ** 24;

/**
 * The address of `bytes` bytes on the heap, at the begin of a cache line, until
 * {@link giveBackMemory}. Returns undefined when there is no memory left.
 */
export function lendMemory(backend: object, bytes: number): number | undefined {
  const wasm = moduleOf(backend);
  if (!wasm?._malloc || !wasm._free) return undefined;
  const kept = blocks.get(wasm);
  if (kept && !kept.isLent && kept.bytes >= bytes) {
    kept.isLent = true;
    return lineFrom(kept.start);
  }
  if (kept && !kept.isLent) {
    wasm._free(kept.start);
    blocks.delete(wasm);
  }
  const start = wasm._malloc(bytes + LINE) >>> 0;
  if (start === 0) return undefined;
  if (!blocks.has(wasm) && bytes <= KEPT) blocks.set(wasm, { start, bytes, isLent: true });
  else others.set(lineFrom(start), start);
  return lineFrom(start);
}

/** Where blocks begin that are lent and not kept, by the addresses that were given. */
const others = new Map<number, number>();

/** Gives back what {@link lendMemory} gave. */
export function giveBackMemory(backend: object, address: number): void {
  const wasm = moduleOf(backend);
  const kept = wasm && blocks.get(wasm);
  if (kept && lineFrom(kept.start) === address) {
    kept.isLent = false;
    return;
  }
  const start = others.get(address);
  if (start !== undefined) wasm?._free?.(start);
  others.delete(address);
}

/** Frees what {@link scratchOn} and {@link lendMemory} keep, on all heaps. */
export function freeScratch(): void {
  for (const [wasm, { start }] of scratches) wasm._free?.(start);
  for (const [wasm, { start, isLent }] of blocks) if (!isLent) wasm._free?.(start);
  scratches = new Map();
  blocks = new Map();
}

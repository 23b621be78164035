/** @file What planned calls of WebAssembly functions need of the cpu and wasm backends. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { hasReachableMemory } from "../backends.ts";
import { arrayOf, isHeap, type LoopDtype } from "../memory/access.ts";
import { arrayFor, bytesPerElement, recyclable } from "../memory/recycled.ts";
import { sizeOf } from "../shape.ts";
import {
  addressOf,
  giveBackMemory as giveBackHeap,
  heapOf,
  lendMemory as lendHeap,
  scratchOn,
} from "../memory/heap.ts";
import { areKernelsOn } from "./module.ts";
import { giveBackOwnMemory, lendOwnMemory, memoryWith, ownScratch, wholesOf } from "./own-memory.ts";

/** A program that needs more on cpu runs its kernels one by one: copies would leave the caches. */
const MOST_ON_CPU = 2 ** 24;

const memoryOf = (backend: object): object | undefined => (isHeap(backend) ? heapOf(backend) : memoryWith(0));

/** What plans hold for: the memory that their functions work on. Missing where there are none. */
export const planMemory = (backend: object): object | undefined =>
  areKernelsOn() && hasReachableMemory() ? memoryOf(backend) : undefined;

/** Whether kernels can be run by their calls alone. */
export const takesPlans = (backend: object): boolean => planMemory(backend) !== undefined;

/** Whether values are copied to the memory and from it, as on cpu. Else they are there. */
export const copiesForPlans = (backend: object): boolean => !isHeap(backend);

/**
 * Lends memory for what is between kernels, until {@link giveBackMemory}.
 * @returns its address; undefined where there is none.
 */
export function lendMemory(backend: object, bytes: number): number | undefined {
  if (isHeap(backend)) return lendHeap(backend, bytes);
  return bytes > MOST_ON_CPU ? undefined : lendOwnMemory(bytes);
}

/** Gives back what {@link lendMemory} gave. */
export function giveBackMemory(backend: object, address: number): void {
  if (isHeap(backend)) giveBackHeap(backend, address);
  else giveBackOwnMemory();
}

/** Where a tensor begins. */
export function addressOn(backend: object, info: TensorInfo): number {
  const address = addressOf(backend, info);
  if (address === undefined) throw new Error("kernels: expected a tensor of the wasm backend.");
  return address;
}

/** A new tensor, which holds anything. */
export function outputOn(backend: object, shape: readonly number[], dtype: string): TensorInfo {
  if (!isHeap(backend)) throw new Error("kernels: expected the wasm backend.");
  return backend.makeOutput([...shape], dtype as LoopDtype);
}

/** Where a kernel finds its scratch memory, until the next call. */
export function scratchAt(backend: object, bytes: number): number {
  const start = isHeap(backend) ? scratchOn(backend, bytes) : ownScratch(bytes);
  if (start === undefined)
    throw new Error(`kernels: expected ${bytes} bytes of memory, got none. Dispose what is not needed.`);
  return (start + 63) & -64;
}

/** Copies the values of a tensor of the cpu backend to an address. */
export function copyTo(backend: object, info: TensorInfo, address: number): void {
  const dtype = info.dtype as LoopDtype;
  const memory = memoryWith(0);
  if (memory) wholesOf(memory)[dtype].set(arrayOf(backend, info), address / bytesPerElement[dtype]);
}

/** A tensor of the cpu backend with the values at an address. */
export function copyFrom(
  backend: object,
  shape: readonly number[],
  dtype: string,
  address: number,
): TensorInfo {
  const type = dtype as LoopDtype;
  const size = sizeOf(shape);
  const array = arrayFor(type, size);
  const start = address / bytesPerElement[type];
  const memory = memoryWith(0);
  if (memory) array.set(wholesOf(memory)[type].subarray(start, start + size));
  return recyclable(backend, shape, type, array);
}

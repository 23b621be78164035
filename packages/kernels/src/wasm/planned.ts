/** @file What planned calls of WebAssembly functions need of the wasm backend. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { isHeap, type LoopDtype } from "../memory/access.ts";
import { addressOf, heapOf, scratchOn } from "./heap.ts";
import { areKernelsOn } from "./module.ts";

export { giveBackMemory, lendMemory } from "./heap.ts";

/** Whether kernels can be run by their calls alone. */
export const takesPlans = (backend: object): boolean =>
  areKernelsOn() && isHeap(backend) && heapOf(backend) !== undefined;

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
  const start = scratchOn(backend, bytes);
  if (start === undefined)
    throw new Error(`kernels: expected ${bytes} bytes of memory, got none. Dispose what is not needed.`);
  return (start + 63) & -64;
}

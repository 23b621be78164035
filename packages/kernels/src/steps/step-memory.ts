/** @file Steps that write over what they read, where nobody else can have seen it. */
import { engine, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import { backendOf } from "../engine.ts";
import { isHeap } from "../memory/access.ts";
import { isUnseen } from "../memory/recycled.ts";
import { canForgetPacked } from "../memory/heap.ts";

/** Which tensors one step may write over, and which it made. */
export interface StepMemory {
  /** Parameters and moments that the caller alone has. */
  readonly mayOverwrite: ReadonlySet<Tensor>;
  /** What kernels made for the caller alone. */
  readonly made: Set<Tensor>;
}

/** That of the step that is being taken. */
export let stepMemory: StepMemory | undefined;

/**
 * Runs `f`. A step in it that ends with the parameters writes them, and its moments, over those
 * before, where the memory allows that and their data have no other tensor. Without a memory, each
 * step makes new tensors.
 */
export function withStepMemory<R>(memory: StepMemory | undefined, f: () => R): R {
  const outer = stepMemory;
  stepMemory = memory;
  try {
    return f();
  } finally {
    stepMemory = outer;
  }
}

/**
 * Whether no other tensor has the data of `x`, and the backend in use has them and can be told that
 * they change. On cpu arrays are handed on, to tensors of parts and to whoever reads values: nobody may
 * have asked for it.
 */
export function isSole(x: TensorInfo): boolean {
  const { backend } = engine();
  if (backendOf(x.dataId) !== backend || backend.refCount(x.dataId) !== 1) return false;
  return isHeap(backend) ? canForgetPacked(backend) : isUnseen(backend, x.dataId);
}

/** Whether a parameter and its moments may be written over. */
export function canOverwrite(parameter: Tensor, moments: readonly Tensor[]): boolean {
  const allowed = stepMemory?.mayOverwrite;
  if (!allowed) return false;
  const all = [parameter, ...moments];
  return new Set(all).size === all.length && all.every((x) => allowed.has(x) && isSole(x));
}

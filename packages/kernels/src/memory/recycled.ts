/**
 * @file Memory of results on cpu, taken again for later results. New memory costs more than the
 * arithmetic of most kernels: the system clears it, page by page, and the engine collects it.
 *
 * Memory is taken again only where nobody else can have it: our kernels read it in place, and
 * whoever else asks for the values of a tensor keeps its memory from being used again, or written over.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { ArrayBackend, ElementArrays, Elements, LoopDtype } from "./access.ts";

/** Smaller arrays cost less than what is kept about them. */
const LEAST_BYTES = 4096;
/** What is free at most. */
const MOST_BYTES = 128 * 2 ** 20;

/** The arrays in which elements are, by dtype. */
export const arrayTypes: {
  readonly float32: Float32ArrayConstructor;
  readonly int32: Int32ArrayConstructor;
  readonly bool: Uint8ArrayConstructor;
} = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** How many bytes an element has, by dtype. */
export const bytesPerElement: { readonly float32: 4; readonly int32: 4; readonly bool: 1 } = {
  float32: 4,
  int32: 4,
  bool: 1,
};

/** The buffers that are free, by their size in bytes. */
const free = new Map<number, ArrayBuffer[]>();
let freeBytes = 0;
/** Whether results take memory again: from the first one on, until {@link dropFree}. */
let isInUse = false;

/** How many bytes are free to be taken again. */
export const freeMemory = (): number => freeBytes;

function giveBack(buffer: ArrayBuffer): void {
  const bytes = buffer.byteLength;
  if (!isInUse || bytes < LEAST_BYTES || bytes > MOST_BYTES) return;
  const buffers = free.get(bytes) ?? [];
  buffers.push(buffer);
  // A map keeps the order of entry: the size that was used last is the last.
  free.delete(bytes);
  free.set(bytes, buffers);
  freeBytes += bytes;
  for (const [size, all] of free) {
    while (freeBytes > MOST_BYTES && all.pop()) freeBytes -= size;
    if (freeBytes <= MOST_BYTES) return;
    free.delete(size);
  }
}

function taken(bytes: number): ArrayBuffer | undefined {
  isInUse = true;
  const buffers = free.get(bytes);
  if (!buffers) return undefined;
  freeBytes -= bytes;
  const buffer = buffers.pop();
  if (buffers.length === 0) free.delete(bytes);
  return buffer;
}

/** An array for a result, which holds anything. */
export function arrayFor<D extends LoopDtype>(dtype: D, size: number): ElementArrays[D] {
  const make = arrayTypes[dtype];
  const buffer = taken(size * make.BYTES_PER_ELEMENT);
  // `arrayTypes[dtype]` makes `ElementArrays[D]`, which the index type does not say.
  return (buffer ? new make(buffer) : new make(size)) as ElementArrays[D];
}

/** {@link arrayFor}, of zeros. */
export function zerosFor<D extends LoopDtype>(dtype: D, size: number): ElementArrays[D] {
  const make = arrayTypes[dtype];
  const buffer = taken(size * make.BYTES_PER_ELEMENT);
  return (buffer ? new make(buffer).fill(0) : new make(size)) as ElementArrays[D];
}

/** Gives up the memory that is free. */
export function dropFree(): void {
  free.clear();
  freeBytes = 0;
  isInUse = false;
}

/** What the cpu backend has of a tensor, for one whose memory may be taken again. */
class Recyclable {
  readonly dtype: LoopDtype;
  /** The values, for those who do not keep them. */
  array: Elements;
  /** Whether anybody but our kernels asked for the values. */
  isSeen = false;
  refCount = 1;
  readonly complexTensorInfos: undefined;
  constructor(dtype: LoopDtype, array: Elements) {
    this.dtype = dtype;
    this.array = array;
  }
  get values(): Elements {
    this.isSeen = true;
    return this.array;
  }
  set values(values: Elements) {
    this.isSeen = true;
    this.array = values;
  }
}

/** The data of the cpu backend; there at run time, but not in its types. */
interface ArrayStore {
  get(dataId: object): { readonly values?: unknown } | undefined;
  set(dataId: object, data: object): void;
  delete(dataId: object): boolean;
}
/** Backends on a GPU have none: what they are given they copy to a texture. */
const storeOf = (backend: object): ArrayStore | undefined => (backend as { readonly data?: ArrayStore }).data;

const watched = new WeakSet<ArrayStore>();

/** Takes the memory of tensors back when they are freed. */
function watch(store: ArrayStore): void {
  watched.add(store);
  const remove = store.delete.bind(store);
  store.delete = (dataId) => {
    const data = store.get(dataId);
    if (data instanceof Recyclable && !data.isSeen && data.refCount <= 0)
      giveBack(data.array.buffer as ArrayBuffer);
    return remove(dataId);
  };
}

/**
 * A tensor of an array that {@link arrayFor} made, whose memory is taken again on cpu. Nobody else may
 * have the array.
 * @param isWatched - Whether {@link isUnseen} is to know it, however small it is.
 */
export function recyclable(
  backend: object,
  shape: readonly number[],
  dtype: LoopDtype,
  array: Elements,
  isWatched = false,
): TensorInfo {
  const info = (backend as ArrayBackend).makeTensorInfo([...shape], dtype, array);
  const store = storeOf(backend);
  if (!store || (array.byteLength < LEAST_BYTES && !isWatched)) return info;
  if (!watched.has(store)) watch(store);
  // The store counts its tensors: one less, and one more.
  store.delete(info.dataId);
  store.set(info.dataId, new Recyclable(dtype, array));
  return info;
}

/** What is kept of a tensor: its values as somebody sees them who does not keep them. */
export function glimpse(backend: object, dataId: object): unknown {
  const data = storeOf(backend)?.get(dataId);
  return data instanceof Recyclable ? data.array : data?.values;
}

/** Whether nobody but our kernels has asked for the values of a tensor that one of them made on cpu. */
export function isUnseen(backend: object, dataId: object): boolean {
  const data = storeOf(backend)?.get(dataId);
  return data instanceof Recyclable && !data.isSeen;
}

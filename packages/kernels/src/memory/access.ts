/** @file Access to tensor values in place, on backends with synchronous memory (cpu and wasm). */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { sizeOf } from "../shape.ts";
import { heapOf } from "./heap.ts";
import { arrayTypes, glimpse, recyclable, zerosFor } from "./recycled.ts";

/** The dtypes whose elements can be written in place, with their array types. */
export interface ElementArrays {
  float32: Float32Array;
  int32: Int32Array;
  bool: Uint8Array;
}

/** A dtype that a loop can write. */
export type LoopDtype = keyof ElementArrays;

/** The elements of one tensor. */
export type Elements = ElementArrays[LoopDtype];

/** Shape and dtype of a tensor that a loop writes. */
export interface Output {
  readonly shape: readonly number[];
  readonly dtype: LoopDtype;
}

/** Methods of the wasm backend that its types leave out. */
export interface HeapBackend {
  makeOutput(shape: number[], dtype: LoopDtype): TensorInfo;
  /** It takes the heap's memory before it asks for the data, which may make the heap grow. */
  typedArrayFromHeap(info: TensorInfo): Elements;
  getMemoryOffset(dataId: object): number;
  disposeData(dataId: object): boolean;
}

/**
 * Methods of the cpu backend that its types leave out. `readSync` returns the array that the
 * backend computes with, not a copy.
 */
export interface ArrayBackend {
  readSync(dataId: object): Elements;
  makeTensorInfo(shape: number[], dtype: LoopDtype, values: Elements): TensorInfo;
  disposeData(dataId: object): boolean;
}

/** Of so few elements a loop copies sooner than a call of `set`. */
export const FEW = 32;

/** Copies a run of elements. */
export function copyRun(from: Elements, start: number, to: Elements): void {
  if (to.length > FEW) to.set(from.subarray(start, start + to.length));
  else for (let i = 0; i < to.length; i++) to[i] = from[start + i]!;
}

/** An array of zeros. */
export const zerosOf = <D extends LoopDtype>(dtype: D, size: number): ElementArrays[D] =>
  // `arrayTypes[dtype]` is the constructor of `ElementArrays[D]`, which the index type does not say.
  new arrayTypes[dtype](size) as ElementArrays[D];

/**
 * Whether a backend keeps its values on a heap. New memory on a heap is uninitialised; a new array
 * holds zeros.
 */
export const isHeap = (backend: object): backend is HeapBackend => "typedArrayFromHeap" in backend;

/**
 * Views of tensors on a heap, valid until it grows. It may grow for tensors that are still on another
 * backend, so all of them are brought before the first view is made.
 */
function viewsOf(backend: HeapBackend, infos: readonly TensorInfo[]): Elements[] {
  for (const { dataId } of infos) backend.getMemoryOffset(dataId);
  const { buffer } = heapOf(backend) ?? {};
  return infos.map((info) =>
    buffer && info.dtype === "float32" && info.shape.length === 0
      ? scalarView(buffer, backend.getMemoryOffset(info.dataId))
      : backend.typedArrayFromHeap(info),
  );
}

/** The views of scalars by where they are. To make one costs more than to compute with it. */
const scalarViews = new Map<number, Float32Array>();
let scalarsIn: ArrayBufferLike | undefined;
const MOST_VIEWS = 1024;

function scalarView(buffer: ArrayBufferLike, address: number): Float32Array {
  if (buffer !== scalarsIn || scalarViews.size > MOST_VIEWS) scalarViews.clear();
  scalarsIn = buffer;
  let view = scalarViews.get(address);
  if (!view) {
    view = new Float32Array(buffer, address, 1);
    scalarViews.set(address, view);
  }
  return view;
}

/** A backend that keeps its values in arrays: cpu. */
export const arraysOf = (backend: object): ArrayBackend => backend as ArrayBackend;

/**
 * The elements of a tensor of the cpu backend, as they are, for a kernel that does not keep them.
 * `readSync` makes a new array of all bools, one by one.
 */
export function arrayOf(backend: object, { dataId, dtype }: TensorInfo): Elements {
  const values = glimpse(backend, dataId);
  const isKept = dtype in arrayTypes && values instanceof arrayTypes[dtype as LoopDtype];
  return isKept ? values : arraysOf(backend).readSync(dataId);
}

/**
 * The elements of a tensor where they are, until the heap grows.
 * @param backend - One whose memory is within reach.
 */
export const elementsOf = (backend: object, info: TensorInfo): Elements =>
  isHeap(backend) ? viewsOf(backend, [info])[0]! : (backend as ArrayBackend).readSync(info.dataId);

/**
 * Creates tensors with one loop over the values of others.
 * @param backend - cpu or wasm.
 * @param run - Writes every element of each output. It must not keep the arrays or write to the
 * inputs. If it throws, the new memory is freed.
 * @param isWatched - As for {@link recyclable}.
 */
export function loops(
  backend: object,
  inputs: readonly TensorInfo[],
  outputs: readonly Output[],
  run: (inputs: readonly Elements[], outputs: readonly Elements[]) => void,
  isWatched = false,
): TensorInfo[] {
  if (isHeap(backend)) {
    // Allocate first: allocation may grow the heap, which makes views of it invalid.
    const infos = outputs.map(({ shape, dtype }) => backend.makeOutput([...shape], dtype));
    try {
      const given = viewsOf(backend, inputs);
      run(given, viewsOf(backend, infos));
    } catch (error) {
      for (const info of infos) free(backend, info);
      throw error;
    }
    return infos;
  }
  const values = outputs.map(({ shape, dtype }) => zerosFor(dtype, sizeOf(shape)));
  run(
    inputs.map((input) => arrayOf(backend, input)),
    values,
  );
  return outputs.map(({ shape, dtype }, i) => recyclable(backend, shape, dtype, values[i]!, isWatched));
}

/** {@link loops} with one output. */
export const loop = (
  backend: object,
  inputs: readonly TensorInfo[],
  output: Output,
  run: (inputs: readonly Elements[], out: Elements) => void,
): TensorInfo => loops(backend, inputs, [output], (values, [out]) => run(values, out!))[0]!;

/** A new tensor with one value everywhere. */
export const filled = (backend: object, output: Output, value: number): TensorInfo =>
  loop(backend, [], output, (_inputs, out) => out.fill(value));

/** Frees a tensor that a kernel made for its own use. */
export function free(backend: object, { dataId }: TensorInfo): void {
  (backend as ArrayBackend | HeapBackend).disposeData(dataId);
}

/** Whether the values may contain NaN. Summing them costs a tenth of testing each one. */
function mayHoldNaN(x: Elements): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = x.length - (x.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += x[i]!;
    b += x[i + 1]!;
    c += x[i + 2]!;
    d += x[i + 3]!;
  }
  for (let i = whole; i < x.length; i++) a += x[i]!;
  // Infinities of both signs also sum to NaN. That only sends the caller to the slower loop.
  return Number.isNaN(a + b + c + d);
}

/** Whether a tensor on a heap may contain NaN, which the vectorised kernels lose. */
export const holdsNaN = (backend: object, x: TensorInfo): boolean =>
  isHeap(backend) && mayHoldNaN(elementsOf(backend, x));

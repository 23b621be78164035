/**
 * @file The values of tensors where they are, on the backends whose memory can be read and written
 * at once (cpu and wasm).
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { sizeOf } from "../shape.ts";

/** The dtypes whose elements can be written in place, and their arrays. */
export interface ElementArrays {
  float32: Float32Array;
  int32: Int32Array;
  bool: Uint8Array;
}

/** The dtypes that loops write. */
export type LoopDtype = keyof ElementArrays;

/** Elements of a tensor. */
export type Elements = ElementArrays[LoopDtype];

/** What comes out of a loop. */
export interface Output {
  readonly shape: readonly number[];
  readonly dtype: LoopDtype;
}

/** What the wasm backend offers beyond its types: views of its heap, valid until it grows. */
interface HeapBackend {
  makeOutput(shape: number[], dtype: LoopDtype): TensorInfo;
  typedArrayFromHeap(info: TensorInfo): Elements;
  disposeData(dataId: object): boolean;
}

/**
 * What the cpu backend offers beyond its types. `readSync` gives the very array that it computes
 * with.
 */
interface ArrayBackend {
  readSync(dataId: object): Elements;
  makeTensorInfo(shape: number[], dtype: LoopDtype, values: Elements): TensorInfo;
  disposeData(dataId: object): boolean;
}

const newArray = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** An array of zeros. */
export const zerosOf = <D extends LoopDtype>(dtype: D, size: number): ElementArrays[D] =>
  // The constructor that has this name.
  new newArray[dtype](size) as ElementArrays[D];

/**
 * Whether a backend has its values on a heap. Memory of a heap comes as it was left, an array with
 * zeros.
 */
export const isHeap = (backend: object): backend is HeapBackend => "typedArrayFromHeap" in backend;

/**
 * The elements of a tensor where they are, until the heap grows.
 * @param backend - One whose memory is within reach.
 */
export const elementsOf = (backend: object, info: TensorInfo): Elements =>
  isHeap(backend) ? backend.typedArrayFromHeap(info) : (backend as ArrayBackend).readSync(info.dataId);

/**
 * New tensors of a backend from one loop over the values of others.
 * @param backend - One whose memory is within reach.
 * @param run - Writes every element of each output; it must not keep the arrays, nor write to the
 * inputs. What it throws leaves no memory allocated.
 */
export function loops(
  backend: object,
  inputs: readonly TensorInfo[],
  outputs: readonly Output[],
  run: (inputs: readonly Elements[], outputs: readonly Elements[]) => void,
): TensorInfo[] {
  if (isHeap(backend)) {
    // All memory first: allocating may move the heap.
    const infos = outputs.map(({ shape, dtype }) => backend.makeOutput([...shape], dtype));
    try {
      run(
        inputs.map((input) => backend.typedArrayFromHeap(input)),
        infos.map((info) => backend.typedArrayFromHeap(info)),
      );
    } catch (error) {
      for (const info of infos) free(backend, info);
      throw error;
    }
    return infos;
  }
  const arrays = backend as ArrayBackend;
  const values = outputs.map(({ shape, dtype }) => zerosOf(dtype, sizeOf(shape)));
  run(
    inputs.map(({ dataId }) => arrays.readSync(dataId)),
    values,
  );
  return outputs.map(({ shape, dtype }, i) => arrays.makeTensorInfo([...shape], dtype, values[i]!));
}

/** One new tensor from a {@link loops}. */
export const loop = (
  backend: object,
  inputs: readonly TensorInfo[],
  output: Output,
  run: (inputs: readonly Elements[], out: Elements) => void,
): TensorInfo => loops(backend, inputs, [output], (values, [out]) => run(values, out!))[0]!;

/** A new tensor with one value everywhere. */
export const filled = (backend: object, output: Output, value: number): TensorInfo =>
  loop(backend, [], output, (_inputs, out) => out.fill(value));

/** Frees what a kernel made for itself. */
export function free(backend: object, { dataId }: TensorInfo): void {
  (backend as ArrayBackend | HeapBackend).disposeData(dataId);
}

/**
 * Whether NaN may be among the values: a sum of them tells, at a tenth of what a loop costs that
 * asks each.
 */
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
  // Infinities of both signs say so too; they only cost a slower loop.
  return Number.isNaN(a + b + c + d);
}

/** Whether a tensor on a heap may hold NaN, which the vectorised kernels lose. */
export const holdsNaN = (backend: object, x: TensorInfo): boolean =>
  isHeap(backend) && mayHoldNaN(backend.typedArrayFromHeap(x));

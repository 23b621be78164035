/**
 * @file Loops over the values of tensors, on the backends whose memory can be read and written at
 * once (cpu and wasm).
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { sizeOf } from "../broadcasting.ts";

/** Elements of a tensor. */
export type Elements = Float32Array | Int32Array | Uint8Array;

/** The dtypes that loops write. */
export type LoopDtype = "float32" | "int32" | "bool";

/** What comes out of a loop. */
export interface Output {
  readonly shape: readonly number[];
  readonly dtype: LoopDtype;
}

/** Writes every element of `out`; it must not keep the arrays, nor write to the inputs. */
export type Loop = (inputs: readonly Elements[], out: Elements) => void;

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

const isHeap = (backend: object): backend is HeapBackend => "typedArrayFromHeap" in backend;

/** A new tensor of a backend from a loop over the values of others. */
export function loop(
  backend: object,
  inputs: readonly TensorInfo[],
  { shape, dtype }: Output,
  run: Loop,
): TensorInfo {
  if (isHeap(backend)) {
    // The memory first: allocating may move the heap.
    const info = backend.makeOutput([...shape], dtype);
    run(
      inputs.map((input) => backend.typedArrayFromHeap(input)),
      backend.typedArrayFromHeap(info),
    );
    return info;
  }
  const arrays = backend as ArrayBackend;
  const out = new newArray[dtype](sizeOf(shape));
  run(
    inputs.map(({ dataId }) => arrays.readSync(dataId)),
    out,
  );
  return arrays.makeTensorInfo([...shape], dtype, out);
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

/** Whether a tensor on wasm may hold NaN, which the vectorised kernels lose. */
export const holdsNaN = (backend: object, x: TensorInfo): boolean =>
  isHeap(backend) && mayHoldNaN(backend.typedArrayFromHeap(x));

/** A new tensor with one value everywhere. */
export const filled = (backend: object, output: Output, value: number): TensorInfo =>
  loop(backend, [], output, (_inputs, out) => out.fill(value));

/** Frees what a kernel made for itself. */
export function free(backend: object, { dataId }: TensorInfo): void {
  (backend as ArrayBackend | HeapBackend).disposeData(dataId);
}

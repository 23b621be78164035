/**
 * @file The bytes of tensors, piece by piece: what writes a tensor to a file, or reads one, never
 * has a second copy of all of it.
 */
import { complex, engine, tensor, type Tensor } from "@tensorflow/tfjs-core";
import { hasReachableMemory } from "../backends.ts";
import { backendOf } from "../engine.ts";
import { type ElementArrays, type Elements, elementsOf, isHeap } from "./access.ts";
import { recorder } from "../recorder.ts";
import { newTensor } from "./new-tensor.ts";

/**
 * Values of other dtypes are converted whenever the cpu backend is asked for them: they are read
 * and written as a whole.
 */
const isPiecewise = (dtype: string): dtype is "float32" | "int32" => dtype === "float32" || dtype === "int32";

const bytesOf = ({ buffer, byteOffset, byteLength }: Elements): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/**
 * Copies bytes of a tensor's values, on the backends whose memory can be read at once (cpu, wasm).
 * @param start - The first byte.
 * @param into - Is filled; the tensor must have that many bytes from `start` on.
 * @returns `false`, and copies nothing, for tensors of other backends and dtypes: `data()` has
 * them.
 */
export function copyBytes(x: Tensor, start: number, into: Uint8Array): boolean {
  recorder?.read(x.dataId);
  const { backend } = engine();
  if (!isPiecewise(x.dtype) || !hasReachableMemory()) return false;
  if (backendOf(x.dataId) !== backend) return false;
  const bytes = bytesOf(elementsOf(backend, x));
  into.set(bytes.subarray(start, start + into.length));
  return true;
}

/** A tensor that gets its bytes piece by piece. */
export interface Filling {
  /** Zero where nothing was written yet. */
  readonly tensor: Tensor;
  /** Copies bytes to where `start` says, before anybody else sees the tensor. */
  write(start: number, from: Uint8Array): void;
}

/**
 * A new tensor of zeros whose bytes can be written; `undefined` on backends whose memory is out of
 * reach and for dtypes other than float32 and int32: {@link tensorFrom} makes them.
 */
export function fillable(dtype: string, shape: readonly number[]): Filling | undefined {
  if (!isPiecewise(dtype) || !hasReachableMemory()) return undefined;
  const { backend } = engine();
  const made = newTensor(dtype, shape, () => {});
  return {
    tensor: made,
    write: (start, from) => bytesOf(elementsOf(backend, made)).set(from, start),
  };
}

const arrays = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
  complex64: Float32Array,
} as const;

/**
 * A tensor of these bytes.
 * @param bytes - Little-endian; of complex64 the real and the imaginary part in turn. On the cpu
 * backend a tensor of another dtype than complex64 computes with this very memory.
 */
export function tensorFrom(
  dtype: keyof ElementArrays | "complex64",
  shape: readonly number[],
  bytes: ReturnType<typeof Uint8Array.of>,
): Tensor {
  const elements = arrays[dtype];
  // Memory that does not begin at a multiple of the elements' size cannot be seen as elements.
  const { buffer, byteOffset, byteLength } =
    bytes.byteOffset % elements.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  const values = new elements(buffer, byteOffset, byteLength / elements.BYTES_PER_ELEMENT);
  if (dtype !== "complex64") return tensor(values, [...shape], dtype);
  const part = (first: number): Float32Array =>
    Float32Array.from({ length: values.length / 2 }, (_, i) => values[2 * i + first]!);
  const [real, imaginary] = [part(0), part(1)].map((each) => tensor(each, [...shape], "float32"));
  try {
    return complex(real!, imaginary!);
  } finally {
    real!.dispose();
    imaginary!.dispose();
  }
}

/**
 * The memory that a tensor of the cpu backend computes with, if it is all of an ArrayBuffer;
 * `undefined` for all others.
 */
export function memoryOf(x: Tensor): ArrayBuffer | undefined {
  recorder?.read(x.dataId);
  const { backend } = engine();
  if (!isPiecewise(x.dtype) || !hasReachableMemory() || isHeap(backend)) return undefined;
  if (backendOf(x.dataId) !== backend) return undefined;
  const { buffer, byteLength } = elementsOf(backend, x);
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? buffer : undefined;
}

/** @file The slices of a tensor along an axis, as `vmap` and `scan` need them. */
import { engine, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import { hasReachableMemory } from "../backends.ts";
import { isRecording } from "../engine.ts";
import {
  copyRun,
  elementsOf,
  FEW,
  type HeapBackend,
  isHeap,
  type LoopDtype,
  loops,
  type Output,
} from "../memory/access.ts";
import { computed } from "../memory/computed.ts";
import { arrayTypes } from "../memory/recycled.ts";
import { isRecorded } from "../recorder.ts";
import { sizeOf } from "../shape.ts";

/** Whether a slice along the first axis is a run of elements within reach, which no tape follows. */
const canCopy = (x: Tensor): boolean =>
  Object.hasOwn(arrayTypes, x.dtype) && hasReachableMemory() && !isRecording();

/** Slices along the first axis, of this shape, from an index on. */
function cut(
  backend: object,
  x: TensorInfo,
  shape: readonly number[],
  first: number,
  count: number,
): TensorInfo[] {
  const size = sizeOf(shape);
  const output: Output = { shape, dtype: x.dtype as LoopDtype };
  const outputs = new Array<Output>(count).fill(output);
  if (isHeap(backend)) return cutOnHeap(backend, x, outputs, first * size, size);
  return loops(backend, [x], outputs, ([values], all) => {
    for (const [i, out] of all.entries()) copyRun(values!, (first + i) * size, out);
  });
}

/** One view of the heap serves all slices: to make one for each costs as much as to copy it. */
function cutOnHeap(
  backend: HeapBackend,
  x: TensorInfo,
  outputs: readonly Output[],
  first: number,
  size: number,
): TensorInfo[] {
  // Allocate first: allocation may grow the heap, which makes views of it invalid.
  const infos = outputs.map(({ shape, dtype }) => backend.makeOutput([...shape], dtype));
  const whole = elementsOf(backend, x);
  const bytes = whole.BYTES_PER_ELEMENT;
  const heap = new arrayTypes[x.dtype as LoopDtype](whole.buffer as ArrayBuffer);
  let start = whole.byteOffset / bytes + first;
  for (const { dataId } of infos) {
    const to = backend.getMemoryOffset(dataId) / bytes;
    if (size > FEW) heap.copyWithin(to, start, start + size);
    else for (let i = 0; i < size; i++) heap[to + i] = heap[start + i]!;
    start += size;
  }
  return infos;
}

const call = (name: string, x: Tensor, attrs: object): Tensor =>
  engine().runKernel(name, { x }, attrs as never);

/**
 * The slice at an index along an axis, without that axis. Along the first axis it is one copy, past
 * the engine, if no tape records.
 * @param axis - Not negative.
 */
export function sliceAt(x: Tensor, axis: number, index: number): Tensor {
  const shape = x.shape.filter((_, i) => i !== axis);
  if (axis === 0 && canCopy(x))
    return computed([x], ([whole]) => cut(engine().backend, whole!, shape, index, 1)[0]!) as Tensor;
  const begin = x.shape.map((_, i) => (i === axis ? index : 0));
  const size = x.shape.map((each, i) => (i === axis ? 1 : each));
  return call("Reshape", call("Slice", x, { begin, size }), { shape });
}

/** The slices along the first axis but the first of them, each as {@link sliceAt} gives it. */
export function slicesAfterFirst(x: Tensor): Tensor[] {
  const [count = 0, ...shape] = x.shape;
  if (!canCopy(x) || isRecorded()) return Array.from({ length: count - 1 }, (_, i) => sliceAt(x, 0, i + 1));
  return cut(engine().backend, x, shape, 1, Math.max(count - 1, 0)).map((info) =>
    engine().makeTensorFromTensorInfo(info),
  );
}

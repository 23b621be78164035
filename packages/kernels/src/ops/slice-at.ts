/** @file The slices of a tensor along an axis, as `vmap` and `scan` need them. */
import { engine, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import { hasReachableMemory } from "../backends.ts";
import { isRecording } from "../engine.ts";
import {
  type Elements,
  elementsOf,
  type HeapBackend,
  isHeap,
  loop,
  type LoopDtype,
  loops,
  type Output,
} from "../memory/access.ts";
import { computed } from "../memory/computed.ts";
import { arrayTypes } from "../memory/recycled.ts";
import { isRecorded } from "../recorder.ts";
import { sizeOf } from "../shape.ts";

const call = (name: string, x: Tensor, attrs: object): Tensor =>
  engine().runKernel(name, { x }, attrs as never);

/** Of so few elements a loop copies sooner than a call of `set`. */
const FEW = 32;

/** Copies a run of elements. */
function copy(from: Elements, start: number, to: Elements): void {
  if (to.length > FEW) to.set(from.subarray(start, start + to.length));
  else for (let i = 0; i < to.length; i++) to[i] = from[start + i]!;
}

const isPlain = (dtype: string): dtype is LoopDtype => Object.hasOwn(arrayTypes, dtype);

/**
 * The slice at an index along an axis, without that axis. Along the first axis it is one copy, past
 * the engine, if no tape records.
 * @param axis - Not negative.
 */
export function sliceAt(x: Tensor, axis: number, index: number): Tensor {
  const shape = x.shape.filter((_, i) => i !== axis);
  const { dtype } = x;
  if (axis === 0 && isPlain(dtype) && hasReachableMemory() && !isRecording()) {
    const start = index * sizeOf(shape);
    const output = { shape, dtype };
    const made = computed([x], ([whole]) =>
      loop(engine().backend, [whole!], output, ([values], out) => copy(values!, start, out)),
    );
    if (made) return made;
  }
  const begin = x.shape.map((_, i) => (i === axis ? index : 0));
  const size = x.shape.map((each, i) => (i === axis ? 1 : each));
  return call("Reshape", call("Slice", x, { begin, size }), { shape });
}

/** The slices along the first axis but the first of them, each as {@link sliceAt} gives it. */
export function slicesAfterFirst(x: Tensor): readonly Tensor[] {
  const [count = 0, ...shape] = x.shape;
  const { dtype } = x;
  if (!isPlain(dtype) || !hasReachableMemory() || isRecording() || isRecorded())
    return Array.from({ length: count - 1 }, (_, i) => sliceAt(x, 0, i + 1));
  const { backend } = engine();
  const outputs = new Array<Output>(Math.max(count - 1, 0)).fill({ shape, dtype });
  const size = sizeOf(shape);
  const made = isHeap(backend)
    ? cutOnHeap(backend, x, size, outputs)
    : loops(backend, [x], outputs, ([values], all) =>
        all.forEach((out, i) => copy(values!, (i + 1) * size, out)),
      );
  return made.map((info) => engine().makeTensorFromTensorInfo(info));
}

/** One view of the heap serves all slices: to make one for each costs as much as to copy it. */
function cutOnHeap(
  backend: HeapBackend,
  x: TensorInfo,
  size: number,
  outputs: readonly Output[],
): TensorInfo[] {
  // Allocate first: allocation may grow the heap, which makes views of it invalid.
  const infos = outputs.map(({ shape, dtype }) => backend.makeOutput([...shape], dtype));
  const whole = elementsOf(backend, x);
  const bytes = whole.BYTES_PER_ELEMENT;
  const heap = new arrayTypes[x.dtype as LoopDtype](whole.buffer as ArrayBuffer);
  let start = whole.byteOffset / bytes;
  for (const { dataId } of infos) {
    start += size;
    const to = backend.getMemoryOffset(dataId) / bytes;
    if (size > FEW) heap.copyWithin(to, start, start + size);
    else for (let i = 0; i < size; i++) heap[to + i] = heap[start + i]!;
  }
  return infos;
}

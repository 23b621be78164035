/** @file The slices of a tensor along its first axis, in the memory of the tensor itself. */
import { engine, type Tensor } from "@tensorflow/tfjs-core";
import { backendOf, isRecording } from "../engine.ts";
import { isRecorded } from "../recorder.ts";
import { sizeOf } from "../shape.ts";
import { heapWithParts, type HeapParts, type PartDtype } from "../wasm/parts.ts";

/** The engine's members that its types do not declare. */
interface DataEngine {
  removeDataId(dataId: object, backend: object): void;
}

/**
 * The slices of one tensor. Each is a tensor like others, until {@link SharedSlices.end}: then those
 * that somebody still has get memory of their own.
 */
export class SharedSlices {
  private readonly heap: HeapParts;
  private readonly whole: Tensor;
  private readonly shape: number[];
  private readonly address: number;
  private readonly parts: object[];

  constructor(heap: HeapParts, whole: Tensor, address: number) {
    this.heap = heap;
    this.whole = whole;
    this.address = address;
    this.shape = whole.shape.slice(1);
    this.parts = heap.begin(whole.dataId);
  }

  /** A new tensor: the slice at an index. It belongs to the open scope. */
  at(index: number): Tensor {
    const { heap, shape, address, whole } = this;
    const { dtype } = whole;
    const bytes = sizeOf(shape) * (dtype === "bool" ? 1 : 4);
    const dataId = heap.add(this.parts, [...shape], dtype as PartDtype, address + index * bytes);
    return engine().makeTensorFromTensorInfo({ dataId, shape: [...shape], dtype });
  }

  /** Ends the sharing. Call it when the scope has ended that the slices belong to. */
  end(): void {
    const now = engine() as unknown as DataEngine;
    this.heap.end(this.whole.dataId, (dataId) => {
      const backend = backendOf(dataId);
      if (backend?.disposeData(dataId)) now.removeDataId(dataId, backend);
    });
  }
}

/**
 * The slices of a tensor in its own memory, where the backend in use can do that and neither a tape
 * nor a recorder has to see them.
 */
export function sharedSlices(whole: Tensor): SharedSlices | undefined {
  const { dtype, size, dataId } = whole;
  const isPlain = dtype === "float32" || dtype === "int32" || dtype === "bool";
  if (!isPlain || size === 0 || isRecording() || isRecorded()) return undefined;
  const { backend } = engine();
  if (backendOf(dataId) !== backend) return undefined;
  const heap = heapWithParts(backend);
  const address = heap?.addressOf(dataId);
  return heap && address !== undefined ? new SharedSlices(heap, whole, address) : undefined;
}

/** @file A backend that knows shapes and dtypes, and has no memory. */
import { type DataType, KernelBackend, type TensorInfo } from "@tensorflow/tfjs-core";

/** The name under which its kernels are registered. Users cannot choose it with `setBackend`. */
export const abstractName = "nnx-abstract";

/** Gives out handles of data that is nowhere. What a program writes itself can be read again. */
export class AbstractBackend extends KernelBackend {
  private readonly counts = new Map<object, number>();
  private readonly written = new WeakMap<object, unknown>();

  /** Describes a new tensor. */
  info(shape: readonly number[], dtype: DataType): TensorInfo {
    const dataId = {};
    this.counts.set(dataId, 1);
    return { dataId, shape: [...shape], dtype };
  }

  override write(values: unknown): object {
    const dataId = {};
    this.counts.set(dataId, 1);
    if (values !== null && values !== undefined) this.written.set(dataId, values);
    return dataId;
  }

  override readSync(dataId: object): Float32Array {
    const values = this.written.get(dataId);
    if (values) return values as Float32Array;
    throw new Error(
      "evalShape: expected a function that does not read tensors, got one that does. Only shapes and dtypes are known: " +
        "decide by these, or by what is no tensor.",
    );
  }

  override async read(dataId: object): Promise<Float32Array> {
    return this.readSync(dataId);
  }

  override numDataIds(): number {
    return this.counts.size;
  }

  override refCount(dataId: object): number {
    return this.counts.get(dataId) ?? 0;
  }

  override incRef(dataId: object): void {
    this.counts.set(dataId, this.refCount(dataId) + 1);
  }

  override disposeData(dataId: object, force = false): boolean {
    const count = this.refCount(dataId) - 1;
    if (count > 0 && !force) {
      this.counts.set(dataId, count);
      return false;
    }
    this.counts.delete(dataId);
    return true;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return false;
  }

  override dispose(): void {
    this.counts.clear();
  }
}

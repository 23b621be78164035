/** @file Data of tensorflow.js's wasm backend that are a part of the memory of others. */
import { sizeOf } from "../shape.ts";
import { heapOf } from "./heap.ts";

/** What the backend keeps of data. */
interface Data {
  readonly id: number;
  readonly stringBytes: null;
  readonly shape: number[];
  readonly dtype: "float32" | "int32" | "bool";
  memoryOffset: number;
  refCount: number;
  /** Whether the memory belongs to other data. */
  isPart?: boolean;
}

/** The dtypes of data that may be parts. */
export type PartDtype = Data["dtype"];

/** What this file uses of the backend. None of it is public, so all is checked. */
interface PartsBackend {
  dataIdNextNumber?: unknown;
  readonly dataIdMap?: {
    get(dataId: object): Data;
    set(dataId: object, data: Data): void;
    has(dataId: object): boolean;
  };
  readonly wasm?: {
    readonly HEAPU8?: Uint8Array;
    readonly _malloc?: (bytes: number) => number;
    readonly tfjs?: {
      readonly registerTensor?: (id: number, size: number, address: number) => void;
      readonly disposeData?: (id: number) => void;
    };
  } | null;
  incRef(dataId: object): void;
  disposeData(dataId: object, force?: boolean): boolean;
}

type Known<T> = { readonly [K in keyof T]-?: NonNullable<T[K]> };

/** The backend's heap, on which data may be parts of others. */
export class HeapParts {
  readonly backend: PartsBackend;
  private readonly store: NonNullable<PartsBackend["dataIdMap"]>;
  private readonly wasm: Known<NonNullable<PartsBackend["wasm"]>>;
  private readonly tfjs: Known<NonNullable<NonNullable<PartsBackend["wasm"]>["tfjs"]>>;
  /** The parts of data. */
  private readonly partsOf = new Map<object, object[]>();

  constructor(backend: PartsBackend) {
    this.backend = backend;
    this.store = backend.dataIdMap as HeapParts["store"];
    this.wasm = backend.wasm as HeapParts["wasm"];
    this.tfjs = this.wasm.tfjs as HeapParts["tfjs"];
    // Data that move to another backend are freed by force, whoever has parts of them.
    const disposeData = backend.disposeData.bind(backend);
    backend.disposeData = (dataId, force = false) => {
      if (force) this.moveOut([dataId, ...(this.partsOf.get(dataId) ?? [])]);
      return disposeData(dataId, force);
    };
  }

  addressOf(dataId: object): number | undefined {
    const { memoryOffset } = this.store.has(dataId) ? this.store.get(dataId) : { memoryOffset: undefined };
    return typeof memoryOffset === "number" ? memoryOffset : undefined;
  }

  /** Lets other data have parts of some. Nobody frees or writes over them until {@link end}. */
  begin(whole: object): object[] {
    this.backend.incRef(whole);
    const parts: object[] = [];
    this.partsOf.set(whole, parts);
    return parts;
  }

  /** A new part at an address. It has a reference of ours, so that nobody else frees it. */
  add(parts: object[], shape: number[], dtype: PartDtype, address: number): object {
    const id = this.backend.dataIdNextNumber as number;
    this.backend.dataIdNextNumber = id + 1;
    const dataId = { id };
    const data = { id, stringBytes: null, shape, dtype, memoryOffset: address, refCount: 2, isPart: true };
    this.store.set(dataId, data);
    this.tfjs.registerTensor(id, sizeOf(shape), address);
    parts.push(dataId);
    return dataId;
  }

  /**
   * Ends the sharing: parts that somebody has get memory of their own.
   * @param forget - Gives a reference of ours back.
   */
  end(whole: object, forget: (dataId: object) => void): void {
    for (const dataId of this.partsOf.get(whole) ?? []) {
      const data = this.store.has(dataId) ? this.store.get(dataId) : undefined;
      if (data?.isPart && data.refCount > 1) this.copy(data);
      // Freeing nothing is allowed.
      else if (data?.isPart) data.memoryOffset = 0;
      forget(dataId);
    }
    this.partsOf.delete(whole);
    forget(whole);
  }

  private moveOut(all: readonly object[]): void {
    for (const dataId of all) {
      const data = this.store.has(dataId) ? this.store.get(dataId) : undefined;
      if (data?.isPart) this.copy(data);
    }
  }

  private copy(data: Data): void {
    const { id, shape, dtype, memoryOffset: from } = data;
    const size = sizeOf(shape);
    const bytes = size * (dtype === "bool" ? 1 : 4);
    const to = this.wasm._malloc(bytes) >>> 0;
    this.wasm.HEAPU8.copyWithin(to, from, from + bytes);
    data.memoryOffset = to;
    data.isPart = false;
    // The kernels of tensorflow.js know data by their number.
    this.tfjs.disposeData(id);
    this.tfjs.registerTensor(id, size, to);
  }
}

const known = new WeakMap<object, HeapParts | undefined>();

/** The heap of a backend, if data on it can be parts of others. */
export function heapWithParts(backend: object): HeapParts | undefined {
  if (!known.has(backend))
    known.set(backend, isFit(backend as PartsBackend) ? new HeapParts(backend as PartsBackend) : undefined);
  return known.get(backend);
}

function isFit(backend: PartsBackend): boolean {
  const { wasm, dataIdMap, dataIdNextNumber } = backend;
  return (
    heapOf(backend) !== undefined &&
    typeof dataIdNextNumber === "number" &&
    dataIdMap !== undefined &&
    wasm?._malloc !== undefined &&
    wasm.tfjs?.registerTensor !== undefined &&
    wasm.tfjs.disposeData !== undefined
  );
}

/**
 * @file Tensors whose values are computed when somebody asks for them, if anybody ever does. To the
 * engine they are on a backend of their own: kernels of another one get their values as those of any
 * tensor that is elsewhere.
 */
import {
  type BackendValues,
  type DataType,
  engine,
  env,
  KernelBackend,
  type Tensor,
} from "@tensorflow/tfjs-core";
import { copyRun, elementsOf, isHeap } from "./access.ts";

/** Who knows the values. */
export interface LateOwner {
  /** Somebody needs the values of some late data: gives them, and brings all others of this owner. */
  give(data: LateData): void;
}

/** The values of late data. */
type LateValues = Float32Array | Int32Array | Uint8Array;

/** Data without values as yet. */
export class LateData {
  readonly owner: LateOwner;
  /** How many tensors have it; none when it is on another backend. */
  holders = 1;
  values: LateValues | undefined;

  constructor(owner: LateOwner) {
    this.owner = owner;
  }
}

/** Whether data are brought to another backend, which copies the values afterwards. */
let isBringing = false;

class LateBackend extends KernelBackend {
  override readSync(data: LateData): BackendValues {
    // No values: a backend that writes new memory leaves it as it is then.
    if (isBringing) return null as unknown as BackendValues;
    if (!data.values) data.owner.give(data);
    // Whoever asks may write to what he gets, as to what wasm gives.
    if (data.values) return data.values.slice();
    throw new Error(
      "vmap: expected a slice that is used while its call runs, got one of a call that has ended. Return it, or keep it with nnx.keep.",
    );
  }

  override async read(data: LateData): Promise<BackendValues> {
    return this.readSync(data);
  }

  override refCount({ holders }: LateData): number {
    return holders;
  }

  override incRef(data: LateData): void {
    data.holders++;
  }

  override disposeData(data: LateData, force = false): boolean {
    data.holders = force ? 0 : data.holders - 1;
    if (data.holders > 0) return false;
    data.values = undefined;
    return true;
  }
}

let backend: LateBackend | undefined;

/** The engine moves data to a backend that lacks them. Its types do not declare that. */
interface MovingEngine {
  moveData(backend: KernelBackend, dataId: object): void;
}

/**
 * Whether the backend in use asks the engine for data that it lacks, whatever it does with them, and
 * nobody wants to see each kernel when an op runs it.
 */
export const takesLate = (): boolean =>
  isHeap(engine().backend) && !engine().state.profiling && !env().getBool("DEBUG");

/** A tensor whose values its owner gives when they are needed. */
export function lateTensor(shape: readonly number[], dtype: DataType, owner: LateOwner): Tensor {
  backend ??= new LateBackend();
  return engine().makeTensorFromTensorInfo(
    { dataId: new LateData(owner), shape: [...shape], dtype },
    backend,
  );
}

/** The late data of a tensor, wherever they are now. */
export const lateDataOf = ({ dataId }: Tensor): LateData | undefined =>
  dataId instanceof LateData ? dataId : undefined;

/**
 * Brings late data to the backend in use.
 * @param from - Begins with their values, in that order. Missing where they have values.
 */
export function bringLate({ dataId, shape, dtype, size }: Tensor, from?: Tensor): void {
  const { backend } = engine();
  // Others have no memory to copy to.
  const isCopied = from !== undefined && isHeap(backend);
  if (from && !isCopied)
    (dataId as LateData).values = from.dataSync<"float32" | "int32" | "bool">().slice(0, size);
  const outer = isBringing;
  isBringing = isCopied;
  try {
    (engine() as unknown as MovingEngine).moveData(backend, dataId);
  } finally {
    isBringing = outer;
  }
  if (!isCopied) return;
  // The heap may grow for this one.
  const values = elementsOf(backend, from);
  copyRun(values, 0, elementsOf(backend, { dataId, shape, dtype }));
}

/**
 * @file Tests that read with `dataSync()`, on webgpu, where nothing can be read without waiting. A
 * test runs again and again: each run gets from `dataSync()` what the run before has read, and reads
 * it anew, with a wait at its end. The run whose values were all the true ones counts.
 */
import * as tf from "@tensorflow/tfjs-core";

/** What the backend keeps; not in its types. */
interface Gpu {
  readonly tensorMap: Map<
    object,
    { readonly values?: unknown; readonly dtype: tf.DataType; readonly resource: object }
  >;
  readSync(dataId: object): Values;
  getBufferData(resource: object): Promise<ArrayBuffer>;
}
type Values = Float32Array | Int32Array | Uint8Array;

/** The values that a run got, and those that it should have got. */
interface Read {
  readonly given: Values;
  readonly read: Promise<Values>;
}

let reads: Read[] | undefined;
let foretold: readonly Values[] = [];

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;
type Dtype = keyof typeof arrays;

/** More runs than any test needs. */
const MOST_RUNS = 40;

/** Replaces the backend's `readSync`. Outside of tests it gives what the backend itself does. */
export function readWithoutWaiting(backend: object): void {
  const gpu = backend as Gpu;
  const stock = gpu.readSync.bind(gpu);
  gpu.readSync = (dataId) => {
    const data = gpu.tensorMap.get(dataId);
    if (!reads || !data || data.values != null || !(data.dtype in arrays) || !data.resource)
      return stock(dataId);
    const { dtype } = data;
    const read = gpu
      .getBufferData(data.resource)
      .then((bytes) => tf.util.convertBackendValuesAndArrayBuffer(bytes, dtype) as Values);
    const size = (data.resource as { size: number }).size / 4;
    const before = foretold[reads.length];
    const given = before?.length === size ? before : new arrays[dtype as Dtype](size);
    reads.push({ given, read });
    return given.slice() as Values;
  };
}

const sameBits = (a: Values, b: Values): boolean => {
  const [x, y] = [a, b].map((each) => new Uint8Array(each.buffer, each.byteOffset, each.byteLength)) as [
    Uint8Array,
    Uint8Array,
  ];
  return x.length === y.length && x.every((value, i) => value === y[i]);
};

/** Whether the present run gets values that may not be the true ones, and so compares nothing. */
export let isGuessing = false;

/** Runs `body` until all that it read was true. */
export async function untilTrue(body: () => unknown): Promise<void> {
  foretold = [];
  isGuessing = true;
  for (let run = 0; run <= MOST_RUNS; run++) {
    reads = [];
    let failure: { readonly error: unknown } | undefined;
    const isComparing = !isGuessing;
    try {
      await body();
    } catch (error) {
      failure = { error };
    }
    const seen = reads;
    reads = undefined;
    const values = await Promise.all(seen.map(({ read }) => read));
    const isTrue = seen.every(({ given }, i) => sameBits(given, values[i] as Values));
    if (isComparing && isTrue) {
      isGuessing = false;
      if (failure) throw failure.error;
      return;
    }
    // A run that compares ends at the first value that is not yet true, and has read less than others.
    if (!(isComparing && failure)) foretold = values;
    // Most tests read what does not depend on other reads, which one guess finds.
    isGuessing = run > 0 && !isTrue;
  }
  isGuessing = false;
  throw new Error(`${MOST_RUNS} runs of a test did not read the same values.`);
}

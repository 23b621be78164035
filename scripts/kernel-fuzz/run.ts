/** @file Runs one case in every way that the kernels may be run, and compares the results. */
import * as tf from "@tensorflow/tfjs-core";
import { mendKernels, restoreKernels } from "../../packages/kernels/src/index.ts";
import { useWasmKernels } from "../../packages/kernels/src/internal.ts";
import { isHeap } from "../../packages/kernels/src/memory/access.ts";
import { heapOf, scratchOn } from "../../packages/kernels/src/memory/heap.ts";
import { memoryWith } from "../../packages/kernels/src/wasm/own-memory.ts";
import { useBackend } from "../use-backend.ts";
import { type Plain, sizeOf } from "./random.ts";

/** What a case compares with. */
export interface Case {
  readonly name: string;
  readonly inputs: readonly Plain[];
  readonly run: (inputs: readonly tf.Tensor[]) => tf.Tensor | tf.Tensor[];
  /**
   * The results as float64, or `"stock"`: what tensorflow.js's cpu backend has. The dtype is what is
   * compared, and the shape.
   */
  readonly expected: readonly Plain[] | "stock";
  /** How far from that a number may be: in units of its last place, and absolutely. */
  readonly ulps?: number;
  readonly within?: number | readonly number[];
  /** The latter where tensorflow.js's own kernels compute. */
  readonly stockWithin?: number;
  /** Whether 0 and -0 are the same. @defaultValue false */
  readonly anyZero?: boolean;
  readonly note?: unknown;
  /** Only there. */
  readonly on?: "cpu" | "wasm";
  /** Whether tensorflow.js refuses some calls of this kind that have a result. */
  readonly isRefused?: boolean;
  /** Whether bit patterns must not depend on whether WebAssembly is used. */
  readonly isExact?: boolean;
}

const viewOf = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** NaN has many bit patterns; what computes it on x86 gives one with a sign. */
const NANS = [0x7fc00000, 0xffc00000, 0x7fa00001, 0xffffffff];

function tensorOf({ shape, dtype, values }: Plain): tf.Tensor {
  const elements = viewOf[dtype].from(values);
  if (elements instanceof Float32Array) {
    const bits = new Uint32Array(elements.buffer);
    for (const [i, value] of elements.entries()) if (Number.isNaN(value)) bits[i] = NANS[i % 4]!;
  }
  return tf.tensor(elements, [...shape], dtype);
}

const plainOf = (x: tf.Tensor): Plain => ({
  shape: x.shape,
  dtype: x.dtype as Plain["dtype"],
  values: [...x.dataSync()],
});

/** A unit in the last place of a float32 number. */
function unitOf(value: number): number {
  const size = Math.abs(value);
  if (!(size < Number.POSITIVE_INFINITY)) return 0;
  return size < 2 ** -126 ? 2 ** -149 : 2 ** (Math.floor(Math.log2(size)) - 23);
}

/** Fills what the kernels may use with NaN: what is freed on the heap, and what is kept. */
function poison(turn: number): () => void {
  const backend: object = tf.backend();
  if (!isHeap(backend)) {
    const memory = memoryWith(2 ** 21);
    if (memory) new Uint8Array(memory.buffer).fill(0xff);
    return () => {};
  }
  const scratch = scratchOn(backend, 2 ** 21);
  const heap = heapOf(backend)!;
  if (scratch !== undefined) new Uint8Array(heap.buffer, scratch, 2 ** 21).fill(0xff);
  const infos = [1, 3, 16, 61, 250, 1000, 4099, 20_000, 80_000].flatMap((n) =>
    [n, n + turn].map((size) => backend.makeOutput([size], "float32")),
  );
  for (const info of infos)
    new Uint8Array(
      backend.typedArrayFromHeap(info).buffer,
      (backend.typedArrayFromHeap(info) as Float32Array).byteOffset,
      4 * info.shape[0]!,
    ).fill(0xff);
  // Every other one stays, so that what is made next lies between them.
  const kept = infos.filter((_, i) => i % 2 === turn % 2);
  for (const info of infos)
    if (!kept.includes(info)) (backend as unknown as tf.KernelBackend).disposeData(info.dataId);
  return () => {
    for (const info of kept) (backend as unknown as tf.KernelBackend).disposeData(info.dataId);
  };
}

/** Runs a case once, disposes the inputs before it reads the results, and looks for leaks. */
function once(each: Case, turn: number, shares: boolean): Plain[] {
  const done = poison(turn);
  const before = tf.memory().numTensors;
  const ids = tf.backend().numDataIds();
  const made: tf.Tensor[] = [];
  for (const [i, input] of each.inputs.entries()) {
    const same = shares ? each.inputs.indexOf(input) : i;
    made.push(same < i ? made[same]! : tensorOf(input));
  }
  const given = each.inputs.map((input) => viewOf[input.dtype].from(input.values));
  let results: tf.Tensor[] = [];
  try {
    results = tf.tidy(() => [each.run(made)].flat());
    for (const [i, input] of made.entries()) {
      const now = input.dataSync();
      const was = given[i]!;
      if (now.some((value, j) => !Object.is(value, was[j]))) throw new Error(`input ${i} was written to`);
    }
    const distinct = [...new Set(made)].filter((x) => !results.includes(x));
    for (const x of distinct) x.dispose();
    const plain = results.map(plainOf);
    for (const x of results) x.dispose();
    if (tf.memory().numTensors !== before)
      throw new Error(`leaks ${tf.memory().numTensors - before} tensors`);
    if (tf.backend().numDataIds() !== ids) throw new Error(`leaks ${tf.backend().numDataIds() - ids} data`);
    return plain;
  } catch (error) {
    for (const x of [...made, ...results]) if (!x.isDisposed) x.dispose();
    const left = tf.memory().numTensors - before;
    const data = tf.backend().numDataIds() - ids;
    const message = error instanceof Error ? error.message : String(error);
    if (!message.includes("leaks") && (left || data))
      throw new Error(`leaks ${left} tensors and ${data} data when it throws: ${message}`);
    throw error;
  } finally {
    done();
  }
}

/** What is wrong with a result, or undefined. */
function difference(
  actual: Plain,
  expected: Plain,
  each: Case,
  index: number,
  isOff: boolean,
): string | undefined {
  if (actual.shape.join() !== expected.shape.join() || actual.dtype !== expected.dtype)
    return `expected ${expected.dtype}[${expected.shape.join()}], got ${actual.dtype}[${actual.shape.join()}]`;
  if (actual.values.length !== sizeOf(actual.shape)) return `has ${actual.values.length} values`;
  const { ulps = 0, within = 0, stockWithin = 0, anyZero = false } = each;
  const absolute = (typeof within === "number" ? within : within[index]!) + (isOff ? stockWithin : 0);
  for (const [i, value] of actual.values.entries()) {
    const wanted = expected.values[i]!;
    const rounded = expected.dtype === "float32" ? Math.fround(wanted) : wanted;
    if (Object.is(value, rounded) || (Number.isNaN(value) && Number.isNaN(rounded))) continue;
    if (value === rounded && (anyZero || value !== 0)) continue;
    const allowed = ulps * unitOf(rounded) + absolute;
    if (Math.abs(value - wanted) <= allowed && !(value === 0 && rounded === 0)) continue;
    if (value === 0 && rounded === 0 && ulps > 0) continue;
    // Where the exact number is next to what is infinite in float32.
    if (ulps > 0 && Math.abs(value) > 3.4e38 && Math.abs(wanted) > 3.4028e38 && value * wanted > 0) continue;
    return `[${i}]: expected ${wanted}, got ${value} (${(Math.abs(value - wanted) / unitOf(rounded)).toFixed(1)} ulp)`;
  }
  return undefined;
}

const same = (a: Plain, b: Plain): boolean => a.values.every((value, i) => Object.is(value, b.values[i]));

export interface Fault {
  readonly name: string;
  readonly way: string;
  readonly what: string;
  readonly note: string;
}

const describe = (each: Case): string =>
  `${each.inputs.map((x) => `${x.dtype}[${x.shape.join()}]`).join(" ")} ${JSON.stringify(each.note ?? null)}`;

/** Runs cases on the backend in use, with and without WebAssembly, twice each. */
function runOn(
  backend: "cpu" | "wasm",
  cases: readonly Case[],
  expected: readonly (readonly Plain[] | string)[],
): Fault[] {
  const faults: Fault[] = [];
  mendKernels();
  for (const [n, each] of cases.entries()) {
    if (each.on && each.on !== backend) continue;
    const wanted = expected[n]!;
    if (each.isRefused && typeof wanted === "string") continue;
    const fault = (way: string, what: string): void =>
      void faults.push({ name: each.name, way: `${backend} ${way}`, what, note: describe(each) });
    let first: Plain[] | undefined;
    for (const way of ["on", "again", "off"] as const) {
      useWasmKernels(way !== "off");
      let results: Plain[] | string;
      try {
        results = once(each, n + (way === "again" ? 5 : 0), way !== "again");
      } catch (error) {
        results = error instanceof Error ? error.message : String(error);
      }
      if (typeof results === "string" || typeof wanted === "string") {
        if (typeof results === "string" && results.includes("leaks")) fault(way, results);
        else if (typeof results !== typeof wanted) {
          const [got, want] = [results, wanted].map((x) =>
            typeof x === "string" ? `throws ${x.slice(0, 200)}` : "numbers",
          );
          fault(way, `${got}, expected ${want}`);
        }
        continue;
      }
      if (results.length !== wanted.length) fault(way, `gives ${results.length} results`);
      for (const [i, result] of results.entries()) {
        const what = difference(result, wanted[i]!, each, i, way === "off");
        if (what) fault(way, `result ${i} ${what}`);
      }
      if (way === "on") first = results;
      if (way === "again" && first?.some((x, i) => !same(x, results[i] as Plain)))
        fault(way, "differs from call to call");
      if (way === "off" && each.isExact && first?.some((x, i) => !same(x, results[i] as Plain)))
        fault(way, "differs from WebAssembly's");
    }
  }
  useWasmKernels(true);
  return faults;
}

/** What each case is compared with: results, or the message that it throws. */
async function expectedOf(cases: readonly Case[]): Promise<(readonly Plain[] | string)[]> {
  await useBackend("cpu");
  restoreKernels();
  return cases.map((each) => {
    if (each.expected !== "stock") return each.expected;
    const inputs = each.inputs.map(tensorOf);
    let results: tf.Tensor[] = [];
    try {
      results = tf.tidy(() => [each.run(inputs)].flat());
      return results.map(plainOf);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      tf.dispose([...inputs, ...results]);
    }
  });
}

/** Runs cases on both backends. */
export async function runCases(cases: readonly Case[]): Promise<Fault[]> {
  const expected = await expectedOf(cases);
  const faults: Fault[] = [];
  for (const backend of ["cpu", "wasm"] as const) {
    await useBackend(backend);
    faults.push(...runOn(backend, cases, expected));
  }
  await useBackend("cpu");
  return faults;
}

/** @file Calls WebAssembly kernels on the tensors of the cpu and wasm backends. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { arrayOf, free, isHeap, type LoopDtype, type Output } from "../memory/access.ts";
import { arrayFor, arrayTypes, bytesPerElement, recyclable } from "../memory/recycled.ts";
import { sizeOf } from "../shape.ts";
import { addressOf, heapOf, scratchOn } from "../memory/heap.ts";
import type { WasmMemory } from "../memory/heap.ts";
import { functionsOver, type WasmFunctions, type WasmModule } from "./module.ts";
import { layOut, memoryWith, trimMemory, wholesOf } from "./own-memory.ts";
import { tracing } from "./trace.ts";

/** Where a kernel finds what it works on: addresses in bytes. */
interface Places {
  readonly inputs: readonly number[];
  /** They hold anything; the kernel writes every element. */
  readonly outputs: readonly number[];
  /** The kernel's own memory, as large as it asked for, aligned to 64 bytes. It holds anything. */
  readonly scratch: number;
  /** Where all of that is. A view of it is valid for this call. */
  readonly memory: WasmMemory;
}

const isElement = (dtype: string): dtype is LoopDtype => dtype in bytesPerElement;
const bytesIn = ({ shape, dtype }: { readonly shape: readonly number[]; readonly dtype: string }): number =>
  sizeOf(shape) * (isElement(dtype) ? bytesPerElement[dtype] : Number.NaN);
const roundUp = (address: number): number => (address + 63) & -64;

/** For each memory: the functions of several modules together, with those of each. */
const together = new WeakMap<
  WasmMemory,
  Map<readonly WasmModule[], readonly [all: readonly unknown[], functions: object]>
>();

/** The functions of a module, or of several. */
function functionsOf<F extends string>(
  module: WasmRun<F>["module"],
  memory: WasmMemory,
): WasmFunctions<F> | undefined {
  if ("text" in module) return functionsOver(module, memory);
  const all = module.map((each) => functionsOver(each, memory));
  if (all.includes(undefined)) return undefined;
  const ofMemory: NonNullable<ReturnType<typeof together.get>> = together.get(memory) ?? new Map();
  together.set(memory, ofMemory);
  const known = ofMemory.get(module);
  if (known && all.every((each, i) => each === known[0][i])) return known[1] as WasmFunctions<F>;
  // Together they have the functions F.
  const functions = Object.assign({}, ...all) as WasmFunctions<F>;
  ofMemory.set(module, [all, functions]);
  return functions;
}

/** On tensorflow.js's heap, where everything is in place. */
function onHeap<F extends string>(
  backend: Parameters<typeof addressOf>[0],
  memory: WasmMemory,
  { module, inputs, outputs, scratch = 0, run: runPart, elements = 0 }: WasmRun<F>,
): TensorInfo[] | undefined {
  const run = (given: WasmFunctions<F>, places: Places): void => runPart(given, places, elements);
  const functions = functionsOf(module, memory);
  if (!functions || !isHeap(backend)) return undefined;
  const from: number[] = [];
  for (const input of inputs) {
    const address = addressOf(backend, input);
    if (address === undefined) return undefined;
    from.push(address);
  }
  const own = scratch > 0 ? scratchOn(backend, scratch) : 0;
  if (own === undefined) return undefined;
  const infos = outputs.map(({ shape, dtype }) => backend.makeOutput([...shape], dtype));
  try {
    const to = infos.map((info) => addressOf(backend, info)!);
    if (tracing?.isOpen) {
      const places = { inputs, outputs: infos, from, to, bytes: scratch, scratch: roundUp(own) };
      tracing.run({ ...places, functions, memory, run });
    } else run(functions, { inputs: from, outputs: to, scratch: roundUp(own), memory });
  } catch (error) {
    for (const info of infos) free(backend, info);
    throw error;
  }
  return infos;
}

/**
 * Elements at a time, of functions that compute each by itself: what was copied is still in a cache
 * when it is used. A multiple of 16, so that only the last piece has a rest.
 */
const PIECE = 16_384;

/** {@link onOwnMemory}, piece by piece. */
function inPieces<F extends string>(
  backend: object,
  { module, inputs, outputs, run }: WasmRun<F>,
  elements: number,
): TensorInfo[] | undefined {
  const { at, bytes } = layOut(
    [...inputs, ...outputs].map(({ dtype }) => PIECE * bytesPerElement[dtype as LoopDtype]),
  );
  const memory = memoryWith(bytes);
  const functions = memory && functionsOf(module, memory);
  if (!functions) return undefined;
  const make = ({ dtype }: { readonly dtype: string }) => arrayTypes[dtype as keyof typeof arrayTypes];
  const pieces = [...inputs, ...outputs].map((info, i) => new (make(info))(memory.buffer, at[i], PIECE));
  const from = inputs.map((input) => arrayOf(backend, input));
  const to = outputs.map(({ dtype }) => arrayFor(dtype, elements));
  const places = { inputs: at.slice(0, from.length), outputs: at.slice(from.length), scratch: 0, memory };
  for (let begin = 0; begin < elements; begin += PIECE) {
    const count = Math.min(PIECE, elements - begin);
    for (const [i, array] of from.entries()) pieces[i]!.set(array.subarray(begin, begin + count));
    run(functions, places, count);
    for (const [i, array] of to.entries()) {
      const piece = pieces[from.length + i]!;
      array.set(count === PIECE ? piece : piece.subarray(0, count), begin);
    }
  }
  return outputs.map(({ shape, dtype }, i) => recyclable(backend, shape, dtype, to[i]!));
}

/** On a memory of the kernels' own, with copies of the inputs and of the results. */
function onOwnMemory<F extends string>(backend: object, call: WasmRun<F>): TensorInfo[] | undefined {
  const { module, inputs, outputs, scratch = 0, run, elements = 0 } = call;
  const trace = tracing?.isOpen ? tracing : undefined;
  if (elements > PIECE && !trace) return inPieces(backend, call, elements);
  const { at, bytes } = layOut([...inputs.map(bytesIn), ...outputs.map(bytesIn), scratch]);
  const memory = memoryWith(bytes);
  const functions = memory && functionsOf(module, memory);
  if (!functions) return undefined;
  const wholes = wholesOf(memory);
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]!;
    const dtype = input.dtype as LoopDtype;
    wholes[dtype].set(arrayOf(backend, input), at[i]! / bytesPerElement[dtype]);
  }
  const from = inputs.length;
  const own = from + outputs.length;
  const places = { inputs: at.slice(0, from), outputs: at.slice(from, own), scratch: at[own]!, memory };
  const arrays = outputs.map(({ shape, dtype }) => arrayFor(dtype, sizeOf(shape)));
  const tensors = (): TensorInfo[] =>
    outputs.map(({ shape, dtype }, i) => recyclable(backend, shape, dtype, arrays[i]!));
  let results: TensorInfo[];
  if (trace) {
    results = tensors();
    const { inputs: reads, outputs: writes, scratch: stage } = places;
    const traced = { inputs, outputs: results, from: reads, to: writes, bytes: scratch, scratch: stage };
    trace.run({ ...traced, functions, memory, run: (all, there) => run(all, there, elements) });
  } else {
    run(functions, places, elements);
    results = tensors();
  }
  for (let i = 0; i < arrays.length; i++) {
    const array = arrays[i]!;
    const { dtype } = outputs[i]!;
    const start = at[from + i]! / bytesPerElement[dtype];
    array.set(wholes[dtype].subarray(start, start + array.length));
  }
  trimMemory();
  return results;
}

/** One run of a module's functions. */
export interface WasmRun<F extends string> {
  /** One module, or several, whose functions have different names. */
  readonly module: WasmModule<F> | readonly WasmModule<F>[];
  /** float32, int32 or bool. A tensor that is there twice is copied twice on cpu. */
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly Output[];
  /** How many bytes of memory the functions need for themselves. @defaultValue 0 */
  readonly scratch?: number;
  /**
   * How many elements each input and output has, where the functions compute each element by itself
   * and need no scratch memory. Then `run` may get a part of them at a time. @defaultValue 0
   */
  readonly elements?: number;
  /**
   * Calls the functions. They may write to the outputs and the scratch memory only.
   * @param elements - How many there are at these places, if the call says how many there are in all.
   */
  readonly run: (functions: WasmFunctions<F>, places: Places, elements: number) => void;
}

/**
 * Computes tensors with functions of a WebAssembly module: in place on the wasm backend, by way of
 * a memory of the kernels' own on cpu. Nothing is recorded on a tape.
 * @returns The results; `undefined`, with nothing done, where the kernels are off, the engine
 * refuses them, or the values are out of reach. The caller then has another way.
 */
export function wasmRun<F extends string>(backend: object, call: WasmRun<F>): TensorInfo[] | undefined {
  if (call.inputs.some(({ dtype }) => !isElement(dtype))) return undefined;
  if (tracing?.spy === backend) {
    const trace = tracing;
    trace.isOpen = true;
    try {
      const made = wasmRunOn(trace.backend, call);
      if (!made) trace.refuse();
      return made;
    } finally {
      trace.isOpen = false;
    }
  }
  // A kernel inside of the traced one, which does not get what stands for the backend.
  tracing?.refuse();
  return wasmRunOn(backend, call);
}

function wasmRunOn<F extends string>(backend: object, call: WasmRun<F>): TensorInfo[] | undefined {
  if (!isHeap(backend)) return onOwnMemory(backend, call);
  const memory = heapOf(backend);
  return memory && onHeap(backend, memory, call);
}

/**
 * {@link wasmRun} with one call of one function: `name(…inputs, …outputs, …scalars)`.
 */
export const wasmCall = <F extends string>(
  backend: object,
  module: WasmModule<F>,
  name: F,
  inputs: readonly TensorInfo[],
  outputs: readonly Output[],
  scalars: readonly number[] = [],
): TensorInfo[] | undefined =>
  wasmRun(backend, {
    module,
    inputs,
    outputs,
    run: (functions, places) => functions[name](...places.inputs, ...places.outputs, ...scalars),
  });

/** Whether functions of the module can run on a backend's tensors. */
export function canRun(backend: object, module: WasmModule | readonly WasmModule[]): boolean {
  const memory = isHeap(backend) ? heapOf(backend) : memoryWith(0);
  return memory !== undefined && functionsOf(module, memory) !== undefined;
}

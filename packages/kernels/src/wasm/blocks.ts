/**
 * @file Kernels of elements on the cpu backend, block by block: what is copied is still in the
 * cache when the kernel reads it, and when it is copied back.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { arrayOf, type Output } from "../memory/access.ts";
import { arrayFor, recyclable } from "../memory/recycled.ts";
import { sizeOf } from "../shape.ts";
import { functionsOver, type WasmModule } from "./module.ts";
import { layOut, memoryWith, wholesOf } from "./own-memory.ts";

/** Elements of a block. A dozen blocks have room in the second-level cache. */
const BLOCK = 8192;
const FLOAT = 4;

/** Tensors of one size, float32 or bool, and float32 results of that size. */
export interface Elements {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly Output[];
  /** Tensors that become the results. They may be inputs. @defaultValue new ones */
  readonly into?: readonly TensorInfo[] | undefined;
}

/** What a kernel takes beside elements and their number. */
export interface BlockCall {
  /** What it reads from memory. @defaultValue nothing */
  readonly numbers?: ArrayLike<number>;
  /**
   * The parameters after `(…inputs, …outputs, length)`.
   * @param numbersAt - Where the numbers are.
   * @param stage - Where the kernel has 16 bytes for each input and output.
   */
  readonly parameters: (numbersAt: number, stage: number) => readonly number[];
  /** As for `recyclable`. */
  readonly isWatched?: boolean;
}

/**
 * Calls `name(…inputs, …outputs, length, …parameters)` for each block of each piece of work.
 * @param works - All have as many inputs and outputs as the first, of the same dtypes.
 * @returns `undefined`, with nothing done, where WebAssembly is out of reach.
 */
export function elementBlocks<F extends string>(
  backend: object,
  module: WasmModule<F>,
  name: F,
  works: readonly Elements[],
  { numbers = [], parameters, isWatched }: BlockCall,
): TensorInfo[] | undefined {
  const [first] = works;
  if (!first) return [];
  const count = first.inputs.length + first.outputs.length;
  const blocks = Array<number>(count).fill(FLOAT * BLOCK);
  const { at, bytes } = layOut([...blocks, FLOAT * numbers.length, 16 * count]);
  const memory = memoryWith(bytes);
  const functions = memory && functionsOver(module, memory);
  if (!functions) return undefined;
  const addresses = at.slice(0, count);
  const [numbersAt, stage] = at.slice(count) as [number, number];
  const wholes = wholesOf(memory);
  const floats = wholes.float32;
  floats.set(numbers, numbersAt / FLOAT);
  const further = parameters(numbersAt, stage);
  // All of them before the first is written, since there may be no memory left.
  const resultsOf = works.map(({ outputs, into }) =>
    into
      ? into.map((each) => arrayOf(backend, each))
      : outputs.map(({ shape }) => arrayFor("float32", sizeOf(shape))),
  );
  return works.flatMap(({ inputs, outputs, into }, work) => {
    const sources = inputs.map((input) => arrayOf(backend, input));
    const size = sizeOf(outputs[0]!.shape);
    const results = resultsOf[work]!;
    for (let start = 0; start < size; start += BLOCK) {
      const end = Math.min(start + BLOCK, size);
      const isWhole = start === 0 && end === size;
      for (let i = 0; i < sources.length; i++) {
        const source = sources[i]!;
        const block = isWhole ? source : source.subarray(start, end);
        if (inputs[i]!.dtype === "bool") wholes.bool.set(block, addresses[i]);
        else floats.set(block, addresses[i]! / FLOAT);
      }
      functions[name](...addresses, end - start, ...further);
      for (let i = 0; i < results.length; i++) {
        const from = addresses[sources.length + i]! / FLOAT;
        results[i]!.set(floats.subarray(from, from + end - start), start);
      }
    }
    return (
      into ?? outputs.map(({ shape, dtype }, i) => recyclable(backend, shape, dtype, results[i]!, isWatched))
    );
  });
}

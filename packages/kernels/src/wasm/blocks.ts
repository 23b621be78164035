/**
 * @file Kernels of elements on the cpu backend, block by block: what is copied is still in the
 * cache when the kernel reads it, and when it is copied back.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { arraysOf, type Output, zerosOf } from "../memory/access.ts";
import { sizeOf } from "../shape.ts";
import { functionsOver, type WasmModule } from "./module.ts";
import { layOut, memoryWith } from "./own-memory.ts";

/** Elements of a block. A dozen blocks have room in the second-level cache. */
const BLOCK = 8192;
const FLOAT = 4;

/** Float32 tensors of one size, and results of that size. */
export interface Elements {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly Output[];
}

/**
 * Calls `name(…inputs, …outputs, length, numbers, stage)` for each block of each piece of work. The
 * stage has 16 bytes for each input and output.
 * @param works - All have as many inputs and outputs as the first.
 * @param numbers - What the kernel reads beside elements.
 * @returns `undefined`, with nothing done, where WebAssembly is out of reach.
 */
export function elementBlocks<F extends string>(
  backend: object,
  module: WasmModule<F>,
  name: F,
  works: readonly Elements[],
  numbers: TensorInfo,
): TensorInfo[] | undefined {
  const [first] = works;
  if (!first) return [];
  const arrays = arraysOf(backend);
  const count = first.inputs.length + first.outputs.length;
  const given = arrays.readSync(numbers.dataId);
  const blocks = Array<number>(count).fill(FLOAT * BLOCK);
  const { at, bytes } = layOut([...blocks, FLOAT * given.length, 16 * count]);
  const memory = memoryWith(bytes);
  const functions = memory && functionsOver(module, memory);
  if (!functions) return undefined;
  const floats = new Float32Array(memory.buffer);
  const addresses = at.slice(0, count);
  const places = addresses.map((address) => address / FLOAT);
  const [numbersAt, stage] = at.slice(count) as [number, number];
  floats.set(given, numbersAt / FLOAT);
  return works.flatMap(({ inputs, outputs }) => {
    const sources = inputs.map(({ dataId }) => arrays.readSync(dataId));
    const size = sizeOf(outputs[0]!.shape);
    const results = outputs.map(() => zerosOf("float32", size));
    for (let start = 0; start < size; start += BLOCK) {
      const end = Math.min(start + BLOCK, size);
      const isWhole = start === 0 && end === size;
      for (const [i, source] of sources.entries())
        floats.set(isWhole ? source : source.subarray(start, end), places[i]);
      functions[name](...addresses, end - start, numbersAt, stage);
      for (const [i, result] of results.entries()) {
        const from = places[sources.length + i]!;
        result.set(floats.subarray(from, from + end - start), start);
      }
    }
    return outputs.map(({ shape, dtype }, i) => arrays.makeTensorInfo([...shape], dtype, results[i]!));
  });
}

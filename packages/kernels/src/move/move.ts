/** @file Makes tensors of blocks of other tensors, on the cpu and wasm backends. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import {
  arrayOf as elementsOn,
  arraysOf,
  type Elements,
  isHeap,
  type LoopDtype,
  loops,
  zerosOf,
} from "../memory/access.ts";
import { arrayTypes, bytesPerElement } from "../memory/recycled.ts";
import { sizeOf } from "../shape.ts";
import { wasmRun } from "../wasm/call.ts";
import type { WasmFunctions } from "../wasm/module.ts";
import { moveModule } from "../wasm/move.generated.ts";
import { type Block, eachPlane, joined } from "./block.ts";
import { copyWords, wordsOf } from "./words.ts";

/** A block of one of the inputs. */
interface Part extends Block {
  readonly input: number;
}

/** A tensor that consists of parts of others. */
export interface Whole {
  readonly shape: readonly number[];
  readonly parts: readonly Part[];
  /** What is in no part. The parts cover everything where this is missing. */
  readonly rest?: number | undefined;
}

/** Whether the elements are numbers that lie one after another in memory. */
export const isPlain = (dtype: string): dtype is LoopDtype => dtype in bytesPerElement;

/**
 * The elements of a tensor on cpu, in an array of its dtype. The backend may have them in another
 * one: a cast that changes no value keeps the array, and some kernels leave a list.
 */
export function arrayOf(backend: object, info: TensorInfo): Elements {
  return inOwnArray(elementsOn(backend, info), info);
}

function inOwnArray(values: Elements, { dtype, shape }: TensorInfo): Elements {
  if (values instanceof arrayTypes[dtype as LoopDtype]) return values;
  const array = zerosOf(dtype as LoopDtype, sizeOf(shape));
  array.set(values);
  return array;
}

/** Elements from here on are worth the call of a module. */
const WORTH = 64;

function fillRests(wholes: readonly Whole[], outputs: readonly Elements[]): void {
  for (const [i, { rest }] of wholes.entries()) if (rest !== undefined) outputs[i]!.fill(rest);
}

function byLoops(backend: object, inputs: readonly TensorInfo[], dtype: LoopDtype, wholes: readonly Whole[]) {
  const outputs = wholes.map(({ shape }) => ({ shape, dtype }));
  return loops(backend, isHeap(backend) ? inputs : [], outputs, (heap, results) => {
    const sources = (isHeap(backend) ? heap : inputs.map((x) => arrayOf(backend, x))).map(wordsOf);
    fillRests(wholes, results);
    for (const [i, { parts }] of wholes.entries()) {
      const target = wordsOf(results[i]!);
      for (const part of parts) {
        const source = sources[part.input]!;
        eachPlane(part, (plane, from, to) => copyWords(source, target, plane, from, to));
      }
    }
  });
}

/** The copies of one tensor's parts, on a heap. */
function copyParts(
  functions: WasmFunctions<"copy1" | "copy4">,
  bytes: 1 | 4,
  parts: readonly Part[],
  inputs: readonly number[],
  output: number,
): void {
  const copy = bytes === 4 ? functions.copy4 : functions.copy1;
  for (const part of parts) {
    const source = inputs[part.input]!;
    eachPlane(part, ({ outer, inner }, from, to) =>
      copy(
        source + bytes * from,
        output + bytes * to,
        outer.size,
        bytes * outer.from,
        bytes * outer.to,
        inner.size,
        bytes * inner.from,
        bytes * inner.to,
      ),
    );
  }
}

/**
 * Tensors of parts of others. Nothing is recorded on a tape.
 * @param inputs - All of one dtype: float32, int32 or bool. The results have it, too.
 */
function move(backend: object, inputs: readonly TensorInfo[], wholes: readonly Whole[]): TensorInfo[] {
  const dtype = inputs[0]!.dtype as LoopDtype;
  const size = wholes.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  // On cpu a module would need copies of everything.
  if (!isHeap(backend) || size < WORTH) return byLoops(backend, inputs, dtype, wholes);
  const results = wasmRun(backend, {
    module: moveModule,
    inputs,
    outputs: wholes.map(({ shape }) => ({ shape, dtype })),
    run: (functions, places) => {
      for (const [i, { shape, parts, rest }] of wholes.entries()) {
        const to = places.outputs[i]!;
        if (rest !== undefined)
          new arrayTypes[dtype](places.memory.buffer as ArrayBuffer, to, sizeOf(shape)).fill(rest);
        copyParts(functions, bytesPerElement[dtype], parts, places.inputs, to);
      }
    },
  });
  return results ?? byLoops(backend, inputs, dtype, wholes);
}

/** The same data in another shape. The backend counts who has it. */
export function share(backend: object, { dataId, dtype }: TensorInfo, shape: readonly number[]): TensorInfo {
  (backend as { incRef(data: object): void }).incRef(dataId);
  return { dataId, dtype, shape: [...shape] };
}

/** {@link move} with one result. */
export const moveOne = (backend: object, inputs: readonly TensorInfo[], whole: Whole): TensorInfo =>
  move(backend, inputs, [whole])[0]!;

/** Whether the axes lie one in another without gaps on both sides. */
const isRun = ({ axes }: Block): boolean => {
  const [first, ...others] = joined(axes);
  return others.length === 0 && (first === undefined || (first.from === 1 && first.to === 1));
};

/**
 * Pieces of one tensor. On cpu, a piece that lies in one run has the array of the whole tensor, as
 * with tensorflow.js's own kernel.
 */
export function cut(backend: object, x: TensorInfo, pieces: readonly Whole[]): TensorInfo[] {
  if (isHeap(backend) || !pieces.every(({ parts }) => isRun(parts[0]!))) return move(backend, [x], pieces);
  // The pieces keep the array, so it is asked for as by somebody who does.
  const values = inOwnArray(arraysOf(backend).readSync(x.dataId), x);
  return pieces.map(({ shape, parts: [part] }) =>
    arraysOf(backend).makeTensorInfo(
      [...shape],
      x.dtype as LoopDtype,
      values.subarray(part!.from, part!.from + sizeOf(shape)),
    ),
  );
}

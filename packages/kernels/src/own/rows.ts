/** @file Rows of a table by their numbers, and the transpose: rows added to those of a table. */
import * as tf from "@tensorflow/tfjs-core";
import type { KernelConfig, NamedAttrMap, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { type Elements, isHeap, loop, type LoopDtype } from "../memory/access.ts";
import { arrayOf } from "../move/move.ts";
import { sizeOf } from "../shape.ts";
import { wasmRun } from "../wasm/call.ts";
import { rowsModule } from "../wasm/rows.generated.ts";

/** Their names in the registry. Each is the other's transpose. */
export const rowKernelNames = { take: "NnxTakeRows", add: "NnxAddRows" } as const;

/** What a number without a row stands for. */
export type Outside = "nan" | "zero";

/** Which number stands for which row. */
interface Numbers {
  readonly ids: TensorInfo;
  /** How many rows the table has. */
  readonly count: number;
  /** Whether negative numbers count from the end. */
  readonly wraps: boolean;
}

/** The same array on a heap, and one of the right dtype on cpu. */
const readable = (
  backend: object,
  inputs: readonly TensorInfo[],
  heap: readonly Elements[],
): readonly Elements[] => (isHeap(backend) ? heap : inputs.map((x) => arrayOf(backend, x)));

const reached = (backend: object, inputs: readonly TensorInfo[]): readonly TensorInfo[] =>
  isHeap(backend) ? inputs : [];

/** Bits of NaN. */
const NAN = 0x7fc00000;

/** Rows from here on are copied by a call. */
const LONG = 32;

/** A tensor of rows of a table; `outside` stands for numbers that have none. */
export function takeRows(
  backend: object,
  table: TensorInfo,
  { ids, count, wraps }: Numbers,
  shape: readonly number[],
  outside: Outside,
): TensorInfo {
  const [size, words] = [sizeOf(ids.shape), sizeOf(table.shape.slice(1))];
  const dtype = table.dtype as LoopDtype;
  const rest = outside === "nan" ? Number.NaN : 0;
  const inputs = [table, ids];
  const byWasm =
    isHeap(backend) && dtype !== "bool" && ids.dtype === "int32"
      ? wasmRun(backend, {
          module: rowsModule,
          inputs,
          outputs: [{ shape, dtype }],
          run: ({ take }, { inputs: [a = 0, numbers = 0], outputs: [b = 0] }) =>
            take(a, numbers, b, size, words, count, wraps ? count : 0, outside === "nan" ? NAN : 0),
        })
      : undefined;
  if (byWasm) return byWasm[0]!;
  return loop(backend, reached(backend, inputs), { shape, dtype }, (heap, out) => {
    const [rows, numbers] = readable(backend, inputs, heap);
    for (let i = 0, to = 0; i < size; i++, to += words) {
      const id = numbers![i]!;
      const row = id < 0 && wraps ? id + count : id;
      if (row < 0 || row >= count) out.fill(rest, to, to + words);
      else copyRun(rows!, row * words, out, to, words);
    }
  });
}

/** A tensor of `count` rows: zeros, plus the rows with that number. Others are left out. */
export function addRowsTo(
  backend: object,
  rows: TensorInfo,
  { ids, count, wraps }: Numbers,
  shape: readonly number[],
): TensorInfo {
  const size = sizeOf(ids.shape);
  const words = sizeOf(shape.slice(1));
  const dtype = rows.dtype as LoopDtype;
  const inputs = [rows, ids];
  const byWasm =
    isHeap(backend) && dtype === "float32" && ids.dtype === "int32"
      ? wasmRun(backend, {
          module: rowsModule,
          inputs,
          outputs: [{ shape, dtype }],
          run: ({ add }, { inputs: [a = 0, numbers = 0], outputs: [b = 0] }) =>
            add(a, numbers, b, size, words, count, wraps ? count : 0, 0),
        })
      : undefined;
  if (byWasm) return byWasm[0]!;
  return loop(backend, reached(backend, inputs), { shape, dtype }, (heap, out) => {
    const [values, numbers] = readable(backend, inputs, heap);
    if (isHeap(backend)) out.fill(0);
    for (let i = 0; i < size; i++) {
      const id = numbers![i]!;
      const row = id < 0 && wraps ? id + count : id;
      if (row >= 0 && row < count) addRun(values!, i * words, out, row * words, words);
    }
  });
}

/** Adds one run to another. A function of its own, which the engine compiles by itself. */
export function addRun(values: Elements, from: number, out: Elements, to: number, size: number): void {
  for (let j = 0; j < size; j++) out[to + j] = out[to + j]! + values[from + j]!;
}

/** Copies one run. */
export function copyRun(values: Elements, from: number, out: Elements, to: number, size: number): void {
  if (size >= LONG) out.set(values.subarray(from, from + size), to);
  else for (let j = 0; j < size; j++) out[to + j] = values[from + j]!;
}

const onBoth = (
  kernelName: string,
  run: (backend: object, x: TensorInfo, ids: TensorInfo, attrs: unknown) => TensorInfo,
): KernelConfig[] =>
  ["cpu", "wasm"].map((backendName) => ({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, backend, attrs }) => {
      const { x, ids } = inputs as Record<"x" | "ids", TensorInfo>;
      return run(backend, x, ids, attrs);
    },
  }));

/** Attributes of the kernel that takes rows. */
export interface TakeAttrs {
  readonly outside: Outside;
}

/** Attributes of the kernel that adds rows. */
export interface AddAttrs {
  readonly count: number;
}

/** The kernels for cpu and wasm. */
export const rowKernels = (): readonly KernelConfig[] => [
  ...onBoth(rowKernelNames.take, (backend, x, ids, attrs) => {
    const [count = 0, ...rest] = x.shape;
    const shape = [...ids.shape, ...rest];
    return takeRows(backend, x, { ids, count, wraps: true }, shape, (attrs as TakeAttrs).outside);
  }),
  ...onBoth(rowKernelNames.add, (backend, x, ids, attrs) => {
    const { count } = attrs as AddAttrs;
    return addRowsTo(backend, x, { ids, count, wraps: true }, [count, ...x.shape.slice(ids.shape.length)]);
  }),
];

/** Runs one of these kernels. Returns undefined where the backend does not have it. */
function run(kernelName: string, x: Tensor, ids: Tensor, attrs: object): Tensor | undefined {
  if (x.dtype !== "float32" || ids.dtype !== "int32") return undefined;
  // `getKernel` is typed as if every kernel existed.
  const kernel = tf.getKernel(kernelName, tf.getBackend()) as KernelConfig | undefined;
  return kernel && tf.engine().runKernel(kernelName, { x, ids }, attrs as NamedAttrMap);
}

/**
 * Row `id` of a float32 table for every id; negative ones count from the end.
 * @param outside - What an id without a row gives: a row of NaN, or one of zeros.
 * @returns The shape of the ids, followed by that of a row; undefined where the backend does not have
 * the kernel.
 */
export const rowsOf = (table: Tensor, ids: Tensor, outside: Outside): Tensor | undefined =>
  run(rowKernelNames.take, table, ids, { outside } satisfies TakeAttrs);

/**
 * `out[id] += row` for every id, from zeros: the transpose of {@link rowsOf}. Ids without a row are
 * left out.
 */
export const rowSumsOf = (rows: Tensor, ids: Tensor, count: number): Tensor | undefined =>
  run(rowKernelNames.add, rows, ids, { count } satisfies AddAttrs);

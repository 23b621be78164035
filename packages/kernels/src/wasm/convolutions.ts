/**
 * @file Convolutions and their gradients, as products with a matrix whose rows are the windows. The
 * matrix is made in parts that stay in the cache.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Axis } from "../conv-geometry.ts";
import { sizeOf, upTo } from "../shape.ts";
import { canRun, wasmRun } from "./call.ts";
import { functionsOver, type WasmFunctions } from "./module.ts";
import { patchesModule } from "./patches.generated.ts";
import { type Chunk, chunksOf, movePatches } from "./patches.ts";
import { threeAxes } from "./windows.ts";
import { productModule } from "./product.generated.ts";

/** Numbers in one part of the matrix: 128 KB. */
const PART = 32768;
/** Columns of the matrix, or of the other operand, that are worked on at a time. */
const MOST = 512;
/** Numbers of the packed filter, in the gradient of the input. */
const MOST_FILTER = 2 ** 19;
/** Bytes of one tile. */
const TILE = 128;

/** The sizes of a convolution. */
interface Sizes {
  readonly axes: readonly [Axis, Axis, Axis];
  readonly groups: number;
  /** Channels of the input and of the output, of all groups. */
  readonly inputs: number;
  readonly outputs: number;
  /** Windows of all images. */
  readonly windows: number;
}

function sizesOf(
  batch: number,
  inputs: number,
  outputs: number,
  axes: readonly Axis[],
  groups: number,
): Sizes {
  const windows = batch * sizeOf(axes.map((a) => a.output));
  return { axes: threeAxes(axes), groups, inputs, outputs, windows };
}

/** Places of the first operand, the second and the result in memory, and of what is made of them. */
interface Work {
  readonly product: WasmFunctions<"pack4" | "pack8" | "tiles">;
  readonly patches: WasmFunctions<"gather" | "scatter">;
  readonly a: number;
  readonly b: number;
  readonly out: number;
  readonly tile: number;
  readonly left: number;
  readonly right: number;
  readonly matrix: number;
}

/**
 * Runs `work` on two tensors.
 * @param left - Numbers of the packed left operand; and so on.
 */
function run(
  backend: object,
  [a, b]: readonly [TensorInfo, TensorInfo],
  shape: readonly number[],
  { left, right, matrix }: { readonly left: number; readonly right: number; readonly matrix: number },
  isAdded: boolean,
  work: (work: Work) => void,
): TensorInfo | undefined {
  if (a.dtype !== "float32" || b.dtype !== "float32") return undefined;
  if ([a.shape, b.shape, shape].some((each) => sizeOf(each) === 0)) return undefined;
  if (!canRun(backend, patchesModule)) return undefined;
  const results = wasmRun(backend, {
    module: productModule,
    inputs: [a, b],
    outputs: [{ shape, dtype: "float32" }],
    scratch: TILE + 4 * (left + right + matrix),
    run: (product, { inputs: [first = 0, second = 0], outputs: [out = 0], scratch, memory }) => {
      const patches = functionsOver(patchesModule, memory);
      // It ran over this memory a moment ago.
      if (!patches) throw new Error("kernels: expected the module of a convolution to run again.");
      if (isAdded) new Float32Array(memory.buffer, out, sizeOf(shape)).fill(0);
      const leftAt = scratch + TILE;
      const rightAt = leftAt + 4 * left;
      work({
        product,
        patches,
        a: first,
        b: second,
        out,
        tile: scratch,
        left: leftAt,
        right: rightAt,
        matrix: rightAt + 4 * right,
      });
    },
  });
  return results?.[0];
}

/** Calls `each` for parts of at most `most` out of `size`. */
function inParts(size: number, most: number, each: (from: number, count: number) => void): void {
  for (let from = 0; from < size; from += most) each(from, Math.min(most, size - from));
}

/** How many windows the matrix has room for, a multiple of 4. */
const windowsIn = (chunks: readonly Chunk[], other = 0): number => {
  const columns = Math.max(other, ...chunks.map((chunk) => chunk.columns));
  return Math.max(4, Math.min(MOST, Math.floor(PART / columns) & -4));
};
const widest = (chunks: readonly Chunk[]): number => Math.max(...chunks.map((chunk) => chunk.columns));

/**
 * The convolution.
 * @param x - `[N, ...input, I]`
 * @param filter - `[...window, I / groups, O]`
 * @returns `[N, ...output, O]`; `undefined` where WebAssembly is out of reach, for other dtypes than
 * float32, and for empty tensors.
 */
export function convolutionByWasm(
  backend: object,
  x: TensorInfo,
  filter: TensorInfo,
  axes: readonly Axis[],
  groups: number,
): TensorInfo | undefined {
  const [inputs, outputs] = [x.shape.at(-1)!, filter.shape.at(-1)!];
  const sizes = sizesOf(x.shape[0]!, inputs, outputs, axes, groups);
  const [own, wide] = [inputs / groups, outputs / groups];
  const chunks = chunksOf(sizes.axes, own, MOST);
  const high = windowsIn(chunks);
  const columns = Math.min(MOST, wide);
  const most = widest(chunks);
  const room = { left: high * most, right: upTo(columns, 8) * most, matrix: high * most };
  const shape = [x.shape[0]!, ...axes.map((a) => a.output), outputs];
  return run(backend, [x, filter], shape, room, false, (work) => {
    const { product, patches, left, right, matrix, tile } = work;
    for (let group = 0; group < groups; group++) {
      const image = { address: work.a + 4 * group * own, channels: inputs };
      for (const chunk of chunks) {
        const { columns: length } = chunk;
        inParts(wide, columns, (j, count) => {
          const column = group * wide + j;
          product.pack8(work.b + 4 * (chunk.from * outputs + column), right, count, length, 4, 4 * outputs);
          inParts(sizes.windows, high, (i, rows) => {
            movePatches(patches, "gather", image, sizes.axes, chunk, i, rows, matrix);
            product.pack4(matrix, left, rows, length, 4 * length, 4);
            const to = work.out + 4 * (i * outputs + column);
            const adds = chunk.from > 0 ? 1 : 0;
            product.tiles(
              left,
              right,
              32 * length,
              32,
              length,
              to,
              4 * outputs,
              rows,
              count,
              0,
              adds,
              0,
              tile,
              0,
            );
          });
        });
      }
    }
  });
}

/**
 * The gradient of a convolution's input: each window's part of it is a row of a product, which is
 * added to where the window is.
 * @param dy - `[N, ...output, O]`
 * @param filter - `[...window, I / groups, O]`
 * @returns `[N, ...input, I]`; `undefined` as for {@link convolutionByWasm}.
 */
export function inputGradientByWasm(
  backend: object,
  dy: TensorInfo,
  filter: TensorInfo,
  axes: readonly Axis[],
  groups: number,
): TensorInfo | undefined {
  const [own, outputs] = filter.shape.slice(-2) as [number, number];
  const inputs = own * groups;
  const wide = outputs / groups;
  const sizes = sizesOf(dy.shape[0]!, inputs, outputs, axes, groups);
  const chunks = chunksOf(sizes.axes, own, Math.max(8, Math.min(MOST, Math.floor(MOST_FILTER / wide))));
  const high = windowsIn(chunks, wide);
  const most = widest(chunks);
  const room = { left: high * wide, right: upTo(most, 8) * wide, matrix: high * most };
  const shape = [dy.shape[0]!, ...axes.map((a) => a.input), inputs];
  return run(backend, [dy, filter], shape, room, true, (work) => {
    const { product, patches, left, right, matrix, tile } = work;
    for (let group = 0; group < groups; group++) {
      const image = { address: work.out + 4 * group * own, channels: inputs };
      for (const chunk of chunks) {
        const { columns } = chunk;
        const first = work.b + 4 * (chunk.from * outputs + group * wide);
        product.pack8(first, right, columns, wide, 4 * outputs, 4);
        inParts(sizes.windows, high, (i, rows) => {
          product.pack4(work.a + 4 * (i * outputs + group * wide), left, rows, wide, 4 * outputs, 4);
          product.tiles(
            left,
            right,
            32 * wide,
            32,
            wide,
            matrix,
            4 * columns,
            rows,
            columns,
            0,
            0,
            0,
            tile,
            0,
          );
          movePatches(patches, "scatter", image, sizes.axes, chunk, i, rows, matrix);
        });
      }
    }
  });
}

/**
 * The gradient of a convolution's filter.
 * @param x - `[N, ...input, I]`
 * @param dy - `[N, ...output, O]`
 * @returns `[...window, I / groups, O]`; `undefined` as for {@link convolutionByWasm}.
 */
export function filterGradientByWasm(
  backend: object,
  x: TensorInfo,
  dy: TensorInfo,
  axes: readonly Axis[],
  groups: number,
): TensorInfo | undefined {
  const [inputs, outputs] = [x.shape.at(-1)!, dy.shape.at(-1)!];
  const sizes = sizesOf(x.shape[0]!, inputs, outputs, axes, groups);
  const [own, wide] = [inputs / groups, outputs / groups];
  const chunks = chunksOf(sizes.axes, own, MOST / 2);
  const high = windowsIn(chunks);
  const columns = Math.min(MOST, wide);
  const most = widest(chunks);
  const room = { left: high * upTo(most, 4), right: upTo(columns, 8) * high, matrix: high * most };
  const shape = [...axes.map((a) => a.window), own, outputs];
  return run(backend, [x, dy], shape, room, false, (work) => {
    const { product, patches, left, right, matrix, tile } = work;
    for (let group = 0; group < groups; group++) {
      const image = { address: work.a + 4 * group * own, channels: inputs };
      for (const chunk of chunks) {
        const { columns: rows } = chunk;
        inParts(sizes.windows, high, (i, length) => {
          movePatches(patches, "gather", image, sizes.axes, chunk, i, length, matrix);
          product.pack4(matrix, left, rows, length, 4, 4 * rows);
          inParts(wide, columns, (j, count) => {
            const column = group * wide + j;
            product.pack8(work.b + 4 * (i * outputs + column), right, count, length, 4, 4 * outputs);
            const to = work.out + 4 * (chunk.from * outputs + column);
            const adds = i > 0 ? 1 : 0;
            product.tiles(
              left,
              right,
              32 * length,
              32,
              length,
              to,
              4 * outputs,
              rows,
              count,
              0,
              adds,
              0,
              tile,
              0,
            );
          });
        });
      }
    }
  });
}

/** @file What kernels of normalisation by rows and by columns share. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Output } from "../memory/access.ts";
import type { normRowsModule } from "../wasm/norm-rows.generated.ts";
import type { WasmFunctions, WasmModule } from "../wasm/module.ts";
import type { NormAttrs } from "./norm-layout.ts";

/** Runs one of these kernels in WebAssembly. @returns nothing where it cannot. */
export type NormRun = (
  backend: object,
  names: readonly string[],
  inputs: readonly TensorInfo[],
  attrs: NormAttrs,
  outputs: readonly Output[],
) => TensorInfo[] | undefined;

/** Pieces of the scratch memory, each with room for `count` numbers. */
export class Pieces {
  readonly bytes: number;
  readonly #step: number;

  constructor(number: number, count: number) {
    this.#step = (4 * count + 63) & -64;
    this.bytes = number * this.#step;
  }

  at(scratch: number, number: number): number {
    return scratch + number * this.#step;
  }
}

type RowFunctions = typeof normRowsModule extends WasmModule<infer F> ? WasmFunctions<F> : never;
type Vectors = Pick<RowFunctions, "fill" | "spread">;

/**
 * The address of a vector with a number for each group and place: the given one, or one that is
 * written to `to`.
 */
export function expanded(
  functions: Vectors,
  given: number | undefined,
  { groups, size, byGroup }: NormAttrs,
  to: number,
  otherwise: number,
): number {
  if (given === undefined) functions.fill(to, groups * size, otherwise);
  else if (byGroup) functions.spread(given, to, groups, size);
  else return given;
  return to;
}

/** The addresses of x, scale and bias among those of the inputs. */
export function named(
  inputs: readonly number[],
  names: readonly string[],
): Readonly<Record<string, number | undefined>> {
  return Object.fromEntries(names.map((name, i) => [name, inputs[i]]));
}

/** A boolean as WebAssembly takes it: 1 or 0. */
export const flag: (is: boolean) => number = Number;

/** At most so many rows are summed before they are added to the others. */
export const blockOf = (rows: number): number => Math.max(64, Math.ceil(Math.sqrt(rows)));

/** Calls `part` with blocks of rows, and whether a block is not the first. */
export function inBlocks(rows: number, part: (from: number, count: number, adds: number) => void): void {
  const block = blockOf(rows);
  for (let from = 0; from < rows; from += block) part(from, Math.min(block, rows - from), flag(from > 0));
}

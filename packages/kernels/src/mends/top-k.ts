/** @file `tf.topk` where numbers are not finite: the stock kernel subtracts them to compare them. */
import type { TensorInfo, TopKAttrs } from "@tensorflow/tfjs-core";
import { arrayOf, type Elements, elementsOf, isHeap, loops } from "../memory/access.ts";
import { sizeOf } from "../shape.ts";
import type { Mend } from "../mend.ts";

/** Whether a program without an order of all floats is right. */
export const isAllFinite = (x: Elements): boolean => {
  for (let i = 0; i < x.length; i++) if (!Number.isFinite(x[i])) return false;
  return true;
};

/** On cpu as they are: what is read by the backend's method keeps its memory from later results. */
const valuesAt = (backend: object, x: TensorInfo): Elements =>
  isHeap(backend) ? elementsOf(backend, x) : arrayOf(backend, x);

/** Positions in a row, the largest first; NaN before any number, and the first of equals before others. */
function placesOf(row: Elements): Uint32Array {
  const larger = (i: number, k: number): number => {
    const [a, b] = [row[i]!, row[k]!];
    if (a > b) return -1;
    if (a < b) return 1;
    return Number(Number.isNaN(b)) - Number(Number.isNaN(a)) || i - k;
  };
  return Uint32Array.from(row.keys()).sort(larger);
}

/** Writes the `k` largest elements of each row, and their places. */
export function writeLargest(
  from: Elements,
  length: number,
  k: number,
  values: Elements,
  places: Elements,
): void {
  for (let row = 0; row * length < from.length; row++) {
    const own = from.subarray(row * length, (row + 1) * length);
    for (const [i, place] of placesOf(own).subarray(0, k).entries()) {
      values[row * k + i] = own[place]!;
      places[row * k + i] = place;
    }
  }
}

export const topKMend: Mend = {
  kernelName: "TopK",
  backends: ["cpu", "wasm"],
  around: (stock) => (call) => {
    const { inputs, attrs, backend } = call;
    const { x } = inputs as { readonly x: TensorInfo };
    const { k } = attrs as unknown as TopKAttrs;
    if (x.dtype !== "float32" || sizeOf(x.shape) === 0 || isAllFinite(valuesAt(backend, x)))
      return stock(call);
    const length = x.shape.at(-1)!;
    const shape = [...x.shape.slice(0, -1), k];
    const outputs = [
      { shape, dtype: "float32" },
      { shape, dtype: "int32" },
    ] as const;
    return loops(backend, [x], outputs, ([from], [values, places]) =>
      writeLargest(from!, length, k, values!, places!),
    );
  },
};

/** @file Many records as tensors. */
import { cast, type ElementArrays, newTensor, sizeOf, stack, type Tensor } from "@nnxjs/kernels/internal";
import type { Path } from "@nnxjs/nnx-core";
import { checkFits, type Layout, layoutOf, type Leaf } from "./layout.ts";
import { type BatchDtype, copy, isArrayData, isNumberArray } from "./numbers.ts";

/**
 * One tensor for each leaf of the records, with the records along a new first axis. Call it in a
 * scope.
 * @param pathAt - Where the i-th record is, for errors.
 * @throws NnxError for a record of another layout, with its path.
 */
export function collate(
  where: string,
  records: readonly unknown[],
  layout: Layout,
  pathAt: (i: number) => Path,
): unknown {
  records.forEach((record, i) => {
    checkFits(where, pathAt(i), layout, layoutOf(where, pathAt(i), record));
  });
  return gathered(records, layout);
}

function gathered(values: readonly unknown[], layout: Layout): unknown {
  if (layout.kind === "leaf") return tensorOf(values, layout);
  const fields = Object.entries(layout.fields).map(([name, inner]) => [
    name,
    gathered(
      values.map((value) => (value as Record<string, unknown>)[name]),
      inner,
    ),
  ]);
  return Object.fromEntries(fields);
}

function tensorOf(values: readonly unknown[], { shape, dtype, isTensor: areTensors }: Leaf): Tensor {
  if (areTensors) return stack(values.map((value) => cast(value as Tensor, dtype)));
  const size = sizeOf(shape);
  return newTensor(dtype, [values.length, ...shape], (out) => {
    values.forEach((value, i) => void write(value, out, i * size));
  });
}

/** @returns where the next number goes. */
function write(value: unknown, out: ElementArrays[BatchDtype], at: number): number {
  if (typeof value === "number" || typeof value === "boolean") {
    out[at] = Number(value);
    return at + 1;
  }
  const data = isArrayData(value) ? value.data : value;
  if (isNumberArray(data)) {
    copy(data, 0, data.length, out, at);
    return at + data.length;
  }
  let next = at;
  for (const item of data as readonly unknown[]) next = write(item, out, next);
  return next;
}

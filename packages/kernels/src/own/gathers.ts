/** @file Kernels that read and write by index. */
import { backend_util, gather_util, scatter_util, util } from "@tensorflow/tfjs-core";
import type { GatherV2Attrs, OneHotAttrs, ScatterNdAttrs, TensorInfo } from "@tensorflow/tfjs-core";
import { type Elements, elementsOf, isHeap, loop } from "../memory/access.ts";
import type { Mend } from "../mend.ts";
import { addRowsTo, addRun, copyRun, takeRows } from "./rows.ts";
import { sizeOf } from "../shape.ts";
import { arrayOf, isPlain } from "../move/move.ts";
import { stepsOf } from "../move/block.ts";

const BOTH = ["cpu", "wasm"] as const;

/** Writes a replacement. `undefined` leaves a call to the stock kernel. */
const quick = <I extends string, A = unknown>(
  kernelName: string,
  run: (backend: object, inputs: Readonly<Record<I, TensorInfo>>, attrs: A) => TensorInfo | undefined,
): Mend => ({
  kernelName,
  backends: BOTH,
  around: (stock) => (call) =>
    // The caller writes I and A beside the kernel's name.
    run(call.backend, call.inputs as Record<I, TensorInfo>, call.attrs as A) ?? stock(call),
});

/** The values of indices, to look at now. */
const valuesOf = (backend: object, x: TensorInfo): Elements =>
  isHeap(backend) ? elementsOf(backend, x) : arrayOf(backend, x);

const gather: Mend = quick<"x" | "indices", Pick<GatherV2Attrs, "axis"> & Partial<GatherV2Attrs>>(
  "GatherV2",
  (backend, { x, indices }, attrs) => {
    if (!isPlain(x.dtype) || indices.dtype !== "int32") return undefined;
    const [axis] = util.parseAxisParam(attrs.axis, x.shape) as [number];
    // It has the words for axes that do not fit, and counts negative ones from the end.
    const known = backend_util.segment_util.collectGatherOpShapeInfo(x, indices, axis, attrs.batchDims ?? 0);
    const {
      batchSize: batch,
      outerSize: outer,
      dimSize: count,
      sliceSize: inner,
      outputShape: shape,
    } = known;
    const perBatch = sizeOf(indices.shape) / Math.max(batch, 1);
    for (const id of valuesOf(backend, indices)) {
      util.assert(id >= 0 && id < count, () => `GatherV2: the index value ${id} is not in [0, ${count - 1}]`);
    }
    if (batch * outer === 1) {
      const table = { ...x, shape: [count, inner] };
      return takeRows(backend, table, { ids: indices, count, wraps: false }, shape, "zero");
    }
    const dtype = x.dtype;
    return loop(backend, isHeap(backend) ? [x, indices] : [], { shape, dtype }, (heap, out) => {
      const [values, ids] = isHeap(backend) ? heap : [x, indices].map((each) => arrayOf(backend, each));
      let to = 0;
      for (let n = 0; n < batch; n++) {
        for (let o = 0; o < outer; o++) {
          const begin = (n * outer + o) * count;
          for (let i = 0; i < perBatch; i++) {
            copyRun(values!, (begin + ids![n * perBatch + i]!) * inner, out, to, inner);
            to += inner;
          }
        }
      }
    });
  },
);

/**
 * The number of the row that each index names, in a tensor of the shape.
 * @throws Error with tensorflow.js's words, for an index outside.
 */
function rowsAt(backend: object, indices: TensorInfo, shape: readonly number[]): Int32Array {
  const depth = indices.shape.at(-1)!;
  const steps = stepsOf(shape.slice(0, depth));
  const places = valuesOf(backend, indices);
  const rows = new Int32Array(depth === 0 ? 0 : places.length / depth);
  for (let i = 0, at = 0; i < rows.length; i++) {
    let row = 0;
    for (let axis = 0; axis < depth; axis++, at++) {
      const place = places[at]!;
      if (place < 0 || place >= shape[axis]!) {
        const index = [...places.subarray(i * depth, (i + 1) * depth)];
        throw new Error(`Invalid indices: ${index.join(",")} does not index into ${shape.join(",")}`);
      }
      row += place * steps[axis]!;
    }
    rows[i] = row;
  }
  return rows;
}

const gatherNd: Mend = quick<"params" | "indices">("GatherNd", (backend, { params, indices }) => {
  if (!isPlain(params.dtype) || indices.dtype !== "int32" || indices.shape.at(-1) === 0) return undefined;
  const [shape, , inner] = gather_util.prepareAndValidate(params, indices);
  const rows = rowsAt(backend, indices, params.shape);
  const { dtype } = params;
  if (indices.shape.at(-1) === 1) {
    const [count = 0] = params.shape;
    const table = { ...params, shape: [count, inner] };
    return takeRows(backend, table, { ids: indices, count, wraps: false }, shape, "zero");
  }
  return loop(backend, isHeap(backend) ? [params] : [], { shape, dtype }, (heap, out) => {
    const values = isHeap(backend) ? heap[0]! : arrayOf(backend, params);
    for (let i = 0; i < rows.length; i++) copyRun(values, rows[i]! * inner, out, i * inner, inner);
  });
});

const scatterNd: Mend = quick<"indices" | "updates", ScatterNdAttrs>(
  "ScatterNd",
  (backend, { indices, updates }, { shape }) => {
    if (!isPlain(updates.dtype) || indices.dtype !== "int32") return undefined;
    // Kernels that share one update between all indices, and indices without an axis of their own.
    if (indices.shape.length < 2 || indices.shape.at(-1) === 0 || sizeOf(shape) === 0) return undefined;
    const { sliceSize } = scatter_util.calculateShapes(updates, indices, shape);
    const rows = rowsAt(backend, indices, shape);
    if (sizeOf(updates.shape) !== rows.length * sliceSize) return undefined;
    const { dtype } = updates;
    if (indices.shape.at(-1) === 1) {
      return addRowsTo(backend, updates, { ids: indices, count: shape[0]!, wraps: false }, shape);
    }
    return loop(backend, isHeap(backend) ? [updates] : [], { shape, dtype }, (heap, out) => {
      const values = isHeap(backend) ? heap[0]! : arrayOf(backend, updates);
      if (isHeap(backend)) out.fill(0);
      for (let i = 0; i < rows.length; i++)
        addRun(values, i * sliceSize, out, rows[i]! * sliceSize, sliceSize);
    });
  },
);

/** Sums of the elements of each segment. Elements of none are left out. */
export function segmentSums(
  backend: object,
  { x, segmentIds }: Readonly<Record<"x" | "segmentIds", TensorInfo>>,
  { numSegments }: { readonly numSegments: number },
): TensorInfo {
  const shape = [numSegments, ...x.shape.slice(segmentIds.shape.length)];
  return addRowsTo(backend, x, { ids: segmentIds, count: numSegments, wraps: false }, shape);
}

const segmentSum: Mend = {
  ...quick<"x" | "segmentIds", { numSegments: number }>("UnsortedSegmentSum", (backend, inputs, attrs) =>
    isPlain(inputs.x.dtype) ? segmentSums(backend, inputs, attrs) : undefined,
  ),
  // wasm has none, and gets this one.
  backends: ["cpu"],
};

const oneHot: Mend = quick<"indices", OneHotAttrs>(
  "OneHot",
  (backend, { indices }, { depth, onValue, offValue, dtype }) => {
    if (!isPlain(dtype) || indices.dtype !== "int32") return undefined;
    const shape = [...indices.shape, depth];
    return loop(backend, isHeap(backend) ? [indices] : [], { shape, dtype }, (heap, out) => {
      const ids = isHeap(backend) ? heap[0]! : arrayOf(backend, indices);
      if (isHeap(backend) || offValue !== 0) out.fill(offValue);
      for (let i = 0, to = 0; i < ids.length; i++, to += depth) {
        const id = ids[i]!;
        if (id >= 0 && id < depth) out[to + id] = onValue;
      }
    });
  },
);

/** Quicker kernels that read and write by index. */
export const gathers: readonly Mend[] = [gather, gatherNd, scatterNd, segmentSum, oneHot];

/** @file Kernels that move elements, and indexing. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Case, Cases } from "./case.ts";

/** The square of f, so that the second derivative is not zero. */
const sq = (kernel: string, f: (...xs: Tensor[]) => Tensor): Case => ({
  kernels: [kernel],
  f: (...xs) => tf.square(f(...xs)),
});
const plain = (kernel: string, f: (x: Tensor) => Tensor): Case => ({ kernels: [kernel], f: (x) => f(x!) });
const row = (x: Tensor): tf.Tensor1D => tf.reshape(x, [x.size]);

const shapes: Cases = {
  concat: sq("Concat", (a, b) => tf.concat([a!, b!], 1)),
  "concat axis -1 of one": sq("Concat", (a) => tf.engine().runKernel("Concat", [a!] as never, { axis: -1 })),
  stack: sq("Pack", (a, b) => tf.stack([a!, b!], 1)),
  unstack: plain("Unpack", (x) => {
    const [a, b] = tf.unstack(x, 1);
    return tf.mul(a!, b!);
  }),
  split: plain("SplitV", (x) => {
    const [a, b] = tf.split(x, [2, 2, 1], 1);
    return tf.mul(a!, b!);
  }),
  slice: sq("Slice", (x) => tf.slice(x!, [1, 0], [2, 2])),
  "slice to the end": sq("Slice", (x) => tf.slice(x!, 1)),
  stridedSlice: sq("StridedSlice", (x) => tf.stridedSlice(x!, [0, 3], [4, 0], [2, -2])),
  "stridedSlice masks": sq("StridedSlice", (x) => tf.stridedSlice(x!, [0, 1], [0, 0], [2, 1], 1, 3)),
  transpose: sq("Transpose", (x) => tf.transpose(x!)),
  "transpose 4d": sq("Transpose", (x) => tf.transpose(x!, [2, 0, 3, 1])),
  reshape: sq("Reshape", (x) => tf.reshape(x!, [3, 2])),
  "expandDims and squeeze": sq("ExpandDims", (x) => tf.expandDims(tf.squeeze(tf.expandDims(x!, 0), [0]), 1)),
  tile: sq("Tile", (x) => tf.tile(x!, [2, 3])),
  "tile 1d": sq("Tile", (x) => tf.tile(x!, [3])),
  broadcastTo: sq("Tile", (x) => tf.broadcastTo(x!, [4, 2, 3])),
  reverse: plain("Reverse", (x) => tf.mul(tf.reverse(x, 1), x)),
  pad: sq("PadV2", (x) =>
    tf.pad(x!, [
      [1, 2],
      [0, 1],
    ]),
  ),
  "mirrorPad reflect": sq("MirrorPad", (x) =>
    tf.mirrorPad(
      x!,
      [
        [1, 2],
        [2, 1],
      ],
      "reflect",
    ),
  ),
  "mirrorPad symmetric": sq("MirrorPad", (x) =>
    tf.mirrorPad(
      x!,
      [
        [2, 3],
        [0, 1],
      ],
      "symmetric",
    ),
  ),
  spaceToBatchND: sq("SpaceToBatchND", (x) =>
    tf.spaceToBatchND(
      x!,
      [2, 2],
      [
        [1, 0],
        [0, 1],
      ],
    ),
  ),
  batchToSpaceND: sq("BatchToSpaceND", (x) =>
    tf.batchToSpaceND(
      x!,
      [2, 2],
      [
        [1, 0],
        [0, 0],
      ],
    ),
  ),
  depthToSpace: sq("DepthToSpace", (x) => tf.depthToSpace(x as tf.Tensor4D, 2)),
  "linalg.bandPart": sq("Select", (x) => tf.linalg.bandPart(x!, 1, 1)),
  diag: sq("Diag", (x) => tf.diag(x!)),
};

const indices: Cases = {
  gather: sq("GatherV2", (x, i) => tf.gather(x!, i!)),
  "gather axis 1": sq("GatherV2", (x, i) => tf.gather(x!, i!, 1)),
  "gather matrix of indices": sq("GatherV2", (x, i) => tf.gather(x!, i!)),
  "gather batchDims": sq("GatherV2", (x, i) => tf.gather(x!, i!, 1, 1)),
  "gather batchDims axis 2": sq("GatherV2", (x, i) => tf.gather(x!, i!, 2, 1)),
  "gather a scalar index": sq("GatherV2", (x, i) => tf.gather(x!, i!)),
  gatherND: sq("GatherNd", (x, i) => tf.gatherND(x!, i!)),
  "gatherND rows": sq("GatherNd", (x, i) => tf.gatherND(x!, i!)),
  scatterND: sq("ScatterNd", (u, i) => tf.scatterND(i!, u!, [5, 2])),
  // Update a copy, because cpu's own kernel overwrites its input.
  tensorScatterUpdate: sq("TensorScatterUpdate", (x, u, i) => tf.tensorScatterUpdate(tf.mul(x!, 1), i!, u!)),
  sparseToDense: sq("SparseToDense", (v, d, i) => tf.sparseToDense(row(i!), row(v!), [5], d as tf.Scalar)),
  unsortedSegmentSum: sq("UnsortedSegmentSum", (x, i) => tf.unsortedSegmentSum(x!, row(i!), 3)),
  "topk values": sq("TopK", (x) => tf.topk(x!, 2).values),
  "sort by topk": plain("TopK", (x) => tf.mul(tf.topk(x, 5).values, [0, 1, 2, 3, 4])),
  oneHot: { kernels: ["OneHot"], f: (x, i) => tf.matMul(tf.cast(tf.oneHot(i!, 4), "float32"), x!) },
};

export const movementCases: Cases = { ...shapes, ...indices };

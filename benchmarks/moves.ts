/**
 * @file Kernels that move elements beside tensorflow.js's own:
 *
 *     node scripts/run.mjs benchmarks/moves.ts [cpu | wasm]
 *
 * CPU time, in alternation.
 */
import { mendKernels } from "@nnxjs/kernels";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { measure } from "./measure.ts";

interface Call {
  readonly title: string;
  readonly kernelName: string;
  readonly inputs: () => Record<string, tf.Tensor>;
  readonly attrs: tf.NamedAttrMap;
}

const random = (...shape: number[]): tf.Tensor => tf.randomUniform(shape);
const ids = (count: number, below: number): tf.Tensor =>
  tf.tensor1d(
    Array.from({ length: count }, (_, i) => (i * 7919) % below),
    "int32",
  );
const listed = (...xs: tf.Tensor[]): Record<string, tf.Tensor> => xs as unknown as Record<string, tf.Tensor>;

const CALLS: readonly Call[] = [
  {
    title: "64 rows of [10000, 784]",
    kernelName: "Slice",
    inputs: () => ({ x: random(10000, 784) }),
    attrs: { begin: [128, 0], size: [64, 784] },
  },
  {
    title: "half of the columns of [512, 512]",
    kernelName: "Slice",
    inputs: () => ({ x: random(512, 512) }),
    attrs: { begin: [0, 128], size: [512, 256] },
  },
  {
    title: "every other of [512, 512]",
    kernelName: "StridedSlice",
    inputs: () => ({ x: random(512, 512) }),
    attrs: {
      begin: [0, 0],
      end: [512, 512],
      strides: [1, 2],
      beginMask: 0,
      endMask: 0,
      ellipsisMask: 0,
      newAxisMask: 0,
      shrinkAxisMask: 0,
    },
  },
  {
    title: "[8, 64, 256] along 1",
    kernelName: "Unpack",
    inputs: () => ({ value: random(8, 64, 256) }),
    attrs: { axis: 1 },
  },
  {
    title: "[512, 512] in 4 columns",
    kernelName: "SplitV",
    inputs: () => ({ x: random(512, 512) }),
    attrs: { numOrSizeSplits: 4, axis: 1 },
  },
  {
    title: "4 × [512, 128] along 1",
    kernelName: "Concat",
    inputs: () => listed(random(512, 128), random(512, 128), random(512, 128), random(512, 128)),
    attrs: { axis: 1 },
  },
  {
    title: "64 × [8, 256] along 1",
    kernelName: "Pack",
    inputs: () => listed(...Array.from({ length: 64 }, () => random(8, 256))),
    attrs: { axis: 1 },
  },
  {
    title: "[512, 512]",
    kernelName: "Transpose",
    inputs: () => ({ x: random(512, 512) }),
    attrs: { perm: [1, 0] },
  },
  {
    title: "[8, 64, 4, 32] to heads",
    kernelName: "Transpose",
    inputs: () => ({ x: random(8, 64, 4, 32) }),
    attrs: { perm: [0, 2, 1, 3] },
  },
  {
    title: "[8, 28, 28, 16] by 1",
    kernelName: "PadV2",
    inputs: () => ({ x: random(8, 28, 28, 16) }),
    attrs: {
      paddings: [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ],
      constantValue: 0,
    },
  },
  {
    title: "[1, 64, 64] 32 times",
    kernelName: "Tile",
    inputs: () => ({ x: random(1, 64, 64) }),
    attrs: { reps: [32, 1, 1] },
  },
  {
    title: "[512, 1] 128 times",
    kernelName: "Tile",
    inputs: () => ({ x: random(512, 1) }),
    attrs: { reps: [1, 128] },
  },
  {
    title: "[512, 128] along 1",
    kernelName: "Reverse",
    inputs: () => ({ x: random(512, 128) }),
    attrs: { dims: [1] },
  },
  {
    title: "512 rows of [1000, 128]",
    kernelName: "GatherV2",
    inputs: () => ({ x: random(1000, 128), indices: ids(512, 1000) }),
    attrs: { axis: 0, batchDims: 0 },
  },
  {
    title: "512 rows of [1000, 128]",
    kernelName: "GatherNd",
    inputs: () => ({ params: random(1000, 128), indices: tf.reshape(ids(512, 1000), [512, 1]) }),
    attrs: {},
  },
  {
    title: "512 rows into [1000, 128]",
    kernelName: "ScatterNd",
    inputs: () => ({ indices: tf.reshape(ids(512, 1000), [512, 1]), updates: random(512, 128) }),
    attrs: { shape: [1000, 128] },
  },
  {
    title: "512 rows into [10, 128]",
    kernelName: "UnsortedSegmentSum",
    inputs: () => ({ x: random(512, 128), segmentIds: ids(512, 10) }),
    attrs: { numSegments: 10 },
  },
  {
    title: "512 ids, 1000 classes",
    kernelName: "OneHot",
    inputs: () => ({ indices: ids(512, 1000) }),
    attrs: { depth: 1000, onValue: 1, offValue: 0, dtype: "float32" },
  },
  {
    title: "[512, 512]",
    kernelName: "Identity",
    inputs: () => ({ x: random(512, 512) }),
    attrs: {},
  },
];

const only = process.argv[2];
tf.enableProdMode();
const backends = ["wasm", "cpu"] as const;
const find = (name: string, backend: string): tf.KernelFunc | undefined =>
  (tf.getKernel(name, backend) as tf.KernelConfig | undefined)?.kernelFunc;
// Before they are replaced, on both backends at once.
const stocks = new Map(
  backends.flatMap((backend) =>
    CALLS.map(({ kernelName }) => [`${backend} ${kernelName}`, find(kernelName, backend)] as const),
  ),
);
for (const backend of backends) {
  if (only !== undefined && only !== backend) continue;
  await tf.setBackend(backend);
  mendKernels();
  for (const { title, kernelName, inputs, attrs } of CALLS) {
    const tensors = inputs();
    const contestant = (name: string, kernel: tf.KernelFunc, times: number) => ({
      name,
      run: (): void => {
        for (let i = 0; i < times; i++) {
          const made = kernel({ inputs: tensors, attrs, backend: tf.backend() });
          for (const { dataId } of Array.isArray(made) ? made : [made]) tf.backend().disposeData(dataId);
        }
      },
    });
    const kernels = [find(kernelName, backend), stocks.get(`${backend} ${kernelName}`)];
    const present = kernels.flatMap((kernel, i) =>
      kernel ? [{ name: i === 0 ? "ours" : "stock", kernel }] : [],
    );
    // About 20 ms a round.
    const timed = present.map(({ name, kernel }) => {
      const once = contestant(name, kernel, 1);
      once.run();
      const begin = performance.now();
      once.run();
      once.run();
      const times = Math.max(1, Math.min(3000, Math.round(40 / (performance.now() - begin))));
      return { ...contestant(name, kernel, times), times };
    });
    const [own, stock] = measure(timed, 9).map(({ nanoseconds }, i) => nanoseconds / timed[i]!.times / 1e3);
    const beside = stock === undefined ? "" : `, stock ${stock.toFixed(1)}: ${(stock / own!).toFixed(1)} ×`;
    console.log(`${backend} ${kernelName} ${title}: ${own!.toFixed(1)} us${beside}`);
    tf.dispose(tensors);
  }
}

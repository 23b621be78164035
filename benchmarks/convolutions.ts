/**
 * @file Convolutions, pools and their gradients beside tensorflow.js's own kernels:
 * node scripts/run.mjs benchmarks/convolutions.ts [cpu | wasm]
 *
 * CPU time, in alternation. tensorflow.js's gradient of a filter is left out: it has none on wasm,
 * and takes seconds on cpu.
 */
import { mendKernels } from "@nnxjs/kernels";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { measure } from "./measure.ts";

type Shape4 = [number, number, number, number];

/** Input, filter and strides of convolutions. */
const CONVOLUTIONS: readonly (readonly [x: Shape4, filter: Shape4, strides: number])[] = [
  [[32, 28, 28, 1], [3, 3, 1, 16], 1],
  [[32, 14, 14, 16], [3, 3, 16, 32], 1],
  [[8, 32, 32, 3], [7, 7, 3, 64], 2],
  [[1, 14, 14, 256], [3, 3, 256, 256], 1],
];

/** Input, window and strides of pools. */
const POOLS: readonly (readonly [x: Shape4, window: number, strides: number])[] = [
  [[8, 28, 28, 16], 2, 2],
  [[8, 28, 28, 16], 3, 1],
  [[4, 28, 28, 64], 3, 2],
];

interface Call {
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly attrs: object;
}

const convolutions = CONVOLUTIONS.flatMap(([x, filter, strides]): Call[] => {
  const attrs = { strides, pad: "same", dilations: 1, dataFormat: "NHWC", dimRoundingMode: undefined };
  const dy = tf.backend_util.computeConv2DInfo(x, filter, strides, 1, "same").outShape;
  return [
    { kernelName: "Conv2D", inputs: { x, filter }, attrs },
    { kernelName: "Conv2DBackpropInput", inputs: { dy, filter }, attrs: { ...attrs, inputShape: x } },
    { kernelName: "Conv2DBackpropFilter", inputs: { x, dy }, attrs: { ...attrs, filterShape: filter } },
  ];
});
const pools = POOLS.flatMap(([x, filterSize, strides]): Call[] =>
  ["MaxPool", "AvgPool"].map((kernelName) => ({
    kernelName,
    inputs: { x },
    attrs: { filterSize, strides, pad: "valid" },
  })),
);

const only = process.argv[2];
tf.enableProdMode();
const kernelOf = (name: string, backend: string): tf.KernelConfig | undefined => tf.getKernel(name, backend);
const calls = [...convolutions, ...pools];
const BACKENDS = ["wasm", "cpu"];
// Before they are replaced, on both backends at once.
const stocks = new Map(
  BACKENDS.map((backend) => [
    backend,
    calls.map(({ kernelName }) =>
      kernelName === "Conv2DBackpropFilter" ? undefined : kernelOf(kernelName, backend)?.kernelFunc,
    ),
  ]),
);
for (const backend of BACKENDS) {
  if (only !== undefined && only !== backend) continue;
  await tf.setBackend(backend);
  mendKernels();
  for (const [i, { kernelName, inputs, attrs }] of calls.entries()) {
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([name, shape]) => [name, tf.randomNormal([...shape])]),
    );
    const contestant = (name: string, kernel: tf.KernelFunc, times: number) => ({
      name,
      run: (): void => {
        for (let n = 0; n < times; n++)
          tf.tidy(() => {
            const out = kernel({ inputs: tensors, attrs: attrs as tf.NamedAttrMap, backend: tf.backend() });
            tf.backend().disposeData((out as tf.TensorInfo).dataId);
          });
      },
    });
    const [stock, slowly] = [stocks.get(backend)![i], backend === "cpu" ? 1 : 5];
    const [ours, theirs] = measure(
      [
        contestant("ours", kernelOf(kernelName, backend)!.kernelFunc, 20),
        ...(stock ? [contestant("stock", stock, slowly)] : []),
      ],
      7,
    );
    const [own, other] = [ours!.nanoseconds / 2e7, theirs && theirs.nanoseconds / slowly / 1e6];
    console.log(
      `${backend} ${kernelName} ${Object.values(inputs)
        .map((shape) => `[${shape.join()}]`)
        .join(" ")}: ` +
        `${own.toFixed(3)} ms, ${other === undefined ? "stock left out" : `stock ${other.toFixed(3)} ms (${(other / own).toFixed(1)} ×)`}`,
    );
    tf.dispose(tensors);
  }
}

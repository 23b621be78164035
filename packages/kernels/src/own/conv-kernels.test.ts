import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, expect, it } from "vitest";
import { relativeError } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { sizeOf } from "../shape.ts";
import { useWasmKernels } from "../wasm/module.ts";

const numbers = (shape: readonly number[]): tf.Tensor =>
  tf.tensor(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i + shape.length)),
    [...shape],
  );

const flat = { strides: [2, 1], pad: "same", dimRoundingMode: undefined, dilations: [1, 1] };
const deep = { strides: [1, 2, 1], pad: "same", dilations: [1, 1, 1] };
const shapes = {
  flat: { x: [2, 6, 5, 3], filter: [3, 2, 3, 4], dy: [2, 3, 5, 4] },
  depthwise: { x: [2, 6, 5, 3], filter: [3, 2, 3, 2], dy: [2, 3, 5, 6] },
  deep: { x: [2, 3, 6, 5, 2], filter: [2, 3, 2, 2, 3], dy: [2, 3, 3, 5, 3] },
};

type Call = [kernelName: string, inputs: Record<string, number[]>, attrs: object];
const calls = (kind: keyof typeof shapes, names: [string, string, string], attrs: object): Call[] => {
  const { x, filter, dy } = shapes[kind];
  return [
    [names[0], { x, filter }, attrs],
    [names[1], { dy, filter }, { ...attrs, inputShape: x }],
    [names[2], { x, dy }, { ...attrs, filterShape: filter }],
  ];
};
const activated = (kernelName: string, kind: "flat" | "depthwise"): Call[] =>
  ["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu"].map((activation): Call => {
    const { x, filter, dy } = shapes[kind];
    const bias = [dy.at(-1)!];
    const slope = activation === "prelu" ? { preluActivationWeights: bias } : {};
    return [
      kernelName,
      { x, filter, bias, ...slope },
      { ...flat, dataFormat: "NHWC", activation, leakyreluAlpha: 0.3 },
    ];
  });

onEachBackend("kernels of convolutions", (backend) => {
  beforeAll(mendKernels);
  afterEach(() => useWasmKernels(true));

  it.each<Call>([
    ...calls("flat", ["Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"], {
      ...flat,
      dataFormat: "NHWC",
    }),
    ...calls(
      "depthwise",
      ["DepthwiseConv2dNative", "DepthwiseConv2dNativeBackpropInput", "DepthwiseConv2dNativeBackpropFilter"],
      flat,
    ),
    ...calls("deep", ["Conv3D", "Conv3DBackpropInputV2", "Conv3DBackpropFilterV2"], deep),
    ...activated("FusedConv2D", "flat"),
    ...activated("FusedDepthwiseConv2D", "depthwise"),
  ])("%s gives the same as tensorflow.js's: %j %j", (kernelName, inputs, attrs) => {
    // XNNPACK has no other activations than these, and wasm's kernel refuses the others.
    const { activation = "linear" } = attrs as { activation?: string };
    if (backend === "wasm" && activation !== "linear" && !activation.startsWith("relu")) return;
    const tensors = Object.fromEntries(Object.entries(inputs).map(([name, shape]) => [name, numbers(shape)]));
    const before = [tf.memory().numTensors, tf.engine().backend.numDataIds()];
    const run = (): tf.Tensor => tf.engine().runKernel(kernelName, tensors, attrs as tf.NamedAttrMap);
    const ours = run();
    useWasmKernels(false);
    const stock = run();
    expect(ours.shape).toEqual(stock.shape);
    expect(relativeError(ours.dataSync(), stock.dataSync())).toBeLessThan(1e-6);
    tf.dispose([ours, stock]);
    expect([tf.memory().numTensors, tf.engine().backend.numDataIds()]).toEqual(before);
    tf.dispose(tensors);
  });
});

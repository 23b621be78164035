/**
 * @file Kernels that tensorflow.js does not have. Each is one loop where the stock kernels need
 * several.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { KernelConfig, NamedAttrMap, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { sizeOf } from "./shape.ts";
import type { Axis } from "./quick/conv-geometry.ts";
import { eachRow, fold } from "./fold.ts";
import { loop } from "./memory/access.ts";
import { broadcasts } from "./own/broadcast.ts";
import { normKernels } from "./own/normalize.ts";
import { rowKernels } from "./own/softmax.ts";
import { selected, shares, windowsOf } from "./windows.ts";

/** Their names in the registry. */
export const ownKernelNames = {
  positive: "NnxPositive",
  notNegative: "NnxNotNegative",
  above: "NnxAbove",
  selection: "NnxPoolSelection",
  shares: "NnxPoolShares",
} as const;

type Inputs = Readonly<Record<string, TensorInfo>>;

const onBoth = <A>(
  kernelName: string,
  run: (backend: object, inputs: Inputs, attrs: A) => TensorInfo,
): KernelConfig[] =>
  ["cpu", "wasm"].map((backendName) => ({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, backend, attrs }) => run(backend, inputs as Inputs, attrs as A),
  }));

/** `+(x > 0)`, computed without a branch: random signs would make a branch ten times as slow. */
const positive = onBoth(ownKernelNames.positive, (backend, { x }) =>
  loop(backend, [x!], { shape: x!.shape, dtype: "bool" }, ([values], out) => {
    for (let i = 0; i < out.length; i++) out[i] = +(values![i]! > 0);
  }),
);

const notNegative = onBoth(ownKernelNames.notNegative, (backend, { x }) =>
  loop(backend, [x!], { shape: x!.shape, dtype: "bool" }, ([values], out) => {
    for (let i = 0; i < out.length; i++) out[i] = +(values![i]! >= 0);
  }),
);

const above = onBoth(ownKernelNames.above, (backend, { a, b }) => {
  const shape = tf.backend_util.assertAndGetBroadcastShape(a!.shape, b!.shape);
  const folded = fold(a!.shape, b!.shape);
  return loop(backend, [a!, b!], { shape, dtype: "float32" }, ([x, y], out) => {
    if (out.length === 0) return;
    eachRow(folded, (fromA, fromB, to, length, stepA, stepB) => {
      for (let i = 0; i < length; i++) {
        const [p, q] = [x![fromA + i * stepA]!, y![fromB + i * stepB]!];
        out[to + i] = (+(p > q) + +(p >= q)) / 2;
      }
    });
  });
});

const selection = onBoth<{ axes: readonly Axis[] }>(ownKernelNames.selection, (backend, { x }, { axes }) => {
  const shape = [x!.shape[0]! * sizeOf(axes.map((a) => a.output)) * x!.shape.at(-1)!];
  return loop(backend, [x!], { shape, dtype: "int32" }, ([values], out) =>
    selected(windowsOf(x!.shape, axes), values!, out),
  );
});

/** The axes of a mean pool, and a function that applies it. */
export interface MeanPool {
  readonly axes: readonly Axis[];
  readonly forward: (x: Tensor) => Tensor;
}

const poolShares = onBoth<MeanPool>(ownKernelNames.shares, (backend, { dy }, { axes }) => {
  const shape = [dy!.shape[0]!, ...axes.map((a) => a.input), dy!.shape.at(-1)!];
  return loop(backend, [dy!], { shape, dtype: "float32" }, ([values], out) =>
    shares(windowsOf(shape, axes), values!, out),
  );
});

/** The kernels to register on cpu and wasm. */
export const ownKernels: readonly KernelConfig[] = [
  ...positive,
  ...notNegative,
  ...above,
  ...selection,
  ...poolShares,
  ...broadcasts,
  ...rowKernels,
  ...normKernels,
];

/** Runs one of these kernels. Returns `undefined` where the backend does not have it. */
function run(kernelName: string, inputs: Record<string, Tensor>, attrs?: object): Tensor | undefined {
  // `getKernel` is typed as if every kernel existed. It returns undefined where none is registered.
  const registered = tf.getKernel(kernelName, tf.getBackend()) as KernelConfig | undefined;
  return registered && tf.engine().runKernel(kernelName, inputs, attrs as NamedAttrMap);
}

/** True where x > 0, and false at NaN. */
export const positiveOf = (x: Tensor): Tensor | undefined => run(ownKernelNames.positive, { x });

/** True where x >= 0, and false at NaN. */
export const notNegativeOf = (x: Tensor): Tensor | undefined => run(ownKernelNames.notNegative, { x });

/**
 * 1 where a > b, 1/2 where they are equal, 0 elsewhere and at NaN; float32 in the broadcast shape.
 */
export const aboveOf = (a: Tensor, b: Tensor): Tensor | undefined => run(ownKernelNames.above, { a, b });

/**
 * The position in x that receives each window's gradient in a maximum pool, one for each element of
 * the pool's output; -1 where padding was chosen.
 * @param x - `[N, ...spatial, C]`
 */
export const selectionOf = (x: Tensor, axes: readonly Axis[]): Tensor | undefined =>
  run(ownKernelNames.selection, { x }, { axes });

/** The gradient of a mean pool: each window's gradient in equal shares. */
export const sharesOf = (dy: Tensor, pool: MeanPool): Tensor | undefined =>
  run(ownKernelNames.shares, { dy }, pool);

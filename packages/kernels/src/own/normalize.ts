/** @file Normalisation by mean and variance, and its gradient, as kernels. */
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { loops, type Output } from "../memory/access.ts";
import { sizeOf } from "../shape.ts";
import { backColumns, forwardColumns } from "./norm-columns.ts";
import { normalizeBackLoop, normalizeLoop } from "./norm-loops.ts";
import type { NormAttrs } from "./norm-layout.ts";
import { backRows, forwardRows } from "./norm-rows.ts";

/** The names of the kernels in the registry. */
export const normKernelNames = { normalize: "NnxNormalize", normalizeBack: "NnxNormalizeBack" } as const;

type Inputs = Readonly<Record<string, TensorInfo | undefined>>;

/** The inputs that are there, with their names. */
function present(given: Inputs, names: readonly string[]): { names: string[]; inputs: TensorInfo[] } {
  const there = names.filter((name) => given[name] != null);
  return { names: there, inputs: there.map((name) => given[name]!) };
}

const isQuick = (inputs: readonly TensorInfo[]): boolean =>
  inputs.every(({ dtype, shape }) => dtype === "float32" && sizeOf(shape) > 0);

const float = (shape: readonly number[]): Output => ({ shape, dtype: "float32" });

function normalize(backend: object, given: Inputs, attrs: NormAttrs): TensorInfo[] {
  const { names, inputs } = present(given, ["x", "scale", "bias"]);
  const { outer, rows, groups, withMoments } = attrs;
  const moments = float([outer * groups]);
  const outputs = [float(inputs[0]!.shape), ...(withMoments ? [moments, moments] : [])];
  const run = rows === 1 ? forwardRows : forwardColumns;
  const results = isQuick(inputs) ? run(backend, names, inputs, attrs, outputs) : undefined;
  return (
    results ??
    loops(backend, inputs, outputs, (values, [y, means, variances]) => {
      const of = (name: string) => values[names.indexOf(name)];
      normalizeLoop(values[0]!, of("scale"), of("bias"), attrs, y!, means, variances);
    })
  );
}

function normalizeBack(backend: object, given: Inputs, attrs: NormAttrs): TensorInfo[] {
  const { names, inputs } = present(given, ["x", "dy", "scale"]);
  const { rows, groups, size, byGroup } = attrs;
  const vector = float([byGroup ? groups : groups * size]);
  const outputs = [float(inputs[0]!.shape), vector, vector];
  const run = rows === 1 ? backRows : backColumns;
  const results = isQuick(inputs) ? run(backend, names, inputs, attrs, outputs) : undefined;
  return (
    results ??
    loops(backend, inputs, outputs, (values, [dx, dScale, dBias]) =>
      normalizeBackLoop(values[0]!, values[1]!, values[2], attrs, dx!, dScale!, dBias!),
    )
  );
}

const kernel = (
  kernelName: string,
  run: (backend: object, inputs: Inputs, attrs: NormAttrs) => TensorInfo[],
): KernelConfig[] =>
  ["cpu", "wasm"].map((backendName) => ({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, backend, attrs }) => run(backend, inputs, attrs as unknown as NormAttrs),
  }));

/** The kernels to register on cpu and wasm. */
export const normKernels = (): readonly KernelConfig[] => [
  ...kernel(normKernelNames.normalize, normalize),
  ...kernel(normKernelNames.normalizeBack, normalizeBack),
];

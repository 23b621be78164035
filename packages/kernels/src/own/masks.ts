/** @file Dropout's masks as one kernel: `where(mask, x * scale, 0)`. */
import {
  type KernelConfig,
  type KernelFunc,
  reshape,
  type Tensor,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { GPU, runElementwise } from "../gpu/program.ts";
import { literal } from "../gpu/texts.ts";
import { filled, loop } from "../memory/access.ts";
import { scoped } from "../mend.ts";
import { sizeOf, withShape } from "../shape.ts";
import { wasmRun } from "../wasm/call.ts";
import { maskModule } from "../wasm/mask.generated.ts";

/** Its name in the registry. */
export const MASKED = "NnxMasked";

/** The attributes of the kernel. */
export interface MaskedAttrs {
  /** The factor of what is kept. */
  readonly scale: number;
}

/** Without a branch: random masks would make one ten times as slow. `-0` would be no integer. */
const byLoop = (backend: object, x: TensorInfo, mask: TensorInfo, scale: number): TensorInfo =>
  loop(backend, [x, mask], { shape: x.shape, dtype: "float32" }, ([values, kept], out) => {
    const bits = new Int32Array(out.buffer, out.byteOffset, out.length);
    for (let i = 0; i < out.length; i++) out[i] = values![i]! * scale;
    for (let i = 0; i < out.length; i++) bits[i] = bits[i]! & (0 - kept![i]!);
  });

type Call = Parameters<KernelFunc>[0];
type Masked = (at: object, x: TensorInfo, mask: TensorInfo, scale: number) => TensorInfo;

const kernelBy =
  (run: Masked): KernelFunc =>
  ({ inputs, attrs, backend }: Call) => {
    const { x, mask } = inputs as { readonly x: TensorInfo; readonly mask: TensorInfo };
    const { scale } = attrs as unknown as MaskedAttrs;
    return run(backend, x, mask, scale);
  };

const onGpu: Masked = (backend, x, mask, scale) => {
  const { shape } = x;
  const size = sizeOf(shape);
  if (size === 0) return filled(backend, { shape, dtype: "float32" }, 0);
  return scoped(() => {
    // The engine passes tensors, although the types promise only what a backend needs of them.
    const flat = [x, mask].map((each) => reshape(each as Tensor, [size]));
    const body = `if (b != 0.0) { return a * ${literal(Math.fround(scale))}; } return 0.0;`;
    return withShape(runElementwise(backend, `masked ${scale}`, body, flat, [size], "float32"), shape);
  });
};

const onHost: Masked = (backend, x, mask, scale) => {
  const { shape } = x;
  const found = wasmRun(backend, {
    module: maskModule,
    inputs: [x, mask],
    outputs: [{ shape, dtype: "float32" }],
    elements: sizeOf(shape),
    run: (functions, { inputs: [from = 0, kept = 0], outputs: [to = 0] }, count) =>
      functions.mask(from, kept, to, count, scale),
  });
  return found ? found[0]! : byLoop(backend, x, mask, Math.fround(scale));
};

/** `x`: float32. `mask`: bool, of x's shape. */
export const maskKernels = (): readonly KernelConfig[] => [
  ...["cpu", "wasm"].map((backendName) => ({
    kernelName: MASKED,
    backendName,
    kernelFunc: kernelBy(onHost),
  })),
  ...GPU.map((backendName) => ({ kernelName: MASKED, backendName, kernelFunc: kernelBy(onGpu) })),
];

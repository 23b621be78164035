/** @file Dropout's masks as one kernel: `where(mask, x * scale, 0)`. */
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { isHeap, loop } from "../memory/access.ts";
import { sizeOf } from "../shape.ts";
import { elementBlocks } from "../wasm/blocks.ts";
import { wasmCall } from "../wasm/call.ts";
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

/** `x`: float32. `mask`: bool, of x's shape. */
export const maskKernels = (): readonly KernelConfig[] =>
  ["cpu", "wasm"].map((backendName) => ({
    kernelName: MASKED,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x, mask } = inputs as { readonly x: TensorInfo; readonly mask: TensorInfo };
      const { scale } = attrs as unknown as MaskedAttrs;
      const at: object = backend;
      const output = { shape: x.shape, dtype: "float32" as const };
      const scalars = [sizeOf(x.shape), scale];
      const work = { inputs: [x, mask], outputs: [output] };
      const found = isHeap(at)
        ? wasmCall(at, maskModule, "mask", work.inputs, work.outputs, scalars)
        : elementBlocks(at, maskModule, "mask", [work], { parameters: () => [scale] });
      return found ? found[0]! : byLoop(at, x, mask, Math.fround(scale));
    },
  }));

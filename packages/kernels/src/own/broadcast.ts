/** @file Broadcasting along neighbouring axes as a kernel. */
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { loop } from "../memory/access.ts";
import { sizeOf } from "../shape.ts";
import { wasmRun } from "../wasm/call.ts";
import { sumModule } from "../wasm/sum.generated.ts";

/** The name of the kernel in the registry. */
export const BROADCAST = "NnxBroadcast";

/** Attributes of the kernel. */
export interface BroadcastAttrs {
  readonly shape: readonly number[];
  /** Each of `outer` runs of `inner` elements is repeated `times` times. */
  readonly outer: number;
  readonly times: number;
  readonly inner: number;
}

function run(backend: object, x: TensorInfo, { shape, outer, times, inner }: BroadcastAttrs): TensorInfo {
  const output = { shape, dtype: "float32" as const };
  const results =
    x.dtype === "float32" && sizeOf(shape) > 0
      ? wasmRun(backend, {
          module: sumModule,
          inputs: [x],
          outputs: [output],
          run: (functions, { inputs: [from = 0], outputs: [to = 0] }) =>
            functions.broadcast(from, to, outer, times, inner),
        })
      : undefined;
  if (results) return results[0]!;
  return loop(backend, [x], output, ([values], out) => {
    for (let i = 0, to = 0; i < outer; i++) {
      const part = values!.subarray(i * inner, (i + 1) * inner);
      for (let n = 0; n < times; n++, to += inner) out.set(part, to);
    }
  });
}

/** The kernel to register on cpu and wasm. */
export const broadcasts: readonly KernelConfig[] = ["cpu", "wasm"].map((backendName) => ({
  kernelName: BROADCAST,
  backendName,
  kernelFunc: ({ inputs, backend, attrs }) =>
    run(backend, inputs.x as TensorInfo, attrs as unknown as BroadcastAttrs),
}));

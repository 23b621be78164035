/** @file Gelu, silu, softplus and the error function. */
import { curveKernels } from "../own/activation-kernels.ts";
import { activationsModule } from "../wasm/activations.generated.ts";
import { unary } from "../wasm/elementwise.ts";
import type { Topic } from "./topic.ts";

export const activations: Topic = {
  quick: () => [unary("Erf", ["cpu", "wasm"], activationsModule, "erf")],
  own: curveKernels,
};

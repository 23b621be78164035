import "./everything.ts";

export { type KernelEntry, listKernels, mendKernels, restoreKernels } from "./mend-kernels.ts";
export { useRelaxedSimd } from "./wasm/relaxed.ts";

import "./everything.ts";

export { type KernelEntry, listKernels, mendKernels, restoreKernels } from "./mend-kernels.ts";

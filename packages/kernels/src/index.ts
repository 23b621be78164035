export { mendKernels, restoreKernels } from "./mend-kernels.ts";

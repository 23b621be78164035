export { isRecording } from "./engine.ts";
export type { ElementArrays } from "./memory/access.ts";
export { fuse } from "./memory/fuse.ts";
export { newTensor } from "./memory/new-tensor.ts";
export { mendKernels, restoreKernels } from "./mend-kernels.ts";

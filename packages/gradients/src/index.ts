export { mendKernels } from "@nnxjs/kernels";
export { installGradients, registerRules, uninstallGradients } from "./install.ts";
export type { GradientRule } from "./rule.ts";

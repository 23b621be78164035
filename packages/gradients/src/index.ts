export { installGradients, mendKernels, registerRules, uninstallGradients } from "./install.ts";
export type { GradientRule } from "./rule.ts";

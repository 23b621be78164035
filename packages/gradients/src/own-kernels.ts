/** @file Kernels of ours that tensorflow.js has no name for. */
import { type MeanPool, ownKernelNames } from "@nnxjs/kernels/internal";
import { type GradientRule, rule, zeroRule } from "./rule.ts";

/** Gradients of gradients meet these kernels. */
export const ownRules: readonly GradientRule[] = [
  zeroRule(ownKernelNames.positive, "x"),
  zeroRule(ownKernelNames.notNegative, "x"),
  zeroRule(ownKernelNames.above, "a", "b"),
  zeroRule(ownKernelNames.selection, "x"),
  // The transpose of a transpose is the pool itself.
  rule<MeanPool>(ownKernelNames.shares)({
    inputs: ["dy"],
    backward: (g, { attrs }) => ({ dy: () => attrs.forward(g) }),
  }),
];

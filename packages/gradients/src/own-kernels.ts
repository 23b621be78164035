/** @file Rules for the kernels of `@nnxjs/kernels` that tensorflow.js does not have. */
import { type MeanPool, ownKernelNames } from "@nnxjs/kernels/internal";
import { ownNormRules } from "./normalize.ts";
import { ownRowRules } from "./rows.ts";
import { type GradientRule, rule, zeroRule } from "./rule.ts";

/** Gradients of gradients differentiate these kernels, because the rules use them. */
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
  ...ownRowRules,
  ...ownNormRules,
];

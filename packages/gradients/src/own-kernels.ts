/** @file Rules for the kernels of `@nnxjs/kernels` that tensorflow.js does not have. */
import { ownKernelNames } from "@nnxjs/kernels/internal";
import { ownConvRules } from "./conv.ts";
import { ownPoolRules } from "./pool.ts";
import { type GradientRule, zeroRule } from "./rule.ts";

/** Gradients of gradients differentiate these kernels, because the rules use them. */
export const ownRules: readonly GradientRule[] = [
  zeroRule(ownKernelNames.positive, "x"),
  zeroRule(ownKernelNames.notNegative, "x"),
  zeroRule(ownKernelNames.above, "a", "b"),
  ...ownConvRules,
  ...ownPoolRules,
];

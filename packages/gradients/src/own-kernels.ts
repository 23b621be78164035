/** @file Rules for the kernels of `@nnxjs/kernels` that tensorflow.js does not have. */
import { MASKED, type MaskedAttrs, ownKernelNames, presentMasked } from "@nnxjs/kernels/internal";
import { ownActivationRules } from "./activations.ts";
import { ownConvRules } from "./conv.ts";
import { denseRule } from "./matmul.ts";
import { ownNormRules } from "./normalize.ts";
import { ownPoolRules } from "./pool.ts";
import { recurrentRules } from "./recurrent.ts";
import { rowRules } from "./rows.ts";
import { ownSoftmaxRules } from "./softmax.ts";
import { type GradientRule, rule, zeroRule } from "./rule.ts";
import { zero } from "./zero.ts";

/** Gradients of gradients differentiate these kernels, because the rules use them. */
export const ownRules: readonly GradientRule[] = [
  ...ownActivationRules,
  ...recurrentRules,
  zeroRule(ownKernelNames.positive, "x"),
  zeroRule(ownKernelNames.notNegative, "x"),
  zeroRule(ownKernelNames.above, "a", "b"),
  denseRule,
  ...rowRules,
  ...ownConvRules,
  ...ownPoolRules,
  // A mask is its own transpose.
  rule<MaskedAttrs>(MASKED)({
    inputs: ["x", "mask"],
    save: ["mask"],
    backward: (dy, { shapes, saved: { mask }, attrs }) => ({
      x: () => presentMasked(dy, mask, attrs.scale),
      mask: () => zero(shapes.mask),
    }),
  }),
  ...ownSoftmaxRules,
  ...ownNormRules,
];

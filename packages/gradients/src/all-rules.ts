/** @file All rules, in one table. */
import { activationRules } from "./activations.ts";
import { compareRules } from "./compare.ts";
import { complexRules } from "./complex.ts";
import { compositeRules } from "./composite.ts";
import { convRules } from "./conv.ts";
import { depthwiseRules } from "./depthwise.ts";
import { einsumRules } from "./einsum.ts";
import { elementwiseBinaryRules } from "./elementwise-binary.ts";
import { elementwiseUnaryRules } from "./elementwise-unary.ts";
import { fusedRules } from "./fused.ts";
import { gatherRules } from "./gather.ts";
import { imageRules } from "./image.ts";
import { matmulRules } from "./matmul.ts";
import { normRules } from "./norm.ts";
import { poolRules } from "./pool.ts";
import { rearrangeRules } from "./rearrange.ts";
import { reduceRules } from "./reduce.ts";

import type { GradientRule } from "./rule.ts";
import { scanRules } from "./scan.ts";
import { shapeRules } from "./shape.ts";
import { softmaxRules } from "./softmax.ts";

/** Every rule of this package. */
export const allRules: readonly GradientRule[] = [
  ...matmulRules,
  ...elementwiseBinaryRules,
  ...elementwiseUnaryRules,
  ...activationRules,
  ...compareRules,
  ...reduceRules,
  ...softmaxRules,
  ...shapeRules,
  ...gatherRules,
  ...scanRules,
  ...rearrangeRules,
  ...convRules,
  ...depthwiseRules,
  ...poolRules,
  ...normRules,
  ...imageRules,
  ...einsumRules,
  ...fusedRules,
  ...complexRules,
  ...compositeRules,
];

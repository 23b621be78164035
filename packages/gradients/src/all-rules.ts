/** @file All families in one table. */
import { compareRules } from "./compare.ts";
import { elementwiseBinaryRules } from "./elementwise-binary.ts";
import { elementwiseUnaryRules } from "./elementwise-unary.ts";
import { gatherRules } from "./gather.ts";
import { matmulRules } from "./matmul.ts";
import { reduceRules } from "./reduce.ts";
import type { GradientRule } from "./rule.ts";
import { shapeRules } from "./shape.ts";

/** Every rule of this package. */
export const allRules: readonly GradientRule[] = [
  ...matmulRules,
  ...elementwiseBinaryRules,
  ...elementwiseUnaryRules,
  ...compareRules,
  ...reduceRules,
  ...shapeRules,
  ...gatherRules,
];

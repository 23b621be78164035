/** @file All rules for kernels of many slices. Kernels without one run for each slice. */
import { arranging } from "./arranging.ts";
import { elementwise } from "./elementwise.ts";
import { products } from "./products.ts";
import { reducing } from "./reducing.ts";
import type { BatchRule } from "./rule.ts";

export const batchRules: ReadonlyMap<string, BatchRule> = new Map<string, BatchRule>([
  ...elementwise,
  ...arranging,
  ...reducing,
  ...products,
]);

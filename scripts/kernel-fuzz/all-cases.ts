/** @file All makers of cases. */
import { elementwiseCases } from "./elementwise-cases.ts";
import { moveCases } from "./move-cases.ts";
import { productCases } from "./product-cases.ts";
import type { Random } from "./random.ts";
import type { Case } from "./run.ts";

export const allCases: readonly ((random: Random) => Case)[] = [
  ...elementwiseCases,
  ...moveCases,
  ...productCases,
];

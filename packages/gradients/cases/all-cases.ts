/** @file Every program under test. */
import type { Cases } from "./case.ts";
import { convolutionCases } from "./convolutions.ts";
import { edgeCases } from "./edges.ts";
import { elementwiseCases } from "./elementwise.ts";
import { kernelCases } from "./kernels.ts";
import { manyAxesCases } from "./many-axes.ts";
import { movementCases } from "./movement.ts";
import { productCases } from "./products.ts";
import { reductionCases } from "./reductions.ts";

export const allCases: Cases = {
  ...productCases,
  ...elementwiseCases,
  ...reductionCases,
  ...movementCases,
  ...convolutionCases,
  ...kernelCases,
  ...edgeCases,
  ...manyAxesCases,
};
